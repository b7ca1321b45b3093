/** The rows of `threads`: who has a conversation, at which version. */

import { DeskError } from "../errors.ts";
import type { Reader, SqlValue, Transaction } from "../ledger.ts";
import type { Message } from "../message.ts";
import { type Control, type Move, move, moves, platformOf, type ThreadId, type UserId } from "../thread.ts";

export interface Thread {
  id: ThreadId;
  platform: string;
  tenant: string;
  channel: string;
  visibility: "private" | "shared";
  /** Who opened it: the customer's account on the platform. */
  opener: UserId;
  openerName: string;
  control: Control;
  version: number;
  ticket: number | undefined;
  assignee: UserId | undefined;
  assigneeName: string | undefined;
  specialist: string | undefined;
  /** The conversation begins after this place: what was before has been reset. */
  since: number;
  /** Turns since the conversation was opened or reopened. */
  turns: number;
}

interface ThreadRow extends Record<string, SqlValue> {
  id: string;
}

/** Makes the thread of a customer's message when it is the first. */
export async function openThread(
  tx: Transaction,
  message: Pick<Message, "thread" | "channel" | "visibility" | "author">,
  now: number,
): Promise<void> {
  await tx.run(
    `INSERT INTO threads (id, platform, tenant, channel, visibility, opener, opener_name, customer, control, version,
       last_seq, turns, opened_at, active_at)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, 'automated', 1, 0, 0, ?, ?) ON CONFLICT (id) DO NOTHING`,
    message.thread,
    platformOf(message.thread),
    message.author.tenant,
    message.channel,
    message.visibility,
    message.author.id,
    message.author.name,
    message.author.customer ?? null,
    now,
    now,
  );
}

export async function findThread(tx: Reader, id: ThreadId): Promise<Thread | undefined> {
  const row = await tx.get<ThreadRow>("SELECT * FROM threads WHERE id = ?", id);
  return row && threadOf(row);
}

/** Where an account was last active. */
export async function newestThreadOf(tx: Reader, user: UserId): Promise<Thread | undefined> {
  const row = await tx.get<ThreadRow>(
    "SELECT * FROM threads WHERE opener = ? ORDER BY active_at DESC LIMIT 1",
    user,
  );
  return row && threadOf(row);
}

/** The version alone: the fence. 0 when there is no such thread. */
export async function versionOf(tx: Reader, id: ThreadId): Promise<number> {
  const row = await tx.get<{ version: number }>("SELECT version FROM threads WHERE id = ?", id);
  return row?.version ?? 0;
}

/**
 * Changes who has the thread, and its version with it.
 * @throws DeskError thread_move when the table of moves forbids it; ledger_conflict when its version has changed
 */
export async function moveThread(
  tx: Transaction,
  thread: Thread,
  how: Move,
  change: { ticket?: number; assignee?: { id: UserId; name: string } } = {},
): Promise<Thread> {
  let control: Control;
  try {
    control = move(thread.control, how);
  } catch (cause) {
    throw new DeskError("thread_move", `the thread is ${thread.control}: it cannot ${how}`, { cause });
  }
  const keepsAssignee = control === "taken_over";
  const assignee = keepsAssignee ? change.assignee : undefined;
  const changed = await tx.run(
    `UPDATE threads SET control = ?, version = version + 1, ticket = COALESCE(?, ticket), assignee = ?,
       assignee_name = ?, turns = CASE WHEN ? = 'reopen' THEN 0 ELSE turns END WHERE id = ? AND version = ?`,
    control,
    change.ticket ?? null,
    assignee?.id ?? null,
    assignee?.name ?? null,
    how,
    thread.id,
    thread.version,
  );
  if (changed === 0) throw fenced(thread.id);
  return {
    ...thread,
    control,
    version: thread.version + 1,
    ticket: change.ticket ?? thread.ticket,
    assignee: assignee?.id,
    assigneeName: assignee?.name,
    turns: how === "reopen" ? 0 : thread.turns,
  };
}

/** A conversation goes on in another thread of its customer: who has the one has the other, for the same ticket. */
export async function continueThread(tx: Transaction, from: Thread, there: Thread): Promise<Thread> {
  const { control, ticket, assignee, assigneeName } = from;
  const same = there.control === control && there.ticket === ticket && there.assignee === assignee;
  if (same) return there;
  await tx.run(
    `UPDATE threads SET control = ?, ticket = ?, assignee = ?, assignee_name = ?, version = version + 1
     WHERE id = ?`,
    control,
    ticket ?? null,
    assignee ?? null,
    assigneeName ?? null,
    there.id,
  );
  return { ...there, control, ticket, assignee, assigneeName, version: there.version + 1 };
}

/**
 * The other threads that a ticket's conversation has been in change hands with it, as far as the table of moves lets
 * them.
 * @returns those that have
 */
export async function moveOthers(
  tx: Transaction,
  than: Thread,
  how: Move,
  change: { assignee?: { id: UserId; name: string } } = {},
): Promise<ThreadId[]> {
  const rows = await tx.all<ThreadRow>(
    "SELECT * FROM threads WHERE opener = ? AND ticket = ? AND id <> ?",
    than.opener,
    than.ticket ?? null,
    than.id,
  );
  const others = rows.map(threadOf).filter((one) => moves[one.control][how]);
  for (const other of others) await moveThread(tx, other, how, change);
  return others.map((one) => one.id);
}

/**
 * Takes the next `count` places in the thread's order; the thread must still be at this version.
 * @returns the last place before them
 * @throws DeskError ledger_conflict when its version has changed
 */
export async function advanceThread(
  tx: Transaction,
  thread: Pick<Thread, "id" | "version">,
  change: { count: number; turn: boolean; specialist?: string; now: number },
): Promise<number> {
  const row = await tx.get<{ last_seq: number }>(
    `UPDATE threads SET last_seq = last_seq + ?, turns = turns + ?, specialist = COALESCE(?, specialist), active_at = ?
     WHERE id = ? AND version = ? RETURNING last_seq`,
    change.count,
    change.turn ? 1 : 0,
    change.specialist ?? null,
    change.now,
    thread.id,
    thread.version,
  );
  if (!row) throw fenced(thread.id);
  return row.last_seq - change.count;
}

export function fenced(id: ThreadId): DeskError {
  return new DeskError("ledger_conflict", `thread ${id} has changed hands`);
}

function threadOf(row: Record<string, SqlValue>): Thread {
  const optional = (value: SqlValue | undefined): string | undefined =>
    value === null ? undefined : String(value);
  return {
    id: String(row.id),
    platform: String(row.platform),
    tenant: String(row.tenant),
    channel: String(row.channel),
    visibility: row.visibility === "shared" ? "shared" : "private",
    opener: String(row.opener),
    openerName: String(row.opener_name),
    control: row.control as Control,
    version: Number(row.version),
    ticket: row.ticket === null ? undefined : Number(row.ticket),
    assignee: optional(row.assignee),
    assigneeName: optional(row.assignee_name),
    specialist: optional(row.specialist),
    since: Number(row.since_seq),
    turns: Number(row.turns),
  };
}
