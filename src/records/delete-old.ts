/** What was said, shown and asked for longer ago than it may be kept. */
import { setImmediate } from "node:timers/promises";
import { pseudonyms } from "../ledger/pseudonyms.ts";
import { deleteTicket } from "../ledger/tickets.ts";
import type { SqlValue, Transaction } from "../ledger.ts";
import type { ThreadId } from "../thread.ts";
import { type AuditRow, auditColumns, forgetDeed, forgetThread, isPerson } from "./forget-rows.ts";
import { inPieces, rowsAtOnce, type Work } from "./pieces.ts";
import { walk } from "./walk.ts";

interface ThreadAge {
  id: string;
  control: string;
  opened_at: number;
  active_at: number;
}

/** Old messages and turns of every thread; the whole thread where nothing has happened since and nobody is at it. */
export async function deleteOldThreads(work: Work): Promise<{ threads: number; messages: number }> {
  const { ledger, before } = work;
  const total = { threads: 0, messages: 0 };
  const sql = "SELECT id, control, opened_at, active_at FROM threads WHERE id > ? ORDER BY id LIMIT ?";
  for await (const rows of walk<ThreadAge>(ledger, sql)) {
    for (const { id, control, opened_at, active_at } of rows) {
      if (opened_at >= before) continue;
      total.messages += await deleteOldWords(work, id);
      const over = active_at < before && (control === "automated" || control === "resolved");
      if (over && (await deleteThread(work, id))) total.threads += 1;
    }
  }
  return total;
}

/** The oldest first, as long as they are old. */
async function deleteOldWords(work: Work, thread: ThreadId): Promise<number> {
  const messages = await inPieces(work, (tx, limit) =>
    deleteOldest(tx, work.before, limit, {
      find: "SELECT id, at AS at FROM messages WHERE thread = ? ORDER BY seq LIMIT ?",
      remove: "DELETE FROM messages WHERE id = ?",
      of: thread,
    }),
  );
  await inPieces(work, (tx, limit) =>
    deleteOldest(tx, work.before, limit, {
      find: "SELECT turn AS id, ended_at AS at FROM journal WHERE thread = ? ORDER BY seq LIMIT ?",
      remove: "DELETE FROM journal WHERE turn = ?",
      of: thread,
    }),
  );
  return messages;
}

async function deleteOldest(
  tx: Transaction,
  before: number,
  limit: number,
  { find, remove, of }: { find: string; remove: string; of: SqlValue },
): Promise<number> {
  let count = 0;
  for (const { id, at } of await tx.all<{ id: string; at: number }>(find, of, limit)) {
    if (at >= before) break;
    count += await tx.run(remove, id);
  }
  return count;
}

/** False when somebody has come back to it, or something is still on its way. */
async function deleteThread(work: Work, thread: ThreadId): Promise<boolean> {
  const { clock, before } = work;
  await inPieces(work, async (tx, limit) => {
    if (!(await isOver(tx, thread, before))) return 0;
    const pseudonym = await pseudonyms(tx, clock);
    const deeds = await tx.all<AuditRow>(
      `SELECT ${auditColumns} FROM audit WHERE thread = ? ORDER BY id LIMIT ?`,
      thread,
      limit,
    );
    for (const row of deeds) await forgetDeed(tx, { pseudonym, isTheirs: isPerson, clock }, row);
    return deeds.length;
  });
  await inPieces(work, async (tx, limit) =>
    (await isOver(tx, thread, before))
      ? tx.run(
          "DELETE FROM outbox WHERE id IN (SELECT id FROM outbox WHERE thread = ? ORDER BY id LIMIT ?)",
          thread,
          limit,
        )
      : 0,
  );
  return work.ledger.write(async (tx) => {
    if (!(await isOver(tx, thread, before))) return false;
    const pseudonym = await pseudonyms(tx, clock);
    return (await forgetThread(tx, { pseudonym, isTheirs: isPerson, clock }, thread)).threads > 0;
  });
}

async function isOver(tx: Transaction, thread: ThreadId, before: number): Promise<boolean> {
  const over = await tx.get(
    `SELECT id FROM threads WHERE id = ? AND active_at < ? AND control IN ('automated', 'resolved')
       AND NOT EXISTS (SELECT 1 FROM inbox WHERE lane = threads.id AND state = 'waiting')
       AND NOT EXISTS (SELECT 1 FROM outbox WHERE thread = threads.id AND state IN ('drafting', 'waiting', 'sending'))`,
    thread,
    before,
  );
  return over !== undefined;
}

/** Everything that was sent, given up or taken back, in every lane. */
export async function deleteOldPosts({ ledger, signal, before }: Work): Promise<number> {
  let count = 0;
  const sql = "SELECT id, state, created_at FROM outbox WHERE id > ? ORDER BY id LIMIT ?";
  for await (const rows of walk<{ id: string; state: string; created_at: number }>(ledger, sql)) {
    const old = rows.filter(({ state, created_at }) => isSettled(state) && created_at < before);
    for (let from = 0; from < old.length; from += rowsAtOnce) {
      signal?.throwIfAborted();
      count += await ledger.write(async (tx) => {
        let deleted = 0;
        for (const { id } of old.slice(from, from + rowsAtOnce)) {
          deleted += await tx.run("DELETE FROM outbox WHERE id = ?", id);
        }
        return deleted;
      });
    }
    // Ids are in the order of time.
    if ((rows.at(-1)?.created_at ?? 0) >= before) break;
  }
  return count;
}

const isSettled = (state: string): boolean => ["sent", "failed", "cancelled"].includes(state);

/** Resolved ones; what waits for a person is never too old. */
export async function deleteOldTickets({ ledger, clock, signal, before }: Work): Promise<number> {
  let count = 0;
  for (let after = 0; ; ) {
    signal?.throwIfAborted();
    const rows = await ledger.read((tx) =>
      tx.all<{ number: number; state: string; resolved_at: number | null }>(
        "SELECT number, state, resolved_at FROM tickets WHERE number > ? ORDER BY number LIMIT ?",
        after,
        rowsAtOnce,
      ),
    );
    const old = rows.filter(
      ({ state, resolved_at }) => state === "resolved" && resolved_at !== null && resolved_at < before,
    );
    if (old.length > 0) {
      await ledger.write(async (tx) => {
        for (const { number } of old) await deleteTicket(tx, Number(number), clock.now());
      });
    }
    count += old.length;
    if (rows.length < rowsAtOnce) return count;
    after = Number(rows.at(-1)?.number);
    await setImmediate();
  }
}
