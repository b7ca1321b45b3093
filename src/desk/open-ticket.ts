/** An escalation becomes a ticket: a row, a card in the human channel, a thread that waits for a person. */
import type { Clock } from "../clock.ts";
import type { Escalation } from "../escalation.ts";
import type { TranscriptItem } from "../language-model.ts";
import { audit } from "../ledger/audit.ts";
import { moveFence } from "../ledger/fence.ts";
import { enqueue, type OutboxRow, type Send } from "../ledger/outbox.ts";
import { findThread, moveOthers, moveThread, type Thread } from "../ledger/threads.ts";
import {
  changeTicket,
  findTicket,
  openTicket,
  placeTicket,
  type Sentiment,
  type Ticket,
} from "../ledger/tickets.ts";
import { type Asked, sourcesOf } from "../ledger/transcript.ts";
import type { Transaction } from "../ledger.ts";
import type { Source } from "../platform.ts";
import type { ChannelId, MessageId, ThreadId } from "../thread.ts";
import { askOf, briefOf } from "./brief.ts";
import { cardOf } from "./card.ts";
import { toStaff } from "./notices.ts";
import { promisedIn } from "./promised.ts";

export interface OpenTicketParts {
  /** The human channel; undefined: tickets are only listed. */
  channel(): ChannelId | undefined;
  queues: readonly string[];
  /** What a text is about and where it belongs, by rules. */
  route(text: string, queues: readonly string[]): RuledRoute;
  /** The promises in a text, by rules. */
  promisesIn(text: string): string[];
  clock: Clock;
}

export interface RuledRoute {
  queue: string;
  /** ISO 639-1 */
  language: string;
  category: string;
  sentiment: Sentiment;
}

export interface Appeal {
  thread: Thread;
  escalation: Escalation;
  /** What the customer has just written. */
  lastWords: string;
  transcript: readonly TranscriptItem[];
  sources: Source[];
  turn?: string;
  /** What they have written, where it is no turn's. */
  asked?: readonly Asked[];
}

export interface Opened {
  thread: Thread;
  ticket: Ticket;
  rows: OutboxRow[];
}

const triedMax = 6;

/**
 * Opens a ticket, or wakes the thread's unresolved one.
 * @throws DeskError ledger_conflict when somebody else has taken the thread
 */
export async function openTicketFor(
  tx: Transaction,
  parts: OpenTicketParts,
  appeal: Appeal,
): Promise<Opened> {
  const { clock } = parts;
  const now = clock.now();
  const known = appeal.thread.ticket === undefined ? undefined : await findTicket(tx, appeal.thread.ticket);
  const again = known && known.state !== "resolved" ? known : undefined;
  const routed = parts.route(appeal.lastWords, parts.queues);
  const { queue: named } = appeal.escalation;
  // Rules know less of it than staff do.
  const kept = named === undefined && again?.brief.queueByStaff ? again.queue : undefined;
  const told = {
    reason: appeal.escalation.reason,
    priority: appeal.escalation.priority,
    queue: named ?? kept ?? routed.queue,
    language: routed.language,
    brief: {
      ...briefOf({
        customer: appeal.thread.openerName,
        lastWords: appeal.lastWords,
        tried: merged(appeal.sources, await sourcesOf(tx, appeal.thread.id, triedMax)),
        transcript: appeal.transcript,
        reason: appeal.escalation.reason,
      }),
      promises: await promisedIn(tx, appeal.thread.id, parts.promisesIn),
      category: routed.category,
      sentiment: routed.sentiment,
      ...(named === undefined && kept === undefined ? { ruledQueue: routed.queue } : {}),
      ...(kept === undefined ? {} : { queueByStaff: true as const }),
      ...(appeal.escalation.modelDown ? { modelDown: true as const } : {}),
    },
  };
  const ticket = again
    ? await changeTicket(tx, again, { ...told, state: "open", assignee: "none" }, now)
    : await openTicket(
        tx,
        { ...told, thread: appeal.thread.id, ask: askOf(appeal.lastWords, appeal.transcript) },
        now,
      );
  await placeTicket(tx, ticket.number, appeal.thread.id);
  const thread = await moveThread(tx, appeal.thread, "escalate", { ticket: ticket.number });
  // It has not been taken from the bot: what it has answered before is still to be read.
  await moveFence(tx, thread.id, appeal.thread.version, thread.version);
  for (const other of await moveOthers(tx, thread, "escalate")) await moveFenceOn(tx, other);
  const rows = await enqueueCard(tx, parts, ticket);
  if (again) {
    rows.push(...(await enqueueToStaff(tx, parts, ticket, toStaff.again(told.reason))));
    rows.push(...(await enqueueReminder(tx, parts, ticket)));
  }
  await audit(tx, clock, {
    actor: "bot",
    action: again ? "ticket.reopened" : "ticket.opened",
    subject: String(ticket.number),
    thread: thread.id,
    ...(appeal.turn ? { turn: appeal.turn } : {}),
    detail: { priority: ticket.priority, queue: ticket.queue, reason: ticket.reason },
  });
  return { thread, ticket, rows };
}

/** A thread has just changed hands, and nothing of what waits in it has become void. */
export async function moveFenceOn(tx: Transaction, id: ThreadId): Promise<void> {
  const version = (await findThread(tx, id))?.version;
  if (version !== undefined) await moveFence(tx, id, version - 1, version);
}

export interface ToStaffParts {
  channel(): ChannelId | undefined;
  clock: Clock;
}

/**
 * The card as it should look now.
 * @param after the threads in which nothing of the bot may be on its way any more when it is shown
 */
export async function enqueueCard(
  tx: Transaction,
  parts: ToStaffParts & Pick<OpenTicketParts, "queues">,
  ticket: Ticket,
  after: readonly ThreadId[] = [],
): Promise<OutboxRow[]> {
  const channel = parts.channel();
  if (!channel) return [];
  const send: Send = {
    does: "card",
    ticket: ticket.number,
    channel,
    post: cardOf(ticket, parts.queues),
    ...waitsFor(after),
  };
  return [await enqueueForTicket(tx, parts.clock, ticket, { author: "desk", send })];
}

/** A line of the desk's own in the ticket's thread. */
export async function enqueueToStaff(
  tx: Transaction,
  parts: ToStaffParts,
  ticket: Pick<Ticket, "number" | "thread">,
  text: string,
  after: readonly ThreadId[] = [],
): Promise<OutboxRow[]> {
  if (!parts.channel()) return [];
  const send: Send = { does: "post", to: { ticket: ticket.number }, post: { text }, ...waitsFor(after) };
  return [await enqueueForTicket(tx, parts.clock, ticket, { author: "desk", send })];
}

/** Its card stands where it was first posted: whoever reads the human channel only sees what is new there. */
async function enqueueReminder(tx: Transaction, parts: ToStaffParts, ticket: Ticket): Promise<OutboxRow[]> {
  const channel = parts.channel();
  if (!channel) return [];
  const post = { text: toStaff.waitsAgain(ticket.number, ticket.ask) };
  const send: Send = { does: "post", to: { channel }, post };
  return [await enqueueForTicket(tx, parts.clock, ticket, { author: "desk", send })];
}

/** All that goes to a ticket's thread goes in one order. */
export function enqueueForTicket(
  tx: Transaction,
  clock: Clock,
  ticket: Pick<Ticket, "number" | "thread">,
  row: Pick<OutboxRow, "author" | "send"> & { source?: MessageId },
): Promise<OutboxRow> {
  return enqueue(tx, clock, { lane: `ticket:${ticket.number}`, thread: ticket.thread, ...row });
}

const waitsFor = (after: readonly ThreadId[]) => (after.length === 0 ? {} : { after });

function merged(first: readonly Source[], rest: readonly Source[]): Source[] {
  const byTitle = new Map([...first, ...rest].map((source) => [source.title, source]));
  return [...byTitle.values()].slice(0, triedMax);
}
