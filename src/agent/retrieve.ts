/** What the articles say to a question, as far as they speak of it and this customer may read it. */
import type { KnowledgeBase } from "../knowledge-base.ts";
import type { Log } from "../log.ts";
import { sentencesOf } from "./sentences.ts";
import type { Turn } from "./turn.ts";
import type { Work } from "./work.ts";

/** Below this share of the question's words in the best passage, the articles do not speak of it. */
const coverageMin = 0.2;

/** Adds to what the turn has read; returns the numbers (from 1) under which what was found stands there, best first. */
export type Retrieve = (work: Work, question: string) => Promise<number[]>;

export function createRetrieve(parts: {
  knowledge: KnowledgeBase;
  passagesPerQuestion: number;
  log: Log;
}): Retrieve {
  return async (work, question) => {
    const { turn, passages } = work;
    const retrieval = await parts.knowledge.search(question, {
      limit: parts.passagesPerQuestion,
      audience: turn.customer && turn.visibility === "private" ? "verified" : "public",
      signal: turn.signal,
    });
    parts.log.debug("turn.retrieved", {
      turn: turn.id,
      coverage: retrieval.coverage,
      found: retrieval.found.map((one) => one.passage.id),
    });
    if (retrieval.coverage < coverageMin) return [];
    const found = retrieval.found.map((one) => one.passage);
    const known = new Set(passages.map((passage) => passage.id));
    passages.push(...found.filter((passage) => !known.has(passage.id)));
    return found.map((passage) => passages.findIndex((shown) => shown.id === passage.id) + 1);
  };
}

const shortQuestion = 24;
/** What goes on from the words before it: "What happens when I exceed it?" */
const goesOn = /\b(?:it|its|it's|they|them|that|this|those|these)\b/i;
const goesOnMax = 80;
/** In a longer message the new words would be lost, and no article would seem to speak of it. */
const beforeMax = 120;
const questionMax = 2000;

/** What to look for: the customer's new words; very short ones ("and express?"), and what goes on, take the ones before along. */
export function questionOf(turn: Turn): string {
  const asked = turn.asked.join("\n").slice(0, questionMax);
  if (asked.length >= shortQuestion && !(asked.length <= goesOnMax && goesOn.test(asked))) return asked;
  const before = turn.history.findLast((item) => item.role === "customer");
  const goesAlong = before?.role === "customer" ? shortOf(before.text) : "";
  return goesAlong === "" ? asked : `${goesAlong}\n${asked}`;
}

/** Of a longer message, what it asked last. */
function shortOf(text: string): string {
  if (text.length <= beforeMax) return text;
  const sentences = sentencesOf(text.slice(-questionMax));
  const question = sentences.findLast((sentence) => sentence.endsWith("?")) ?? "";
  return question.length <= beforeMax ? question : "";
}
