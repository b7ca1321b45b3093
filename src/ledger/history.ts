/**
 * What a model is shown of a thread: what people said and what tools answered, the newest items of it, and those before
 * them that no longer fit.
 */
import type { TranscriptItem } from "../language-model.ts";
import type { Reader } from "../ledger.ts";
import type { FileRef } from "../message.ts";
import type { ThreadId } from "../thread.ts";
import type { Author } from "./transcript.ts";

/** An item of a thread's history with its place in the thread's order. */
export interface HistoryItem {
  seq: number;
  item: TranscriptItem;
}

interface MessageRow {
  seq: number;
  author: Author;
  by_name: string | null;
  text: string;
  files: string | null;
}

/**
 * The newest `limit` items of a thread, oldest first, after `since`: what people said and what tools answered. Staff's
 * internal notes and deleted messages are left out. It never begins in the middle of a call and its results.
 */
export async function historyOf(
  tx: Reader,
  thread: ThreadId,
  limit: number,
  since = 0,
): Promise<HistoryItem[]> {
  // Where tools are used, half as many messages make as many items; only otherwise the rest is read, too.
  const half = Math.ceil(limit / 2);
  const items = await newestItems(tx, thread, half, since);
  const all =
    items.length < limit && items.length >= half ? await newestItems(tx, thread, limit, since) : items;
  return all.slice(beginningAt(all, Math.max(0, all.length - limit)));
}

/** Everything between two places of a thread, oldest first: what no longer fits into a history. */
export async function itemsBetween(
  tx: Reader,
  thread: ThreadId,
  after: number,
  before: number,
): Promise<TranscriptItem[]> {
  const said = await tx.all<MessageRow>(
    `SELECT seq, author, by_name, text, files FROM messages
     WHERE thread = ? AND seq > ? AND seq < ? AND author <> 'note' AND deleted_at IS NULL ORDER BY seq`,
    thread,
    after,
    before,
  );
  const done = await tx.all<{ seq: number; entries: string }>(
    "SELECT seq, entries FROM journal WHERE thread = ? AND seq > ? AND seq < ? AND entries <> '[]' ORDER BY seq",
    thread,
    after,
    before,
  );
  const items = said.map(saidItem);
  for (const turn of done) {
    for (const item of JSON.parse(turn.entries) as TranscriptItem[]) items.push({ seq: turn.seq, item });
  }
  return items.sort((a, b) => a.seq - b.seq).map((one) => one.item);
}

/** The newest `count` messages and everything that was done from the oldest of them on. */
async function newestItems(
  tx: Reader,
  thread: ThreadId,
  count: number,
  since: number,
): Promise<HistoryItem[]> {
  const said = await tx.all<MessageRow>(
    `SELECT seq, author, by_name, text, files FROM messages
     WHERE thread = ? AND seq > ? AND author <> 'note' AND deleted_at IS NULL ORDER BY seq DESC LIMIT ?`,
    thread,
    since,
    count,
  );
  const oldest = said.length < count ? since : (said.at(-1)?.seq ?? since);
  const done = await tx.all<{ seq: number; entries: string }>(
    "SELECT seq, entries FROM journal WHERE thread = ? AND seq > ? AND entries <> '[]' ORDER BY seq",
    thread,
    oldest,
  );
  const items: HistoryItem[] = [];
  let next = said.length - 1;
  for (const turn of done) {
    while (next >= 0 && (said[next]?.seq ?? 0) < turn.seq) items.push(saidItem(said[next--] as MessageRow));
    for (const item of JSON.parse(turn.entries) as TranscriptItem[]) items.push({ seq: turn.seq, item });
  }
  while (next >= 0) items.push(saidItem(said[next--] as MessageRow));
  return items;
}

/** The first place at or after `from` where a history may begin: not among calls and results. */
function beginningAt(items: readonly HistoryItem[], from: number): number {
  let at = from;
  while (at < items.length && (items[at]?.item.role === "result" || items[at]?.item.role === "calls"))
    at += 1;
  return at;
}

function saidItem(row: MessageRow): HistoryItem {
  const files = row.files ? (JSON.parse(row.files) as FileRef[]) : [];
  const text = [row.text, ...files.map((file) => `[file: ${file.name}]`)].filter(Boolean).join("\n");
  switch (row.author) {
    case "staff":
      return { seq: row.seq, item: { role: "staff", name: row.by_name ?? "staff", text } };
    case "bot":
      return { seq: row.seq, item: { role: "bot", text } };
    case "customer":
    case "note":
      return { seq: row.seq, item: { role: "customer", text } };
  }
}
