/** The contract of what is behind the memory: a Keyv store, and what can be done about it when it breaks. */
import type { KeyvStoreAdapter } from "keyv";

export interface Backend {
  store: KeyvStoreAdapter;
  /** Whether this error says that what is kept there is lost. */
  isBroken?(error: unknown): boolean;
  /** Closes it and puts what is kept there out of the way. */
  discard?(): Promise<void>;
  /** Deletes a few values whose time is over; where the database does not do so by itself. */
  sweep?(now: number): Promise<void>;
  scrub?(bytesMax: number): Promise<boolean>;
  close(): Promise<void>;
}
