/**
 * A transcript as the offline model reads it. The model keeps nothing itself: what it asked, what it was told and what
 * it has done are all in the conversation.
 */
import type { ToolCall, ToolSpec, TranscriptItem } from "../language-model.ts";
import { saysDone } from "../tool.ts";
import { namedIn } from "./offline-readers.ts";
import { isWish, takesBack } from "./offline-wishes.ts";

/** A call that was made, with what came back. */
export interface Done {
  name: string;
  arguments: Record<string, unknown>;
  failed: boolean;
  result: unknown;
}

export interface OfflineTurn {
  /** The customer's words since the last reply. */
  message: string;
  /** The same, with the earlier words that they complete: "I want a refund" before "It's ORD-1002". */
  wish: string;
  /** The question that the last reply ended with. */
  asked: string | undefined;
  /** The questions of the replies before, newest first; the first of them is `asked`. */
  questions: readonly (string | undefined)[];
  /** The model's own questions that the message and the words before it answer, newest first. */
  answers: readonly Answer[];
  /** The customer's messages before, newest first. */
  earlier: readonly string[];
  /** What was called since the customer wrote, in order. */
  work: readonly Done[];
  /** What was called before, in order. */
  past: readonly Done[];
  /** Model calls of this turn that asked for tools. */
  rounds: number;
  /** The customer knows that no language model answers. */
  noticed: boolean;
  /** The last draft was sent back by a review. */
  objected: boolean;
}

export interface Answer {
  question: string;
  text: string;
}

/** What the customer wrote, what was done about it, and what was answered. */
interface Exchange {
  texts: string[];
  done: Done[];
  rounds: number;
  reply: string | undefined;
}

export const notice = "(I'm answering without a language model, straight from our articles.)";

const messageMax = 8000;
const wishPartsMax = 6;

/** @param writes the tools that change something: a wish that one of them has fulfilled is over */
export function readTurn(transcript: readonly TranscriptItem[], writes: ReadonlySet<string>): OfflineTurn {
  const objected = isObjection(transcript);
  const exchanges = exchangesOf(objected ? transcript.slice(0, -2) : transcript);
  const now = exchanges.at(-1) as Exchange;
  const before = exchanges.slice(0, -1);
  const message = textOf(now);
  const questions = before
    .map((one) => (one.reply === undefined ? undefined : questionAtEnd(one.reply)))
    .reverse();
  return {
    message,
    ...wishOf(exchanges, writes),
    asked: questions[0],
    questions,
    earlier: before.flatMap((one) => one.texts).reverse(),
    work: now.done,
    past: before.flatMap((one) => one.done),
    rounds: now.rounds,
    noticed: transcript.some((item) => "text" in item && item.text.includes("without a language model")),
    objected,
  };
}

/** The agent gives back a draft that did not pass, as the bot's words and a note. */
function isObjection(transcript: readonly TranscriptItem[]): boolean {
  const last = transcript.at(-1);
  return last?.role === "note" && transcript.at(-2)?.role === "bot" && /\bnot sent\b/i.test(last.text);
}

function exchangesOf(transcript: readonly TranscriptItem[]): Exchange[] {
  const exchanges: Exchange[] = [{ texts: [], done: [], rounds: 0, reply: undefined }];
  const calls = new Map<string, ToolCall>();
  for (const item of transcript) {
    switch (item.role) {
      case "customer":
        openOf(exchanges).texts.push(item.text);
        break;
      case "bot":
      case "staff": {
        const last = exchanges.at(-1) as Exchange;
        last.reply = last.reply === undefined ? item.text : `${last.reply}\n${item.text}`;
        break;
      }
      case "calls":
        openOf(exchanges).rounds += 1;
        for (const call of item.calls) calls.set(call.id, call);
        break;
      case "result": {
        const call = calls.get(item.id);
        openOf(exchanges).done.push({
          name: item.name,
          arguments: argumentsOf(call?.arguments ?? ""),
          failed: item.failed,
          result: item.result,
        });
        break;
      }
      case "note":
        break;
    }
  }
  openOf(exchanges);
  return exchanges;
}

/** The exchange that is not answered yet. */
function openOf(exchanges: Exchange[]): Exchange {
  const last = exchanges.at(-1) as Exchange;
  if (last.reply === undefined) return last;
  const next: Exchange = { texts: [], done: [], rounds: 0, reply: undefined };
  exchanges.push(next);
  return next;
}

function textOf(exchange: Exchange): string {
  return exchange.texts
    .join("\n")
    .slice(0, messageMax)
    .replace(/^\[file: [^\]\n]*\]$/gm, "")
    .trim();
}

/** The chain of answers to the model's own questions that ends with the newest message, oldest first. */
function wishOf(
  exchanges: readonly Exchange[],
  writes: ReadonlySet<string>,
): { wish: string; answers: Answer[] } {
  const parts = [textOf(exchanges.at(-1) as Exchange)];
  const answers: Answer[] = [];
  for (let at = exchanges.length - 2; at >= 0 && parts.length < wishPartsMax; at--) {
    const exchange = exchanges[at] as Exchange;
    const text = parts[0] as string;
    const question = exchange.reply === undefined ? undefined : questionAtEnd(exchange.reply);
    if (question === undefined || !asksForMore(question) || startsAnew(text, question)) break;
    if (exchange.done.some((one) => writes.has(one.name) && succeeded(one))) break;
    answers.push({ question, text });
    parts.unshift(textOf(exchange));
  }
  return { wish: parts.filter((part) => part !== "").join("\n"), answers };
}

/** The last sentence of a reply when it wants something of the customer. */
function questionAtEnd(reply: string): string | undefined {
  const text = reply.replace(notice, "").trim();
  const last =
    text
      .split(/(?<=[.!?])\s+|\n+/)
      .at(-1)
      ?.trim() ?? "";
  if (last.endsWith("?")) return last;
  return /\b(?:please|could you|can you)\b.*\b(?:provide|share|send|give|tell|confirm)\b/i.test(last)
    ? last
    : undefined;
}

/** Asks for a missing thing; an offer ("Shall I …?") and "Anything else?" do not. */
function asksForMore(question: string): boolean {
  return !/\b(?:shall i|should i|would you like|do you want|want me to|anything else|how (?:can|may) i help|what can i do)\b/i.test(
    question,
  );
}

/** A new question or a new wish instead of an answer. */
function startsAnew(text: string, question: string): boolean {
  const named = namedIn(text).length > 0;
  // Asked for anything but a number, people may well say what they want.
  const number = /\b(?:number|code|id|address)\?$/i.test(question);
  if (text.trim().endsWith("?") && !/\d/.test(text)) return number;
  if (takesBack(text) && (number || /\b(?:forget|never ?mind)\b/i.test(text))) return true;
  return isWish(text) && (named || number);
}

/** It ran, and did not say that nothing was done. */
function succeeded(done: Done): boolean {
  return !done.failed && refusalIn(done, "write") === undefined;
}

/** Why a tool did nothing, in its words; empty where it gives none; undefined when it did something. */
export function refusalIn(
  { name, result }: Pick<Done, "name" | "result">,
  effect: ToolSpec["effect"] | undefined,
): string | undefined {
  if (typeof result !== "object" || result === null || Array.isArray(result)) return undefined;
  const { error, reason, message, text, ...rest } = result as Record<string, unknown>;
  const why = [reason, message, text, error].find((one) => typeof one === "string" && one.trim() !== "");
  const refused =
    (error !== undefined && error !== null && error !== false) || rest.ok === false || rest.success === false;
  // `{ refunded: false, reason }`: what was asked for did not happen. A look tells what it has found.
  const did = effect === "read" || rest.ok === true || saysDone(name, rest);
  const undone = !did && typeof reason === "string" && Object.values(rest).includes(false);
  return refused || undone ? ((why as string | undefined) ?? "") : undefined;
}

function argumentsOf(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : {};
  } catch {
    return {};
  }
}
