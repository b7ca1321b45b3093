/**
 * The running summary of what no longer fits: what the customer wanted, every id and amount, every promise, the question
 * that is still open. Made by rules, so that it is the same whenever it is made again. Pure.
 */
import type { TranscriptItem } from "../language-model.ts";
import { promisesIn } from "./promises.ts";

export interface RunningSummary {
  /** First sentences of what the customer wrote, oldest first. */
  asks: string[];
  ids: string[];
  amounts: string[];
  /** What the bot or staff promised, as they said it. */
  promises: string[];
  /** The last question to the customer, while nobody has answered it. */
  openQuestion: string | undefined;
}

/** Beyond these the oldest go first; a conversation of thousands of turns stays below them. */
const max = { asks: 12, ids: 200, amounts: 100, promises: 40 };
const askMax = 100;

const id = /\b[A-Za-z]{2,12}[-_]\d[\w-]*\b|(?<![\w&])#\d{2,}\b/g;
const amount = /(?:[$€£]\s?\d[\d.,]*)|\b\d[\d.,]*\s?(?:USD|EUR|GBP|CHF|dollars?|euros?|pounds?)\b/gi;

/** Extending by a and then by b is extending by both. */
export function extendSummary(
  before: RunningSummary | undefined,
  items: readonly TranscriptItem[],
): RunningSummary {
  const summary: RunningSummary = before
    ? {
        ...before,
        asks: [...before.asks],
        ids: [...before.ids],
        amounts: [...before.amounts],
        promises: [...before.promises],
      }
    : { asks: [], ids: [], amounts: [], promises: [], openQuestion: undefined };
  for (const item of items) take(summary, item);
  return summary;
}

function take(summary: RunningSummary, item: TranscriptItem): void {
  switch (item.role) {
    case "customer":
      add(summary.asks, firstSentence(item.text), max.asks);
      summary.openQuestion = undefined;
      takeFacts(summary, item.text);
      return;
    case "bot":
    case "staff":
      for (const promise of promisesIn(item.text)) add(summary.promises, promise, max.promises);
      summary.openQuestion = questionIn(item.text);
      takeFacts(summary, item.text);
      return;
    case "result":
      takeFacts(summary, typeof item.result === "string" ? item.result : (JSON.stringify(item.result) ?? ""));
      return;
    case "note":
    case "calls":
      return;
  }
}

function takeFacts(summary: RunningSummary, text: string): void {
  for (const match of text.match(id) ?? []) add(summary.ids, match, max.ids);
  for (const match of text.match(amount) ?? []) add(summary.amounts, match.trim(), max.amounts);
}

/** Once each; what was said last stands last. */
function add(list: string[], value: string, most: number): void {
  if (value === "") return;
  const at = list.indexOf(value);
  if (at >= 0) list.splice(at, 1);
  list.push(value);
  if (list.length > most) list.shift();
}

function firstSentence(text: string): string {
  const line = text.replace(/\s+/g, " ").trim();
  const sentence = /^.+?[.!?](?=\s|$)/.exec(line)?.[0] ?? line;
  return sentence.length > askMax ? `${sentence.slice(0, askMax - 1)}…` : sentence;
}

function questionIn(text: string): string | undefined {
  const line = text.replace(/\s+/g, " ").trim();
  return /[^.!?]*\?$/.exec(line)?.[0].trim();
}

/** What the model is shown instead of the older items. */
export function summaryText(summary: RunningSummary): string {
  const lines = [
    ["The customer asked", summary.asks.join(" / ")],
    ["Ids", summary.ids.join(", ")],
    ["Amounts", summary.amounts.join(", ")],
    ["Promised to the customer", summary.promises.join(" / ")],
    ["Open question", summary.openQuestion ?? ""],
  ].filter(([, value]) => value !== "");
  return `Earlier in this conversation:\n${lines.map(([label, value]) => `- ${label}: ${value}`).join("\n")}`;
}
