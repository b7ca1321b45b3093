/** The fence of what the bot has still to say: what becomes of such rows of `outbox` when their thread changes hands. */
import type { Reader, Transaction } from "../ledger.ts";
import type { ThreadId } from "../thread.ts";

/**
 * What the bot has not said yet in a thread that a person takes: it never will. What has been tried, or was shown while
 * it was written, may be visible in part; whoever sends it finds that its fence holds no longer, takes back what is there
 * of it, and cancels it: at once, unless its platform has asked to wait.
 * @returns the ids of the rows
 */
export async function cancelUnsent(tx: Transaction, thread: ThreadId, fault: string): Promise<string[]> {
  const rows = await tx.all<{ id: string }>(
    `UPDATE outbox SET state = CASE WHEN attempts > 0 THEN state ELSE 'cancelled' END,
       fault = CASE WHEN attempts > 0 THEN fault ELSE ? END,
       due_at = CASE WHEN fault IS NULL THEN created_at ELSE due_at END
     WHERE thread = ? AND author = 'bot' AND fence IS NOT NULL AND state = 'waiting' RETURNING id`,
    fault,
    thread,
  );
  return rows.map((row) => row.id);
}

/** What the bot has not said yet in a thread for which it has asked for a person itself: it is still to be said. */
export async function moveFence(tx: Transaction, thread: ThreadId, from: number, to: number): Promise<void> {
  await tx.run(
    `UPDATE outbox SET fence = ?
     WHERE thread = ? AND author = 'bot' AND fence = ? AND state IN ('waiting', 'sending')`,
    to,
    thread,
    from,
  );
}

/** A row's thread and its version, each undefined where there is none; undefined when the row is gone. */
export async function fenceOf(
  tx: Reader,
  id: string,
): Promise<
  { thread: ThreadId | undefined; version: number | undefined; fence: number | undefined } | undefined
> {
  const row = await tx.get<{ thread: string | null; version: number | null; fence: number | null }>(
    `SELECT outbox.thread, outbox.fence, threads.version
     FROM outbox LEFT JOIN threads ON threads.id = outbox.thread WHERE outbox.id = ?`,
    id,
  );
  return (
    row && {
      thread: row.thread ?? undefined,
      version: row.version ?? undefined,
      fence: row.fence ?? undefined,
    }
  );
}

/**
 * Whether a process says that it is showing something of the bot in this thread, or posting it, or has shown it as a
 * draft and has still to take it back because somebody else has the thread.
 */
export async function isOnItsWay(tx: Reader, thread: ThreadId): Promise<boolean> {
  const sql = `SELECT id FROM outbox WHERE thread = ? AND author = 'bot' AND fence IS NOT NULL
     AND (state IN ('drafting', 'sending') OR (state = 'waiting' AND attempts > 0 AND fault IS NULL
       AND fence <> (SELECT version FROM threads WHERE threads.id = outbox.thread))) LIMIT 1`;
  return (await tx.get(sql, thread)) !== undefined;
}
