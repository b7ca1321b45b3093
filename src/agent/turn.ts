/** What the agent is given for one turn, and nothing else. */
import type { TranscriptItem } from "../language-model.ts";
import type { ThreadId, UserId } from "../thread.ts";

export interface Turn {
  id: string;
  thread: ThreadId;
  visibility: "private" | "shared";
  /** The account whose conversation this is. */
  opener: UserId;
  /** The inbox event that began the turn. */
  event: string;
  /** Who wrote last, or pressed. */
  by: UserId | undefined;
  /** A button of a question that the store had put to the customer. */
  pressed: { intent: string; yes: boolean } | undefined;
  /** Turns of this conversation so far. */
  turns: number;
  /** Who was in charge last; undefined in a new conversation. */
  specialist: string | undefined;
  /** The verified customer; not `fresh`: the proof is too old for writes. */
  customer: { id: string; fresh: boolean } | undefined;
  /** What was said and done before, oldest first. */
  history: readonly TranscriptItem[];
  /** What the customer has written and nobody has answered. */
  asked: readonly string[];
  /** What the customer may see while it is written. */
  show: Show | undefined;
  /**
   * The fence: returns while the bot still has the thread.
   * @throws DeskError ledger_conflict
   */
  stillOurs(): Promise<void>;
  /** Aborted when a newer message or a person makes the turn pointless. */
  signal: AbortSignal;
}

export interface Show {
  text(delta: string): void;
  step(id: string, title: string, state: "running" | "done" | "failed"): void;
  /** What was shown will not stand: the final text comes as a whole. */
  discard(): void;
}

/** Everything the customer has written. */
export function wordsOfCustomer(turn: Turn): string[] {
  const before = turn.history.flatMap((item) => (item.role === "customer" ? [item.text] : []));
  return [...before, ...turn.asked];
}
