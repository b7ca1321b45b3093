/** A turn under way: what it has read, heard and done so far, what a policy sees of it, and what is told of it at its end. */

import type { Passage } from "../knowledge-base.ts";
import type { LanguageModel, TranscriptItem } from "../language-model.ts";
import type { DraftText } from "../policy.ts";
import type { Specialist } from "../specialist.ts";
import type { Outcome } from "./outcome.ts";
import type { Turn } from "./turn.ts";

export interface Work {
  turn: Turn;
  model: LanguageModel;
  specialist: Specialist;
  passages: Passage[];
  /** The conversation with what this turn has added, as the model sees it. */
  transcript: TranscriptItem[];
  entries: TranscriptItem[];
  tokens: { input: number; output: number };
  /** Calls that have failed in this turn, with their arguments. */
  failedCalls: Set<string>;
  /** Specialists who have had this turn. */
  visited: Set<string>;
  objected: boolean;
  /** The model has been shown text of articles: what it asks for then is not taken for the customer's wish. */
  tainted: boolean;
}

export function beginWork(turn: Turn, specialist: Specialist, model: LanguageModel): Work {
  return {
    turn,
    model,
    specialist,
    passages: [],
    transcript: conversationOf(turn),
    entries: [],
    tokens: { input: 0, output: 0 },
    failedCalls: new Set(),
    visited: new Set([specialist.name]),
    objected: false,
    tainted: false,
  };
}

/** What has happened in the turn, and stays in the conversation. */
export function add(work: Work, item: TranscriptItem): void {
  work.transcript.push(item);
  work.entries.push(item);
}

/** What a policy sees: the conversation as it happened, without drafts that were sent back. */
export function draftOf(work: Work, text: string): DraftText {
  return {
    text,
    passages: work.passages,
    transcript: [...conversationOf(work.turn), ...work.entries],
    instructions: work.specialist.instructions,
  };
}

/** What every outcome of the turn tells. */
export function resultOf(work: Work): Pick<Outcome, "specialist" | "model" | "entries" | "tokens"> {
  return {
    specialist: work.specialist.name,
    model: work.model.name,
    entries: work.entries,
    tokens: work.tokens,
  };
}

function conversationOf(turn: Turn): TranscriptItem[] {
  return [...turn.history, ...turn.asked.map((text): TranscriptItem => ({ role: "customer", text }))];
}
