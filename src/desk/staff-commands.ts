/** What staff can do with `/support` beside moving tickets: notes, prepared answers. Each is one commit with its event. */
import type { Clock } from "../clock.ts";
import { audit } from "../ledger/audit.ts";
import { type Admitted, markDone } from "../ledger/inbox.ts";
import { enqueue, type OutboxRow } from "../ledger/outbox.ts";
import { advanceThread, findThread, type Thread } from "../ledger/threads.ts";
import { findTicket, type Ticket, ticketOfDeskThread, ticketsOfAssignee } from "../ledger/tickets.ts";
import { type Said, writeMessage } from "../ledger/transcript.ts";
import type { Transaction } from "../ledger.ts";
import type { Person } from "../message.ts";
import type { ChannelId, ThreadId } from "../thread.ts";
import { toStaff } from "./notices.ts";
import { enqueueToStaff } from "./open-ticket.ts";

export interface StaffCommandParts {
  channel(): ChannelId | undefined;
  snippets: readonly { name: string; text: string }[];
  clock: Clock;
}

/** What came of it: words for who asked, and what is to be posted. */
export interface CarriedOut {
  told: string;
  rows: OutboxRow[];
}

const refused = (told: string): CarriedOut => ({ told, rows: [] });

/** A word among staff, in the ticket's thread and on record; the customer never sees it. */
export async function noteOn(
  tx: Transaction,
  parts: StaffCommandParts,
  admitted: Admitted,
  note: { ticket: number; text: string; by: Person },
): Promise<CarriedOut> {
  await markDone(tx, [admitted.id]);
  const ticket = await findTicket(tx, note.ticket);
  const thread = ticket && (await findThread(tx, ticket.thread));
  if (!ticket || !thread) return refused(toStaff.noTicket(note.ticket));
  await record(tx, parts, thread, { id: admitted.id, author: "note", by: note.by, text: note.text });
  await audit(tx, parts.clock, {
    actor: note.by.id,
    action: "ticket.noted",
    subject: String(note.ticket),
    thread: thread.id,
  });
  const rows = await enqueueToStaff(tx, parts, ticket, toStaff.noted(note.by.name, note.text));
  return { told: toStaff.done(), rows };
}

/** A prepared answer to the customer, as the words of the member of staff who has the ticket. */
export async function sendSnippet(
  tx: Transaction,
  parts: StaffCommandParts,
  admitted: Admitted,
  asked: { name: string; ticket: number | undefined; in: ThreadId | undefined; by: Person },
): Promise<CarriedOut> {
  await markDone(tx, [admitted.id]);
  const { by } = asked;
  const snippet = parts.snippets.find(({ name }) => name === asked.name);
  if (!snippet) return refused(toStaff.noSnippet(parts.snippets.map(({ name }) => name)));
  const ticket = await ticketMeant(tx, asked);
  const thread = ticket && (await findThread(tx, ticket.thread));
  if (!ticket || !thread)
    return refused(asked.ticket === undefined ? toStaff.whichTicket() : toStaff.noTicket(asked.ticket));
  if (thread.control !== "taken_over" || thread.assignee !== by.id || thread.ticket !== ticket.number)
    return refused(toStaff.takeItFirst(ticket.number));
  await record(tx, parts, thread, { id: admitted.id, author: "staff", by, text: snippet.text });
  await audit(tx, parts.clock, {
    actor: by.id,
    action: "message.relayed",
    subject: `snippet ${snippet.name}`,
    thread: thread.id,
  });
  const row = await enqueue(tx, parts.clock, {
    lane: thread.id,
    author: "staff",
    thread: thread.id,
    send: { does: "post", to: { thread: thread.id }, post: { text: snippet.text, as: by.name } },
  });
  const told = await enqueueToStaff(tx, parts, ticket, toStaff.snippetSent(by.name, snippet.text));
  return { told: toStaff.done(), rows: [row, ...told] };
}

/** The ticket that is named, or in whose thread they are, or the only one that they have. */
async function ticketMeant(
  tx: Transaction,
  asked: { ticket: number | undefined; in: ThreadId | undefined; by: Person },
): Promise<Ticket | undefined> {
  if (asked.ticket !== undefined) return findTicket(tx, asked.ticket);
  const here = asked.in && (await ticketOfDeskThread(tx, asked.in));
  if (here) return here;
  const theirs = await ticketsOfAssignee(tx, asked.by.id, 2);
  return theirs.length === 1 ? theirs[0] : undefined;
}

async function record(
  tx: Transaction,
  parts: StaffCommandParts,
  thread: Thread,
  said: Pick<Said, "id" | "author" | "by" | "text">,
): Promise<void> {
  const now = parts.clock.now();
  const seq = await advanceThread(tx, thread, { count: 1, turn: false, now });
  await writeMessage(tx, thread.id, seq + 1, { ...said, at: now });
}
