/**
 * The rows of `outbox`: everything that is to be shown to people. A row is written in the same transaction as what it
 * tells of, and then sent, in the order of its lane:
 *
 *   waiting ──▶ sending ──▶ sent
 *      │           └──────▶ failed      the platform will never take it
 *      └──────────────────▶ cancelled   its fence no longer holds: somebody else has the thread
 *
 * `sending` is only entered where the platform cannot be asked whether a post arrived, or where several processes send.
 * A row that is `drafting` is a reply that is shown while it is written: it becomes `waiting` with its final text, or is
 * taken back.
 */
import type { Clock } from "../clock.ts";
import type { Reader, Transaction } from "../ledger.ts";
import type { Mark, Post, Posted, Target } from "../platform.ts";
import type { ChannelId, MessageId, ThreadId } from "../thread.ts";

/**
 * What a row does. A ticket stands for its card's thread, which is known once the card has been posted. `after`: only
 * when nothing of the bot is on its way into those threads any more; earlier rows name a single one.
 */
export type Send =
  | { does: "post"; to: Target | { ticket: number }; post: Post; after?: After }
  /** Posts the ticket's card in the channel, or brings the posted one up to date. */
  | { does: "card"; ticket: number; channel: ChannelId; post: Post; after?: After }
  | { does: "mark"; message: MessageId; mark: Mark; set: boolean }
  /** Changes, or takes back, the copies of a message that were posted elsewhere. */
  | { does: "edit"; copiesOf: MessageId; post: Post }
  | { does: "remove"; copiesOf: MessageId }
  /** Mirrors a reaction on the message that this one is a copy of, and on its copies. */
  | { does: "react"; counterpartsOf: MessageId; emoji: string; added: boolean };

type After = ThreadId | readonly ThreadId[];

export interface OutboxRow {
  id: string;
  /** Rows of one lane go out one after the other: a customer's thread, or `ticket:N`. */
  lane: string;
  /** The customer's thread it is about. */
  thread: ThreadId | undefined;
  /** The thread's version at which it may be sent; undefined: always. */
  fence: number | undefined;
  send: Send;
  state: "drafting" | "waiting" | "sending" | "sent" | "failed" | "cancelled";
  attempts: number;
  dueAt: number;
  createdAt: number;
  /** Whose words these are. */
  author: "bot" | "desk" | "staff" | "customer";
  /** The message that this is a copy of. */
  source: MessageId | undefined;
}

export type NewSend = Pick<OutboxRow, "lane" | "author" | "send"> &
  Partial<Pick<OutboxRow, "id" | "thread" | "fence" | "source">>;

export async function enqueue(tx: Transaction, clock: Clock, fresh: NewSend): Promise<OutboxRow> {
  const now = clock.now();
  const row: OutboxRow = {
    id: fresh.id ?? clock.id("o"),
    lane: fresh.lane,
    thread: fresh.thread,
    fence: fresh.fence,
    send: fresh.send,
    state: "waiting",
    attempts: 0,
    dueAt: now,
    createdAt: now,
    author: fresh.author,
    source: fresh.source,
  };
  await tx.run(
    `INSERT INTO outbox (id, lane, thread, fence, send, state, attempts, due_at, created_at, author, source)
     VALUES (?, ?, ?, ?, ?, 'waiting', 0, ?, ?, ?, ?)
     ON CONFLICT (id) DO UPDATE SET send = excluded.send, fence = excluded.fence, state = 'waiting'`,
    row.id,
    row.lane,
    row.thread ?? null,
    row.fence ?? null,
    JSON.stringify(row.send),
    now,
    now,
    row.author,
    row.source ?? null,
  );
  return row;
}

/** A row for a reply that is about to be shown while it is written; to show it is the first attempt at it. */
export async function reserve(
  tx: Transaction,
  clock: Clock,
  draft: { id: string; thread: ThreadId; fence: number },
): Promise<void> {
  const now = clock.now();
  const send: Send = { does: "post", to: { thread: draft.thread }, post: { text: "" } };
  await tx.run(
    `INSERT INTO outbox (id, lane, thread, fence, send, state, attempts, due_at, created_at, author)
     VALUES (?, ?, ?, ?, ?, 'drafting', 1, ?, ?, 'bot')`,
    draft.id,
    draft.thread,
    draft.thread,
    draft.fence,
    JSON.stringify(send),
    now,
    now,
  );
}

/** What was shown has been taken back. */
export async function unreserve(tx: Transaction, id: string): Promise<void> {
  await tx.run(
    "UPDATE outbox SET state = 'cancelled', fault = 'taken back' WHERE id = ? AND state = 'drafting'",
    id,
  );
}

export interface StoredRow {
  id: string;
  lane: string;
  thread: string | null;
  fence: number | null;
  send: string;
  state: OutboxRow["state"];
  attempts: number;
  due_at: number;
  created_at: number;
  author: OutboxRow["author"];
  source: string | null;
}

/** A pause that was noted by a clock that can be set is kept up to this. */
export const notedPauseMaxMs = 3_600_000;

export const columns = "id, lane, thread, fence, send, state, attempts, due_at, created_at, author, source";

/** What has not been sent yet in a lane, in its order. */
export async function unsentIn(tx: Reader, lane: string): Promise<OutboxRow[]> {
  const rows = await tx.all<StoredRow>(
    `SELECT ${columns} FROM outbox WHERE lane = ? AND state IN ('drafting', 'waiting', 'sending') ORDER BY id`,
    lane,
  );
  return rows.map(rowOf);
}

/** Whether anything has not been sent yet in a lane. */
export async function hasUnsent(tx: Reader, lane: string): Promise<boolean> {
  const sql = "SELECT id FROM outbox WHERE lane = ? AND state IN ('drafting', 'waiting', 'sending') LIMIT 1";
  return (await tx.get(sql, lane)) !== undefined;
}

/** What has not been sent yet, in the order of the lanes. */
export async function unsent(tx: Reader): Promise<OutboxRow[]> {
  const rows = await tx.all<StoredRow>(
    `SELECT ${columns} FROM outbox WHERE state IN ('drafting', 'waiting', 'sending') ORDER BY lane, id`,
  );
  return rows.map(rowOf);
}

export async function markSending(tx: Transaction, id: string): Promise<void> {
  await tx.run(
    "UPDATE outbox SET state = 'sending', attempts = attempts + 1 WHERE id = ? AND state = 'waiting'",
    id,
  );
}

export async function markSent(
  tx: Transaction,
  id: string,
  posted: Posted | undefined,
  now: number,
): Promise<void> {
  await tx.run(
    "UPDATE outbox SET state = 'sent', posted = ?, posted_thread = ?, sent_at = ?, fault = NULL WHERE id = ?",
    posted?.id ?? null,
    posted?.thread ?? null,
    now,
    id,
  );
}

/**
 * What was cancelled while it was tried stays so.
 * @param next how often it has been tried by now; `sending` where it is not known whether it was posted, and nobody can be asked
 */
export async function markRetry(
  tx: Transaction,
  id: string,
  next: Pick<OutboxRow, "state" | "attempts" | "dueAt">,
  fault: string,
): Promise<void> {
  await tx.run(
    "UPDATE outbox SET state = ?, attempts = ?, due_at = ?, fault = ? WHERE id = ? AND state <> 'cancelled'",
    next.state,
    next.attempts,
    next.dueAt,
    fault,
    id,
  );
}

export async function markOver(
  tx: Transaction,
  id: string,
  state: "failed" | "cancelled",
  fault: string,
): Promise<void> {
  await tx.run(
    "UPDATE outbox SET state = ?, fault = ? WHERE id = ? AND state <> 'cancelled'",
    state,
    fault,
    id,
  );
}

/** Whether a message is known to be one of the desk's posts. */
export async function isPosted(tx: Reader, posted: MessageId): Promise<boolean> {
  return (await tx.get("SELECT 1 AS one FROM outbox WHERE posted = ? LIMIT 1", posted)) !== undefined;
}

/** A row as it stands now. */
export async function findRow(tx: Reader, id: string): Promise<OutboxRow | undefined> {
  const row = await tx.get<StoredRow>(`SELECT ${columns} FROM outbox WHERE id = ?`, id);
  return row && rowOf(row);
}

/** A row that was given up is to be sent after all; undefined when it is not given up. */
export async function requeue(tx: Transaction, id: string, now: number): Promise<OutboxRow | undefined> {
  const changed = await tx.run(
    "UPDATE outbox SET state = 'waiting', attempts = 0, due_at = ?, fault = NULL WHERE id = ? AND state = 'failed'",
    now,
    id,
  );
  return changed > 0 ? findRow(tx, id) : undefined;
}

export function rowOf(row: StoredRow): OutboxRow {
  return {
    id: row.id,
    lane: row.lane,
    thread: row.thread ?? undefined,
    fence: row.fence ?? undefined,
    send: JSON.parse(row.send) as Send,
    state: row.state,
    attempts: row.attempts,
    dueAt: row.due_at,
    createdAt: row.created_at,
    author: row.author,
    source: row.source ?? undefined,
  };
}
