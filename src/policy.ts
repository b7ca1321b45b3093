/** The contract of a policy: a rule in code that sees every draft before a customer does. */
import type { Passage } from "./knowledge-base.ts";
import type { TranscriptItem } from "./language-model.ts";

export interface Policy {
  name: string;
  /**
   * It is about what harms whoever reads it: what is shown of a draft before its end passes it, and what the model
   * writes for staff.
   */
  everywhere?: boolean;
  review(draft: DraftText): Verdict;
}

export interface DraftText {
  /** As the model wrote it. */
  text: string;
  /** What the model was shown, in the order of its numbers. */
  passages: readonly Passage[];
  /** The whole conversation, with this turn's calls and results. */
  transcript: readonly TranscriptItem[];
  /** The specialist's instructions: the company's own words. */
  instructions: string;
}

export type Verdict =
  | { pass: true }
  /** The same answer, made harmless. */
  | { pass: true; text: string }
  /** Back to the model with this objection; the second time, a person is asked. */
  | { pass: false; objection: string };
