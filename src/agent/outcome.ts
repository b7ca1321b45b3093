/** What a turn comes to. Expected trouble is an outcome too: nothing that happens leaves a customer without a word. */
import type { Escalation } from "../escalation.ts";
import type { TranscriptItem } from "../language-model.ts";
import type { Source } from "../platform.ts";
import type { Confirmation } from "../proposal.ts";
import type { ThreadId } from "../thread.ts";

export type Outcome = (
  | { kind: "answer" }
  /** The bot needs something from the customer first. */
  | { kind: "question" }
  /** The store asks the customer whether to go ahead; the text is the store's. */
  | { kind: "confirmation"; confirmation: Confirmation }
  | { kind: "escalation"; escalation: Escalation }
) & {
  /** For the customer; CommonMark. */
  text: string;
  sources: Source[];
  /** Who is in charge when the turn ends. */
  specialist: string;
  model: string;
  /** Calls and results, in order. */
  entries: TranscriptItem[];
  tokens: { input: number; output: number };
  /** The question is asked again in this private thread: others can read the customer's. */
  goesTo?: { thread: ThreadId; way: "direct" | "private_thread" };
  /** How what the customer wrote stands in the transcript and on the ticket, when not all of it is to be kept. */
  keep?: (text: string) => string;
};
