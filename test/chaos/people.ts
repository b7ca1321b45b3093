/** Who said what to whom in a record, and where it can be read. */
import { holds } from "./measures.ts";
import type { RunRecord, Said, Shown } from "./record.ts";

export const isStaff = (said: Said) => said.marker.startsWith("st");

export const customers = ({ said }: RunRecord) => said.filter((one) => !isStaff(one));

export const inDesk = (record: RunRecord, thread: string) =>
  thread === record.deskChannel ||
  thread.startsWith(`${record.deskChannel}:`) ||
  deskThreads(record).has(thread);

function deskThreads({ books }: RunRecord): Set<string> {
  return new Set(books.tickets.flatMap((ticket) => ticket.deskThread ?? []));
}

/** The customer's thread in which a message is to be read: a word of staff is for the customer of its ticket. */
export function homeOf({ books }: RunRecord, said: Said): string {
  return (
    books.tickets.find((ticket) => isStaff(said) && ticket.deskThread === said.thread)?.thread ?? said.thread
  );
}

/** What the customer can read of an answer to a message: by its words, or by the books of its turn. */
export function answersTo(record: RunRecord, said: Said): Shown[] {
  const here = record.shown.filter((one) => one.thread === said.thread && !one.unfinished);
  const byWords = here.filter((one) => holds(one.text, said.marker));
  if (byWords.length > 0) return byWords;
  const replies = record.books.turns
    .filter((turn) => turn.message === said.message)
    .map((turn) => turn.reply);
  return here.filter((one) => one.key !== undefined && replies.includes(one.key));
}

/** Where staff can read a customer's message: relayed into a ticket's thread, or on its card. */
export function relaysOf(record: RunRecord, said: Said): Shown[] {
  return record.shown.filter((one) => inDesk(record, one.thread) && holds(one.text, said.marker));
}

export interface Hold {
  thread: string;
  from: number;
  to: number;
}

/**
 * From when the ticket's thread says who has it, to when the ledger says that they have let it go. The n-th such line is
 * that of the n-th takeover.
 */
export function takeovers({ books, strokes }: RunRecord): Hold[] {
  return books.tickets.flatMap((ticket) => {
    const rows = books.audit.filter((row) => row.subject === String(ticket.number));
    const taken = rows.filter((row) => row.action === "ticket.taken");
    const ended = rows.filter((row) => /^ticket\.(handed_back|resolved|transferred)$/.test(row.action));
    const told = strokes.filter(
      ({ done, does, thread, text }) =>
        done && does === "post" && thread === ticket.deskThread && text.startsWith("Taken by "),
    );
    return taken.flatMap((row, nth) => {
      const from = told[nth]?.at;
      const to = Math.min(
        ...ended.filter((end) => end.at >= row.at).map((end) => end.at),
        Number.POSITIVE_INFINITY,
      );
      return from !== undefined && from < to ? [{ thread: ticket.thread, from, to }] : [];
    });
  });
}

export function wasTakenAt(record: RunRecord, said: Said): boolean {
  const acked = said.ackedAt ?? Number.POSITIVE_INFINITY;
  return takeovers(record).some(
    (one) => one.thread === homeOf(record, said) && one.from < said.at && acked < one.to,
  );
}
