/** The rows of `tickets`: what a person has been asked to do. */
import type { Priority } from "../escalation.ts";
import type { Reader, SqlValue, Transaction } from "../ledger.ts";
import type { Source } from "../platform.ts";
import type { MessageId, ThreadId, UserId } from "../thread.ts";
import { readSetting, writeSetting } from "./settings.ts";

export interface Ticket {
  number: number;
  thread: ThreadId;
  state: "open" | "taken" | "handed_back" | "resolved";
  /** What the customer wants, in one line. */
  ask: string;
  /** Why a person is needed. */
  reason: string;
  priority: Priority;
  queue: string;
  /** ISO 639-1 */
  language: string;
  brief: Brief;
  assignee: UserId | undefined;
  assigneeName: string | undefined;
  card: MessageId | undefined;
  /** The staff side of the conversation: the card's thread. */
  deskThread: ThreadId | undefined;
}

/** What a member of staff needs to know before the first word. */
export interface Brief {
  customer: string;
  /** What the bot has shown the customer. */
  tried: Source[];
  /** What tools have said, one fact a line. */
  facts: string[];
  /** What bot and staff have promised the customer, as it was said, the newest last. */
  promises?: string[];
  lastWords: string;
  nextStep: string;
  /** What it is about, in one or two words. */
  category?: string;
  sentiment?: Sentiment;
  /** The conversation in a few sentences, as a model tells it; without one there is none. */
  summary?: string;
  /** The queue that rules have chosen, where nobody has named one: a model may know a better one. */
  ruledQueue?: string;
  /** Staff have given it to its queue. */
  queueByStaff?: true;
  /** It was opened because the model has failed. */
  modelDown?: true;
}

export type Sentiment = "angry" | "negative" | "neutral" | "positive";

export type NewTicket = Pick<
  Ticket,
  "thread" | "ask" | "reason" | "priority" | "queue" | "language" | "brief"
>;

/** The setting that holds the highest number of a ticket that is not in the table: deleted, or given by another copy. */
export const ticketsGiven = "ticket_deleted_max";

/** Gives it the next number, which no ticket has ever had. */
export async function openTicket(tx: Transaction, fresh: NewTicket, now: number): Promise<Ticket> {
  const row = await tx.get<{ number: number }>(
    `INSERT INTO tickets (number, thread, state, ask, reason, priority, queue, language, brief, opened_at, changed_at)
     SELECT COALESCE(MAX(number), 0) + 1, ?, 'open', ?, ?, ?, ?, ?, ?, ?, ? FROM (
       SELECT MAX(number) AS number FROM tickets
       UNION ALL SELECT CAST(value AS BIGINT) FROM settings WHERE name = '${ticketsGiven}') AS given
     RETURNING number`,
    fresh.thread,
    fresh.ask,
    fresh.reason,
    fresh.priority,
    fresh.queue,
    fresh.language,
    JSON.stringify(fresh.brief),
    now,
    now,
  );
  return {
    ...fresh,
    number: Number(row?.number),
    state: "open",
    assignee: undefined,
    assigneeName: undefined,
    card: undefined,
    deskThread: undefined,
  };
}

/** The row goes; its number is never given again. */
export async function deleteTicket(tx: Transaction, number: number, now: number): Promise<void> {
  await tx.run("DELETE FROM tickets WHERE number = ?", number);
  const before = Number((await readSetting(tx, ticketsGiven)) ?? 0);
  if (number > before) await writeSetting(tx, ticketsGiven, String(number), now);
}

export type TicketChange = Partial<
  Pick<
    Ticket,
    "state" | "ask" | "reason" | "priority" | "queue" | "language" | "brief" | "card" | "deskThread"
  >
> & { assignee?: { id: UserId; name: string } | "none" };

export async function changeTicket(
  tx: Transaction,
  ticket: Ticket,
  change: TicketChange,
  now: number,
): Promise<Ticket> {
  const { assignee, ...rest } = change;
  const next: Ticket = { ...ticket, ...rest };
  if (assignee) {
    next.assignee = assignee === "none" ? undefined : assignee.id;
    next.assigneeName = assignee === "none" ? undefined : assignee.name;
  }
  await tx.run(
    `UPDATE tickets SET state = ?, ask = ?, reason = ?, priority = ?, queue = ?, language = ?, brief = ?, assignee = ?,
       assignee_name = ?, card = ?, desk_thread = ?, changed_at = ?, resolved_at = ? WHERE number = ?`,
    next.state,
    next.ask,
    next.reason,
    next.priority,
    next.queue,
    next.language,
    JSON.stringify(next.brief),
    next.assignee ?? null,
    next.assigneeName ?? null,
    next.card ?? null,
    next.deskThread ?? null,
    now,
    next.state === "resolved" ? now : null,
    next.number,
  );
  return next;
}

/** Where the card of a ticket stands, once it does. */
export async function placeCard(
  tx: Transaction,
  number: number,
  card: MessageId,
  deskThread: ThreadId,
): Promise<void> {
  await tx.run("UPDATE tickets SET card = ?, desk_thread = ? WHERE number = ?", card, deskThread, number);
}

/** The ticket's conversation goes on in another thread; the first has no ticket any more. */
export async function carryTicket(
  tx: Transaction,
  number: number,
  from: ThreadId,
  to: ThreadId,
): Promise<void> {
  await tx.run("UPDATE tickets SET thread = ? WHERE number = ?", to, number);
  await tx.run("UPDATE threads SET ticket = NULL WHERE id = ? AND ticket = ?", from, number);
  await tx.run("UPDATE threads SET ticket = ? WHERE id = ?", number, to);
}

/** The ticket's conversation goes on in another thread that it has, too. */
export async function placeTicket(tx: Transaction, number: number, thread: ThreadId): Promise<void> {
  await tx.run("UPDATE tickets SET thread = ? WHERE number = ?", thread, number);
}

export async function findTicket(tx: Reader, number: number): Promise<Ticket | undefined> {
  const row = await tx.get("SELECT * FROM tickets WHERE number = ?", number);
  return row && ticketOf(row);
}

export async function ticketOfDeskThread(tx: Reader, deskThread: ThreadId): Promise<Ticket | undefined> {
  const row = await tx.get(
    "SELECT * FROM tickets WHERE desk_thread = ? ORDER BY number DESC LIMIT 1",
    deskThread,
  );
  return row && ticketOf(row);
}

/**
 * Tickets that are not resolved, oldest first.
 * @param after the number of the last one of the page before
 */
export async function openTickets(tx: Reader, limit: number, after = 0): Promise<Ticket[]> {
  const rows = await tx.all(
    "SELECT * FROM tickets WHERE state <> 'resolved' AND number > ? ORDER BY number LIMIT ?",
    after,
    limit,
  );
  return rows.map(ticketOf);
}

/** Tickets that are not resolved: those that wait for a person first, then those that somebody has; the oldest first. */
export async function ticketsToDo(tx: Reader, limit: number): Promise<Ticket[]> {
  const rows = await tx.all(
    `SELECT * FROM tickets WHERE state <> 'resolved'
     ORDER BY CASE state WHEN 'open' THEN 0 WHEN 'taken' THEN 1 ELSE 2 END, number LIMIT ?`,
    limit,
  );
  return rows.map(ticketOf);
}

/** The number of an unresolved ticket that is meant: the one that is named, else the thread's own, else the newest. */
export async function ticketAtHand(
  tx: Reader,
  thread: ThreadId,
  named: number | undefined,
): Promise<number | undefined> {
  const row = await tx.get<{ number: number }>(
    `SELECT number FROM tickets WHERE state <> 'resolved'
     ORDER BY number = ? DESC, thread = ? DESC, number DESC LIMIT 1`,
    named ?? 0,
    thread,
  );
  return row?.number;
}

/** The newest tickets of one account's threads, newest first. */
export async function ticketsOfUser(tx: Reader, user: UserId, limit: number): Promise<Ticket[]> {
  const rows = await tx.all(
    `SELECT tickets.* FROM tickets JOIN threads ON threads.id = tickets.thread
     WHERE threads.opener = ? ORDER BY number DESC LIMIT ?`,
    user,
    limit,
  );
  return rows.map(ticketOf);
}

/** What a member of staff has at the moment, newest first. */
export async function ticketsOfAssignee(tx: Reader, user: UserId, limit: number): Promise<Ticket[]> {
  const rows = await tx.all(
    "SELECT * FROM tickets WHERE state = 'taken' AND assignee = ? ORDER BY number DESC LIMIT ?",
    user,
    limit,
  );
  return rows.map(ticketOf);
}

function ticketOf(row: Record<string, SqlValue>): Ticket {
  const optional = (value: SqlValue | undefined): string | undefined =>
    value == null ? undefined : String(value);
  return {
    number: Number(row.number),
    thread: String(row.thread),
    state: row.state as Ticket["state"],
    ask: String(row.ask),
    reason: String(row.reason),
    priority: row.priority as Priority,
    queue: String(row.queue),
    language: String(row.language),
    brief: JSON.parse(String(row.brief)) as Brief,
    assignee: optional(row.assignee),
    assigneeName: optional(row.assignee_name),
    card: optional(row.card),
    deskThread: optional(row.desk_thread),
  };
}
