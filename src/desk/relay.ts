/** Words on their way between a customer's thread and the ticket's thread. */
import { audit } from "../ledger/audit.ts";
import { copiesOf, originalOf } from "../ledger/copies.ts";
import { type Admitted, markHeard } from "../ledger/inbox.ts";
import { enqueue, type OutboxRow } from "../ledger/outbox.ts";
import { advanceThread, findThread, type Thread } from "../ledger/threads.ts";
import { changeTicket, placeTicket, type Ticket, ticketOfDeskThread } from "../ledger/tickets.ts";
import { writeMessage } from "../ledger/transcript.ts";
import type { Transaction } from "../ledger.ts";
import type { Message } from "../message.ts";
import type { Post } from "../platform.ts";
import { postOf } from "./files.ts";
import { toCustomer, toStaff } from "./notices.ts";
import { enqueueCard, enqueueForTicket, enqueueToStaff, type ToStaffParts } from "./open-ticket.ts";
import { promisedIn } from "./promised.ts";
import { relayPresses } from "./unanswered.ts";

export interface RelayParts extends ToStaffParts {
  notePrefix: string;
  /** Whose words in a ticket's thread reach the customer. */
  relay: "assignee" | "staff";
  /** Where copies of files lie. */
  filesFolder: string;
  queues: readonly string[];
  /** What customers are told when nobody is at the desk now; empty when somebody is. */
  away(): string;
  /** The promises in a text, by rules. */
  promisesIn(text: string): string[];
}

/** The customer's words, while a person has the thread or is awaited. They are answered where they have written. */
export async function customerToStaff(
  tx: Transaction,
  parts: RelayParts,
  thread: Thread,
  admitted: readonly Admitted[],
): Promise<OutboxRow[]> {
  const { clock } = parts;
  const rows: OutboxRow[] = [];
  const messages = messagesOf(admitted);
  if (thread.ticket !== undefined) await placeTicket(tx, thread.ticket, thread.id);
  let seq = await advanceThread(tx, thread, { count: messages.length, turn: false, now: clock.now() });
  for (const message of messages) {
    seq += 1;
    await writeMessage(tx, thread.id, seq, {
      id: message.id,
      author: "customer",
      by: message.author,
      text: message.text,
      files: message.files,
      at: message.sentAt,
    });
    if (thread.ticket === undefined || !parts.channel()) continue;
    const post = {
      ...postOf(message, parts.filesFolder),
      ...(await replyIn(tx, message)),
      as: message.author.name,
    };
    rows.push(
      await enqueueForTicket(
        tx,
        clock,
        { number: thread.ticket, thread: thread.id },
        {
          author: "customer",
          source: message.id,
          send: { does: "post", to: { ticket: thread.ticket }, post },
        },
      ),
    );
  }
  rows.push(...(await relayPresses(tx, parts, thread, admitted)));
  await markHeard(tx, admitted);
  if (
    thread.control === "escalated" &&
    thread.ticket !== undefined &&
    (await quietFor(tx, thread, clock.now()))
  ) {
    rows.push(await sayWaiting(tx, parts, thread, thread.ticket));
  }
  return rows;
}

/** What a message replies to, as the other side has it; nothing where that is only on this side. */
async function replyIn(tx: Transaction, { replyTo }: Message): Promise<Pick<Post, "replyTo">> {
  if (replyTo === undefined) return {};
  const other = (await originalOf(tx, replyTo)) ?? (await copiesOf(tx, replyTo)).at(-1);
  return other === undefined ? {} : { replyTo: other };
}

const waitingNoticeEveryMs = 60_000;

/** Whether the bot has said nothing here lately. */
async function quietFor(tx: Transaction, thread: Thread, now: number): Promise<boolean> {
  const last = await tx.get<{ at: number }>(
    "SELECT created_at AS at FROM outbox WHERE thread = ? AND author = 'bot' ORDER BY id DESC LIMIT 1",
    thread.id,
  );
  // By a clock that has been put back since, nobody knows.
  return last === undefined || last.at > now || now - last.at >= waitingNoticeEveryMs;
}

function sayWaiting(
  tx: Transaction,
  { clock, away }: RelayParts,
  thread: Thread,
  ticket: number,
): Promise<OutboxRow> {
  return enqueue(tx, clock, {
    lane: thread.id,
    author: "bot",
    thread: thread.id,
    fence: thread.version,
    send: { does: "post", to: { thread: thread.id }, post: { text: toCustomer.waiting(ticket, away()) } },
  });
}

/**
 * What somebody wrote in the human channel: for the customer, a note, or nothing that concerns a ticket.
 * @param mayAnswer whether they may answer customers although somebody else has the ticket
 */
export async function staffToCustomer(
  tx: Transaction,
  parts: RelayParts,
  admitted: Admitted,
  message: Message,
  mayAnswer: boolean,
): Promise<OutboxRow[]> {
  await markHeard(tx, [admitted]);
  const ticket = await ticketOfDeskThread(tx, message.thread);
  const thread = ticket && (await findThread(tx, ticket.thread));
  if (!ticket || !thread || (message.text.trim() === "" && message.files.length === 0)) return [];
  const relayed = relays(parts, ticket, thread, message, mayAnswer);
  const seq = await advanceThread(tx, thread, { count: 1, turn: false, now: parts.clock.now() });
  await writeMessage(tx, thread.id, seq + 1, {
    id: message.id,
    author: relayed === true ? "staff" : "note",
    by: message.author,
    text: message.text,
    files: message.files,
    at: message.sentAt,
  });
  if (relayed !== true) return relayed === false ? [] : enqueueToStaff(tx, parts, ticket, relayed);
  await audit(tx, parts.clock, {
    actor: message.author.id,
    action: "message.relayed",
    subject: message.id,
    thread: thread.id,
  });
  const row = await enqueue(tx, parts.clock, {
    lane: thread.id,
    author: "staff",
    thread: thread.id,
    source: message.id,
    send: {
      does: "post",
      to: { thread: thread.id },
      post: {
        ...postOf(message, parts.filesFolder),
        ...(await replyIn(tx, message)),
        as: message.author.name,
      },
    },
  });
  return [row, ...(await notePromises(tx, parts, ticket, message.text))];
}

/** The card shows what has just been promised. */
async function notePromises(
  tx: Transaction,
  parts: RelayParts,
  ticket: Ticket,
  text: string,
): Promise<OutboxRow[]> {
  if (parts.promisesIn(text).length === 0) return [];
  const promises = await promisedIn(tx, ticket.thread, parts.promisesIn);
  const brief = { ...ticket.brief, promises };
  return enqueueCard(tx, parts, await changeTicket(tx, ticket, { brief }, parts.clock.now()));
}

/** True: to the customer. False: a note. A text: a note, and what its writer should know. */
function relays(
  parts: RelayParts,
  ticket: Ticket,
  thread: Thread,
  message: Message,
  mayAnswer: boolean,
): boolean | string {
  if (isNote(parts, message.text)) return false;
  // The thread goes on as another ticket's: who writes here speaks of it, not in it.
  if (thread.ticket !== undefined && thread.ticket !== ticket.number) return toStaff.goesOnIn(thread.ticket);
  if (thread.control !== "taken_over")
    return ticket.state === "resolved" ? toStaff.isOver(ticket.number) : toStaff.takeFirst(parts.notePrefix);
  if (mayAnswer || thread.assignee === message.author.id) return true;
  return parts.relay === "staff"
    ? toStaff.notAmongStaff()
    : toStaff.notYours(ticket.assigneeName ?? "someone else");
}

/** Whether staff write this for each other. */
export const isNote = ({ notePrefix }: Pick<RelayParts, "notePrefix">, text: string): boolean =>
  text.trimStart().startsWith(notePrefix);

export function messagesOf(admitted: readonly Admitted[]): Message[] {
  return admitted.flatMap(({ event }) => (event.kind === "message" ? [event.message] : []));
}
