/** What the HTTP adapter asks of the desk beyond receiving: who a session belongs to, how far it is, what was said. */
import type { Person } from "../../src/message.ts";
import type { Post } from "../../src/platform.ts";
import type { MessageId, ThreadId, UserId } from "../../src/thread.ts";

/** All of it from what is durable: it is the same after a restart. */
export interface Sessions {
  /** undefined when nobody has written there, or it has been erased. */
  find(thread: ThreadId): Promise<Session | undefined>;
  /** What the customer can read in this thread, the newest `limit`, oldest first: no notes, no staff's talk. */
  messages(thread: ThreadId, limit: number): Promise<Line[]>;
  /**
   * The conversation begins anew under the same id, for the same customer: no turns, no items, no specialist.
   * @throws DeskError thread_move while a person has it
   */
  reset(thread: ThreadId, by: Person): Promise<void>;
  /** Whether an event has been taken under this key, by this process or an earlier one. */
  knows(key: string): Promise<boolean>;
}

export interface Session {
  /** The author of its first message; nobody else ever gets at it. */
  opener: UserId;
  /** Who is in charge, or was last; undefined before the first turn. */
  specialist: string | undefined;
  /** Turns since it was opened or begun anew. */
  turns: number;
  /** Items of its history: what was said and what tools answered. */
  items: number;
  /** The ticket that is open for it. */
  ticket: number | undefined;
  /** A person has it, or has been asked for. */
  withStaff: boolean;
}

/** `id`: of what we posted the outbox id, the key under which it was posted; of what the customer wrote its message id. */
export type Line =
  | { from: "customer"; id: MessageId; at: number; text: string }
  | { from: "bot" | "staff"; id: string; at: number; post: Post };

export interface Readiness {
  ready: boolean;
  /** What was looked at, by name, without secrets. */
  checks?: Record<string, boolean>;
}
