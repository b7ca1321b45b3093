/** The store's questions to customers, as they stand in a conversation: which of them a yes or no is about, and how it reads. */
import type { Reader } from "../ledger.ts";
import type { ThreadId } from "../thread.ts";
import { isLater } from "./ids.ts";
import { waitingEvent } from "./inbox.ts";
import { findIntent, type Intent } from "./intents.ts";
import type { Send } from "./outbox.ts";

/**
 * What a plain "yes" in a thread is about: the store's question, where that is what it replies to, or, where it replies to
 * nothing of ours, the last thing the customer was told. To anything said since, by the bot or by staff, it would be an
 * answer to something else; and so it would be to what the same turn has wished for and not asked, when it was begun again
 * with a newer message. Nor is it about a question that nobody can have read: one that has not arrived yet, or that did not
 * exist when the yes came in.
 * @param event the inbox event that says yes or no
 */
export async function askedLast(tx: Reader, thread: ThreadId, event: string): Promise<Intent | undefined> {
  const said = (await repliedTo(tx, thread, event)) ?? (await toldLast(tx, thread));
  const send = said?.send ? (JSON.parse(said.send) as Send) : undefined;
  const asked = send?.does === "post" ? send.post.confirmation : undefined;
  const intent = asked && (await findIntent(tx, asked.id));
  if (intent?.state !== "proposed" || intent.thread !== thread) return undefined;
  return isLater(event, intent.id) ? intent : undefined;
}

/** A question of the store's as its customer reads it; undefined when it stands nowhere in this thread. */
export async function wordsOfQuestion(tx: Reader, thread: ThreadId, id: string): Promise<string | undefined> {
  const row = await tx.get<{ send: string }>(
    "SELECT send FROM outbox WHERE thread = ? AND author = 'bot' AND send LIKE ? ORDER BY id DESC LIMIT 1",
    thread,
    `%"confirmation":{"id":"${id}"%`,
  );
  const send = row && (JSON.parse(row.send) as Send);
  return send?.does === "post" ? send.post.confirmation?.text : undefined;
}

/** What we have posted in this thread and an event's message points at, where its platform knows replies. */
async function repliedTo(
  tx: Reader,
  thread: ThreadId,
  event: string,
): Promise<{ send: string | null } | undefined> {
  const said = await waitingEvent(tx, event);
  const other = said?.kind === "message" ? said.message.replyTo : undefined;
  if (other === undefined) return undefined;
  return tx.get("SELECT send FROM outbox WHERE posted = ? AND thread = ?", other, thread);
}

async function toldLast(tx: Reader, thread: ThreadId): Promise<{ send: string | null } | undefined> {
  return tx.get(
    `SELECT CASE WHEN deleted_at IS NULL THEN (SELECT send FROM outbox WHERE outbox.id = messages.id
       AND NOT (state = 'waiting' AND fault IS NOT NULL)) END AS send
     FROM messages WHERE thread = ? AND author IN ('bot', 'staff')
       AND seq > (SELECT since_seq FROM threads WHERE threads.id = messages.thread) AND NOT EXISTS
       (SELECT 1 FROM outbox WHERE outbox.id = messages.id AND (state IN ('failed', 'cancelled')
          OR (state = 'waiting' AND fence <> (SELECT version FROM threads WHERE threads.id = outbox.thread))))
     ORDER BY seq DESC LIMIT 1`,
    thread,
  );
}
