/** Who said what to whom in a record, and where it can be read. */
import { markersIn } from "./measures.ts";
import type { RunRecord, Said, Shown } from "./record.ts";

/** What is looked up again and again: a long run has thousands of messages. */
interface Index {
  byMarker: Map<string, Shown[]>;
  byKey: Map<string, Shown[]>;
  replies: Map<string, string[]>;
  deskThreads: Set<string>;
  takeovers: Hold[];
}

const indexes = new WeakMap<RunRecord, Index>();

function indexOf(record: RunRecord): Index {
  const known = indexes.get(record);
  if (known) return known;
  const index: Index = {
    byMarker: new Map(),
    byKey: new Map(),
    replies: new Map(),
    deskThreads: new Set(record.books.tickets.flatMap((ticket) => ticket.deskThread ?? [])),
    takeovers: findTakeovers(record),
  };
  for (const shown of record.shown) {
    for (const marker of markersIn(shown.text)) add(index.byMarker, marker, shown);
    if (shown.key !== undefined) add(index.byKey, shown.key, shown);
  }
  for (const { message, reply } of record.books.turns) add(index.replies, message, reply);
  indexes.set(record, index);
  return index;
}

function add<T>(map: Map<string, T[]>, key: string, value: T): void {
  const all = map.get(key);
  if (all) all.push(value);
  else map.set(key, [value]);
}

/** The visible messages in a thread that hold a marker. */
export function shownIn(record: RunRecord, thread: string, marker: string): Shown[] {
  return (indexOf(record).byMarker.get(marker) ?? []).filter((one) => one.thread === thread);
}

export const isStaff = (said: Said) => said.marker.startsWith("st");

export const customers = ({ said }: RunRecord) => said.filter((one) => !isStaff(one));

export const inDesk = (record: RunRecord, thread: string) =>
  thread === record.deskChannel ||
  thread.startsWith(`${record.deskChannel}:`) ||
  indexOf(record).deskThreads.has(thread);

/** The customer's thread in which a message is to be read: a word of staff is for the customer of its ticket. */
export function homeOf({ books }: RunRecord, said: Said): string {
  return (
    books.tickets.find((ticket) => isStaff(said) && ticket.deskThread === said.thread)?.thread ?? said.thread
  );
}

/** What the customer can read of an answer to a message: by its words, or by the books of its turn. */
export function answersTo(record: RunRecord, said: Said): Shown[] {
  const byWords = shownIn(record, said.thread, said.marker).filter((one) => !one.unfinished);
  if (byWords.length > 0) return byWords;
  const { replies, byKey } = indexOf(record);
  return (replies.get(said.message) ?? [])
    .flatMap((reply) => byKey.get(reply) ?? [])
    .filter((one) => one.thread === said.thread && !one.unfinished);
}

/** Where staff can read a customer's message: relayed into a ticket's thread, or on its card. */
export function relaysOf(record: RunRecord, said: Said): Shown[] {
  const all = indexOf(record).byMarker.get(said.marker) ?? [];
  return all.filter((one) => inDesk(record, one.thread));
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
export const takeovers = (record: RunRecord): Hold[] => indexOf(record).takeovers;

function findTakeovers({ books, strokes }: RunRecord): Hold[] {
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
