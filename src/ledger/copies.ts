/** Messages that stand on both sides of a conversation: the customer's words for staff, and theirs for the customer. */
import type { Reader, Transaction } from "../ledger.ts";
import type { MessageId, ThreadId } from "../thread.ts";
import { columns, type OutboxRow, rowOf, type Send, type StoredRow } from "./outbox.ts";

/** Where the copies of a message were posted. */
export async function copiesOf(tx: Reader, source: MessageId): Promise<MessageId[]> {
  const rows = await tx.all<{ posted: string }>(
    "SELECT posted FROM outbox WHERE source = ? AND posted IS NOT NULL ORDER BY id",
    source,
  );
  return rows.map((row) => row.posted);
}

/** The message that a posted one is a copy of. */
export async function originalOf(tx: Reader, posted: MessageId): Promise<MessageId | undefined> {
  const row = await tx.get<{ source: string | null }>("SELECT source FROM outbox WHERE posted = ?", posted);
  return row?.source ?? undefined;
}

/** The original of a message and its copies, as far as they have been posted. */
export async function counterpartsOf(tx: Reader, message: MessageId): Promise<MessageId[]> {
  const original = await originalOf(tx, message);
  return [...(original === undefined ? [] : [original]), ...(await copiesOf(tx, message))];
}

/** The customer's thread in which a message, or its original, was relayed, and the lane: that, or `ticket:N`. */
export async function whereCopied(
  tx: Reader,
  message: MessageId,
): Promise<{ thread: ThreadId; lane: string } | undefined> {
  const row = await tx.get<{ thread: string | null; lane: string }>(
    `SELECT thread, lane FROM outbox WHERE source IS NOT NULL AND (source = ? OR posted = ?) AND state <> 'cancelled'
     ORDER BY id LIMIT 1`,
    message,
    message,
  );
  return row?.thread ? { thread: row.thread, lane: row.lane } : undefined;
}

/** Whether a message is copied to the other side, now or once its copy has been posted. */
export async function isCopied(tx: Reader, source: MessageId): Promise<boolean> {
  return (
    (await tx.get("SELECT id FROM outbox WHERE source = ? AND state <> 'cancelled' LIMIT 1", source)) !==
    undefined
  );
}

/** Copies that have not arrived say the new text when they do. */
export async function amendUnsent(tx: Transaction, source: MessageId, text: string): Promise<void> {
  const rows = await tx.all<{ id: string; send: string }>(
    "SELECT id, send FROM outbox WHERE source = ? AND state IN ('waiting', 'failed')",
    source,
  );
  for (const row of rows) {
    const send = JSON.parse(row.send) as Send;
    if (send.does !== "post") continue;
    const amended: Send = { ...send, post: { ...send.post, text } };
    await tx.run("UPDATE outbox SET send = ? WHERE id = ?", JSON.stringify(amended), row.id);
  }
}

/** Copies that were withdrawn before they had arrived; a part of one may have. */
export async function withdrawnOf(tx: Reader, source: MessageId): Promise<OutboxRow[]> {
  const sql = `SELECT ${columns} FROM outbox WHERE source = ? AND state = 'cancelled' AND posted IS NULL ORDER BY id`;
  return (await tx.all<StoredRow>(sql, source)).map(rowOf);
}

/** Copies that have not arrived never will. */
export async function withdrawUnsent(tx: Transaction, source: MessageId): Promise<void> {
  await tx.run(
    `UPDATE outbox SET state = 'cancelled', fault = 'its message was deleted'
     WHERE source = ? AND state IN ('waiting', 'failed')`,
    source,
  );
}
