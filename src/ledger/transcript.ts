/**
 * The rows of `messages` and `journal`: what was said in a thread and what the bot did there, in one order. What a
 * model is shown of them is made in history.ts.
 */
import type { TranscriptItem } from "../language-model.ts";
import type { Reader, Transaction } from "../ledger.ts";
import type { FileRef } from "../message.ts";
import type { Source } from "../platform.ts";
import type { MessageId, ThreadId, UserId } from "../thread.ts";

export type Author = "customer" | "bot" | "staff" | "note";

export interface Said {
  /** The platform's id of what came in; the outbox id of what we posted. */
  id: MessageId;
  author: Author;
  by?: { id: UserId; name: string };
  text: string;
  sources?: Source[];
  files?: FileRef[];
  turn?: string;
  at: number;
}

export interface Done {
  turn: string;
  specialist: string;
  outcome: string;
  model: string;
  entries: TranscriptItem[];
  tokens: { input: number; output: number };
  startedAt: number;
  endedAt: number;
}

export async function writeMessage(
  tx: Transaction,
  thread: ThreadId,
  seq: number,
  said: Said,
): Promise<void> {
  await tx.run(
    `INSERT INTO messages (id, thread, seq, author, by_user, by_name, text, sources, files, turn, at)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING`,
    said.id,
    thread,
    seq,
    said.author,
    said.by?.id ?? null,
    said.by?.name ?? null,
    said.text,
    said.sources && said.sources.length > 0 ? JSON.stringify(said.sources) : null,
    said.files && said.files.length > 0 ? JSON.stringify(said.files) : null,
    said.turn ?? null,
    said.at,
  );
}

export async function writeJournal(
  tx: Transaction,
  thread: ThreadId,
  seq: number,
  done: Done,
): Promise<void> {
  await tx.run(
    `INSERT INTO journal (turn, thread, seq, specialist, outcome, model, entries, tokens_in, tokens_out, started_at, ended_at)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    done.turn,
    thread,
    seq,
    done.specialist,
    done.outcome,
    done.model,
    JSON.stringify(done.entries),
    done.tokens.input,
    done.tokens.output,
    done.startedAt,
    done.endedAt,
  );
}

/** Whose words a message is; undefined when it is not in the transcript. */
export async function whoSaid(tx: Reader, id: MessageId): Promise<Author | undefined> {
  return (await tx.get<{ author: Author }>("SELECT author FROM messages WHERE id = ?", id))?.author;
}

/** The turn that a message of the conversation belongs to. */
export async function turnOf(tx: Reader, id: MessageId): Promise<string | undefined> {
  const row = await tx.get<{ turn: string | null }>("SELECT turn FROM messages WHERE id = ?", id);
  return row?.turn ?? undefined;
}

/** Whether something stands in the journal under this name. */
export async function hasJournal(tx: Reader, turn: string): Promise<boolean> {
  return (await tx.get("SELECT 1 AS one FROM journal WHERE turn = ?", turn)) !== undefined;
}

/** The customer's messages that a reply was for, oldest first, but for those they have taken back. */
export async function askedBefore(tx: Reader, reply: string): Promise<Asked[]> {
  const rows = await tx.all<AskedRow>(
    `SELECT asked.id, asked.by_name, asked.text, asked.files FROM messages reply
     JOIN messages asked ON asked.thread = reply.thread AND asked.turn = reply.turn
     WHERE reply.id = ? AND asked.author = 'customer' AND asked.deleted_at IS NULL ORDER BY asked.seq`,
    reply,
  );
  return rows.map(askedOf);
}

/** The customer's messages of a turn, oldest first. */
export async function askedIn(tx: Reader, thread: ThreadId, turn: string): Promise<Asked[]> {
  const rows = await tx.all<AskedRow>(
    `SELECT id, by_name, text, files FROM messages
     WHERE thread = ? AND turn = ? AND author = 'customer' AND deleted_at IS NULL ORDER BY seq`,
    thread,
    turn,
  );
  return rows.map(askedOf);
}

/** What names the turns since a conversation was opened or reopened; takes the thread twice. */
const turnsNow = `SELECT turn FROM messages WHERE thread = ? AND author = 'customer' AND turn IS NOT NULL
  GROUP BY turn ORDER BY MAX(seq) DESC LIMIT (SELECT turns FROM threads WHERE id = ?)`;

/**
 * The customer's messages with files since the conversation was opened or reopened: the newest `limit`, oldest first,
 * but for those they have taken back.
 */
export async function filesSentIn(tx: Reader, thread: ThreadId, limit: number): Promise<Asked[]> {
  const rows = await tx.all<AskedRow>(
    `SELECT id, by_name, text, files FROM messages WHERE thread = ? AND author = 'customer' AND files IS NOT NULL
       AND deleted_at IS NULL AND turn IN (${turnsNow}) ORDER BY seq DESC LIMIT ?`,
    thread,
    thread,
    thread,
    limit,
  );
  return rows.map(askedOf).reverse();
}

export interface Asked {
  id: MessageId;
  name: string;
  text: string;
  files: FileRef[];
}

interface AskedRow {
  id: string;
  by_name: string | null;
  text: string;
  files: string | null;
}

const askedOf = ({ id, by_name, text, files }: AskedRow): Asked => ({
  id,
  name: by_name ?? "",
  text,
  files: files === null ? [] : (JSON.parse(files) as FileRef[]),
});

/** The words of a reply in whose turn the end of a write became known; undefined for all others. */
export async function toldOfWrites(tx: Reader, reply: string): Promise<string | undefined> {
  const row = await tx.get<{ text: string; entries: string }>(
    `SELECT messages.text, journal.entries FROM messages JOIN journal ON journal.turn = messages.turn
     WHERE messages.id = ? AND journal.entries <> '[]'`,
    reply,
  );
  const entries = row ? (JSON.parse(row.entries) as TranscriptItem[]) : [];
  return entries.some((item) => item.role === "result" && item.intent !== undefined) ? row?.text : undefined;
}

/**
 * The sources of the newest replies since the conversation was opened or reopened, newest first, for a ticket's "what
 * was tried".
 */
export async function sourcesOf(tx: Reader, thread: ThreadId, limit: number): Promise<Source[]> {
  const rows = await tx.all<{ sources: string }>(
    `SELECT sources FROM messages WHERE thread = ? AND sources IS NOT NULL AND turn IN (${turnsNow})
     ORDER BY seq DESC LIMIT ?`,
    thread,
    thread,
    thread,
    limit,
  );
  const byTitle = new Map<string, Source>();
  for (const row of rows) {
    for (const source of JSON.parse(row.sources) as Source[]) byTitle.set(source.title, source);
  }
  return [...byTitle.values()];
}

/** Changes the text of a message that was dealt with; false when it is not in the transcript. */
export async function amendMessage(
  tx: Transaction,
  id: MessageId,
  text: string,
  now: number,
): Promise<boolean> {
  return (await tx.run("UPDATE messages SET text = ?, edited_at = ? WHERE id = ?", text, now, id)) > 0;
}

export async function deleteMessage(tx: Transaction, id: MessageId, now: number): Promise<boolean> {
  return (
    (await tx.run(
      "UPDATE messages SET text = '', deleted_at = ? WHERE id = ? AND deleted_at IS NULL",
      now,
      id,
    )) > 0
  );
}

/** A conversation in plain lines, for a person who was not there. */
export async function summaryOf(tx: Reader, thread: ThreadId): Promise<string> {
  const rows = await tx.all<{ author: Author; by_name: string | null; text: string }>(
    `SELECT author, by_name, text FROM messages
     WHERE thread = ? AND author <> 'note' AND deleted_at IS NULL ORDER BY seq DESC LIMIT 20`,
    thread,
  );
  const state = await tx.get<{ control: string; ticket: number | null; turns: number }>(
    "SELECT control, ticket, turns FROM threads WHERE id = ?",
    thread,
  );
  if (!state) return "Nothing has been said yet.";
  const head = `Summary: ${state.turns} ${state.turns === 1 ? "turn" : "turns"}, ${state.control.replace("_", " ")}${state.ticket === null ? "" : `, ticket #${state.ticket}`}.`;
  const lines = rows
    .reverse()
    .map(
      (row) =>
        `- ${row.author === "staff" ? (row.by_name ?? "staff") : row.author}: ${row.text.replace(/\s+/g, " ").slice(0, 160)}`,
    );
  return [head, ...lines].join("\n");
}

/** Tokens used since a moment, by the whole desk or in one account's threads. */
export async function tokensSince(tx: Reader, since: number, user?: string): Promise<number> {
  const sum = "COALESCE(SUM(tokens_in + tokens_out), 0) AS tokens";
  const row = user
    ? await tx.get<{ tokens: number }>(
        `SELECT ${sum} FROM journal WHERE ended_at >= ? AND thread IN (SELECT id FROM threads WHERE opener = ?)`,
        since,
        user,
      )
    : await tx.get<{ tokens: number }>(`SELECT ${sum} FROM journal WHERE ended_at >= ?`, since);
  return Number(row?.tokens ?? 0);
}

/** What bot and staff have said in a thread: the newest `limit` texts, oldest first. */
export async function saidToCustomer(tx: Reader, thread: ThreadId, limit: number): Promise<string[]> {
  const rows = await tx.all<{ text: string }>(
    `SELECT text FROM messages WHERE thread = ? AND author IN ('bot', 'staff') AND deleted_at IS NULL
     ORDER BY seq DESC LIMIT ?`,
    thread,
    limit,
  );
  return rows.map(({ text }) => text).reverse();
}

/** Whether a model has answered in a conversation since one of its places. */
export async function modelSpokeIn(tx: Reader, thread: ThreadId, since: number): Promise<boolean> {
  const sql = "SELECT turn FROM journal WHERE thread = ? AND seq > ? AND model <> 'none' LIMIT 1";
  return (await tx.get(sql, thread, since)) !== undefined;
}
