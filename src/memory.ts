/**
 * The contract of the memory: what may expire or be rebuilt, by key. Deleting all of it while the desk is stopped
 * changes nothing that a customer would notice, so nothing here is ever the only copy of anything that matters.
 */
import type { ThreadId } from "./thread.ts";

export interface Memory {
  /** @param namespace [a-z0-9-], beginning with a letter; the same one is the same store */
  store<T>(namespace: string): Store<T>;
  close(): Promise<void>;
  /**
   * Makes what has been deleted unreadable on the disk as well; the same as of the ledger.
   * @returns whether nothing is left
   * @throws DeskError memory_failed
   */
  scrub?(bytesMax?: number): Promise<boolean>;
}

/** Values are JSON. Every method throws DeskError memory_failed within a second or so, rather than wait for ever. */
export interface Store<T> {
  /** Undefined when there is none, or its time is over. */
  get(key: string): Promise<T | undefined>;
  /** @param ttlMs how long it is kept; for ever when left out, not at all when 0 or less */
  set(key: string, value: T, ttlMs?: number): Promise<void>;
  delete(key: string): Promise<void>;
}

/** What is remembered of a thread beside its transcript. Missing or behind, it is made again from the ledger. */
export interface Session {
  /** The transcript's sequence number up to which this is true. */
  readonly upTo: number;
  readonly summary?: string;
  /** The name of the specialist in charge. */
  readonly specialist?: string;
}

export interface SessionMemory {
  /** Never throws: a memory that fails has nothing. */
  get(thread: ThreadId): Promise<Session | undefined>;
  /** Seen by `get` at once; kept beyond this process about a second later. */
  set(thread: ThreadId, session: Session): void;
  /** @throws DeskError memory_failed when it may still be there */
  forget(thread: ThreadId): Promise<void>;
  /** Keeps what is not kept yet. */
  close(): Promise<void>;
}
