/** A conversation as its customer may see it from outside: what a program that talks to the desk asks for. */
import type { Clock } from "./clock.ts";
import { DeskError } from "./errors.ts";
import { audit } from "./ledger/audit.ts";
import type { Send } from "./ledger/outbox.ts";
import { findThread, type Thread } from "./ledger/threads.ts";
import { findTicket } from "./ledger/tickets.ts";
import type { Ledger, Reader } from "./ledger.ts";
import type { Person } from "./message.ts";
import type { Post } from "./platform.ts";
import type { ThreadId } from "./thread.ts";

type Line =
  | { from: "customer"; id: string; at: number; text: string }
  | { from: "bot" | "staff"; id: string; at: number; post: Post };

interface Heard {
  id: string;
  text: string;
  at: number;
}

interface Posted {
  id: string;
  author: "bot" | "staff";
  send: string;
  created_at: number;
  /** What it says since its writer has changed it. */
  changed: string | null;
}

export function createSessions(parts: { ledger: Ledger; clock: Clock }) {
  const { ledger, clock } = parts;

  return {
    find: (id: ThreadId) =>
      ledger.read(async (tx) => {
        const thread = await findThread(tx, id);
        if (!thread) return undefined;
        return {
          opener: thread.opener,
          specialist: thread.specialist,
          turns: thread.turns,
          items: await countItems(tx, id, thread.since),
          ticket: await openTicketOf(tx, thread),
          withStaff: thread.control === "escalated" || thread.control === "taken_over",
        };
      }),

    /** What the customer can read, the newest `limit`, oldest first. */
    messages: (id: ThreadId, limit: number): Promise<Line[]> =>
      ledger.read(async (tx) => {
        const since = (await findThread(tx, id))?.since ?? 0;
        const heard = await tx.all<Heard>(
          `SELECT id, text, at FROM messages
           WHERE thread = ? AND seq > ? AND author = 'customer' AND deleted_at IS NULL ORDER BY seq DESC LIMIT ?`,
          id,
          since,
          limit,
        );
        const begun = await tx.get<{ at: number | null }>(
          "SELECT MAX(at) AS at FROM messages WHERE thread = ? AND seq <= ?",
          id,
          since,
        );
        const posted = await tx.all<Posted>(
          `SELECT outbox.id, outbox.author, send, created_at, CASE WHEN edited_at IS NOT NULL THEN text END AS changed
           FROM outbox LEFT JOIN messages ON messages.id = outbox.source
           WHERE outbox.thread = ? AND lane = ? AND outbox.author IN ('bot', 'staff') AND deleted_at IS NULL
             AND state IN ('waiting', 'sending', 'sent') AND created_at > ?
             AND NOT EXISTS (SELECT 1 FROM messages AS own WHERE own.id = outbox.id AND own.seq <= ?)
           ORDER BY outbox.id DESC LIMIT ?`,
          id,
          id,
          begun?.at ?? 0,
          since,
          limit,
        );
        return [...heard.map(heardLine), ...posted.flatMap(postedLine)]
          .sort((a, b) => a.at - b.at)
          .slice(-limit);
      }),

    /**
     * The conversation begins anew under the same id.
     * @throws DeskError thread_move while a person has it
     */
    reset: (id: ThreadId, by: Person): Promise<void> =>
      ledger.write(async (tx) => {
        const thread = await findThread(tx, id);
        if (!thread) return;
        if (thread.control === "escalated" || thread.control === "taken_over") {
          throw new DeskError("thread_move", "a person has this conversation");
        }
        await tx.run(
          `UPDATE threads SET turns = 0, specialist = NULL, since_seq = last_seq, control = 'automated',
             version = version + 1 WHERE id = ?`,
          id,
        );
        await audit(tx, clock, { actor: by.id, action: "thread.reset", subject: id, thread: id });
      }),

    /** Whether an event has been taken under this key. */
    knows: async (key: string): Promise<boolean> =>
      (await ledger.read((tx) => tx.get("SELECT key FROM inbox_keys WHERE key = ?", key))) !== undefined,
  };
}

/** What was said, and a call and its result for each turn that used tools. */
async function countItems(tx: Reader, id: ThreadId, since: number): Promise<number> {
  const said = await tx.get<{ count: number }>(
    "SELECT COUNT(*) AS count FROM messages WHERE thread = ? AND seq > ? AND author <> 'note' AND deleted_at IS NULL",
    id,
    since,
  );
  const done = await tx.get<{ count: number }>(
    "SELECT COUNT(*) AS count FROM journal WHERE thread = ? AND seq > ? AND entries <> '[]'",
    id,
    since,
  );
  return Number(said?.count ?? 0) + 2 * Number(done?.count ?? 0);
}

function heardLine({ id, text, at }: Heard): Line {
  return { from: "customer", id, at, text };
}

function postedLine({ id, author, send, created_at: at, changed }: Posted): Line[] {
  const { does, post } = JSON.parse(send) as Send & { post: Post };
  return does === "post" ? [{ from: author, id, at, post: { ...post, text: changed ?? post.text } }] : [];
}

/** A conversation that goes on keeps the number of its last ticket. */
async function openTicketOf(tx: Reader, { control, ticket }: Thread): Promise<number | undefined> {
  if (control === "resolved" || ticket === undefined) return undefined;
  return (await findTicket(tx, ticket))?.state === "resolved" ? undefined : ticket;
}
