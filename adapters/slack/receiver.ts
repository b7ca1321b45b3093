/** What both transports hand on, and what they want back. */
import type { Json } from "./payload.ts";

/**
 * Takes one payload. Resolves, with the body of the acknowledgement if there is one, when Slack may be told that it has
 * arrived; rejects when Slack must bring it again.
 */
export type Handle = (body: Json) => Promise<Json | undefined>;

export interface Receiver {
  /** Resolves when payloads can arrive. */
  start(): Promise<void>;
  /** No new payloads; those under way are answered first. */
  close(): Promise<void>;
}
