/** A conversation as its customer may see it from outside: what a program that talks to the desk asks for. */
import type { Clock } from "./clock.ts";
import { DeskError } from "./errors.ts";
import { audit } from "./ledger/audit.ts";
import { findThread } from "./ledger/threads.ts";
import { historyOf } from "./ledger/transcript.ts";
import type { Ledger } from "./ledger.ts";
import type { Person } from "./message.ts";
import type { Post, Source } from "./platform.ts";
import type { ThreadId } from "./thread.ts";

export type Sessions = ReturnType<typeof createSessions>;

type Line =
  | { from: "customer"; id: string; at: number; text: string }
  | { from: "bot" | "staff"; id: string; at: number; post: Post };

interface Row {
  id: string;
  author: "customer" | "bot" | "staff";
  by_name: string | null;
  text: string;
  sources: string | null;
  at: number;
}

/** More items than this are not counted one by one. */
const itemsMax = 10_000;

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
          items: (await historyOf(tx, id, itemsMax, thread.since)).length,
          ticket: thread.control === "resolved" ? undefined : thread.ticket,
          withStaff: thread.control === "escalated" || thread.control === "taken_over",
        };
      }),

    /** What the customer can read, the newest `limit`, oldest first. */
    messages: (id: ThreadId, limit: number): Promise<Line[]> =>
      ledger.read(async (tx) => {
        const thread = await findThread(tx, id);
        const rows = await tx.all<Row>(
          `SELECT id, author, by_name, text, sources, at FROM messages
           WHERE thread = ? AND seq > ? AND author <> 'note' AND deleted_at IS NULL ORDER BY seq DESC LIMIT ?`,
          id,
          thread?.since ?? 0,
          limit,
        );
        return rows.reverse().map(lineOf);
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

function lineOf(row: Row): Line {
  const { id, at, text } = row;
  if (row.author === "customer") return { from: "customer", id, at, text };
  const sources = row.sources ? { sources: JSON.parse(row.sources) as Source[] } : {};
  return {
    from: row.author,
    id,
    at,
    post: { text, ...sources, ...(row.by_name ? { as: row.by_name } : {}) },
  };
}
