/** The contract between the agent and the intents: what becomes of a write that the model asks for. */
import type { ThreadId, UserId } from "./thread.ts";
import type { Tool } from "./tool.ts";

export interface WriteRequest {
  turn: string;
  thread: ThreadId;
  /** The account that asks, and alone may confirm. */
  opener: UserId;
  /** The verified customer. */
  customer: { id: string } | undefined;
  /** Everything the customer has written in this conversation. */
  said: readonly string[];
  /** Whether the model has taken in text from others since the customer asked. */
  tainted: boolean;
  /** @throws DeskError ledger_conflict when the bot no longer has the thread */
  stillOurs(): Promise<void>;
  signal: AbortSignal;
}

export interface Proposed {
  /** For the model. */
  result: unknown;
  failed: boolean;
  /** The write that the result speaks of. */
  intent?: string;
  /** The customer is asked; the turn ends with this question. */
  confirmation?: Confirmation;
}

/** A question that the store puts to the customer, in its own words. */
export interface Confirmation {
  id: string;
  text: string;
  /** Milliseconds since 1970. */
  expiresAt: number;
}

export type Propose = (tool: Tool, input: unknown, request: WriteRequest) => Promise<Proposed>;
