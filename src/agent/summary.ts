/**
 * The running summary of what no longer fits: what the customer wanted, every id and amount, every promise, the question
 * that is still open. Made by rules, one item after the other, so that it is the same whenever it is made again. Pure.
 *
 * It is bounded: of each list the entries that were spoken of last are kept, and how many had to go is told. Those are
 * in the ledger still.
 */
import type { TranscriptItem } from "../language-model.ts";
import { escalateName, searchName, transferPrefix } from "./built-in-tools.ts";
import { amountsIn, factsIn, idsIn } from "./facts-in.ts";
import { promisesIn } from "./promises.ts";
import { sentencesOf } from "./sentences.ts";

export interface RunningSummary {
  /** What the customer wrote, one line each, oldest first. */
  asks: string[];
  /** As they were written, the ones spoken of last at the end. */
  ids: string[];
  amounts: string[];
  /** What the bot or staff promised, as they said it. */
  promises: string[];
  /** What the customer wants to know and nobody has answered yet. */
  openQuestion?: string;
  /** What the customer was asked last, and has not answered. */
  asked?: string;
  /** Why a person was asked for, while none has answered. */
  handedOver?: string;
  /** How many of each list had to go. */
  gone: { asks: number; ids: number; amounts: number; promises: number };
}

type ListName = keyof RunningSummary["gone"];

const most: Readonly<Record<ListName, number>> = { asks: 12, ids: 60, amounts: 30, promises: 12 };
/** Of one result: a list of everything must not push out what was spoken of. */
const idsOfResultMax = 12;
const askMax = 160;
const questionMax = 240;

/** One that was kept as JSON; undefined when it is missing, or what an older, a newer or a broken version has left. */
export function readSummary(kept: string | undefined): RunningSummary | undefined {
  try {
    const read = JSON.parse(kept ?? "null") as RunningSummary | null;
    const whole = [read?.asks, read?.ids, read?.amounts, read?.promises].every(
      (list) => Array.isArray(list) && list.every((one) => typeof one === "string"),
    );
    return whole && read ? read : undefined;
  } catch {
    return undefined;
  }
}

/** Extending by a and then by b is extending by both. */
export function extendSummary(
  before: RunningSummary | undefined,
  items: readonly TranscriptItem[],
): RunningSummary {
  const summary: RunningSummary = {
    ...before,
    asks: [...(before?.asks ?? [])],
    ids: [...(before?.ids ?? [])],
    amounts: [...(before?.amounts ?? [])],
    promises: [...(before?.promises ?? [])],
    gone: { asks: 0, ids: 0, amounts: 0, promises: 0, ...before?.gone },
  };
  for (const item of items) take(summary, item);
  return summary;
}

function take(summary: RunningSummary, item: TranscriptItem): void {
  switch (item.role) {
    case "customer":
      takeCustomer(summary, item.text);
      return;
    case "bot":
      takeReply(summary, item.text, summary.handedOver === undefined);
      return;
    case "staff":
      delete summary.handedOver;
      takeReply(summary, item.text, true);
      return;
    case "calls": {
      const handed = item.calls.find((call) => call.name === escalateName);
      if (handed) summary.handedOver = line(reasonOf(handed.arguments), askMax);
      return;
    }
    case "result":
      takeResult(summary, item);
      return;
    case "note":
      return;
  }
}

function takeCustomer(summary: RunningSummary, text: string): void {
  takeFacts(summary, text);
  const ask = line(text, askMax);
  if (ask !== "" && !idle.test(ask)) {
    add(summary, "asks", ask);
    // An answer to what we have asked leaves the customer's own question open.
    const answers = summary.asked !== undefined && summary.openQuestion !== undefined && !text.includes("?");
    if (!answers) summary.openQuestion = questionOf(text) ?? ask;
  }
  delete summary.asked;
}

/** @param answers false for the bot's words while a person is waited for */
function takeReply(summary: RunningSummary, text: string, answers: boolean): void {
  takeFacts(summary, text);
  for (const promise of promisesIn(text)) add(summary, "promises", promise);
  const question = /\?["')*_]*(?: ?\[\d{1,2}\])*\s*$/.test(text) ? questionOf(text) : undefined;
  if (question !== undefined) summary.asked = question;
  else {
    delete summary.asked;
    if (answers) delete summary.openQuestion;
  }
}

function takeResult(summary: RunningSummary, item: Extract<TranscriptItem, { role: "result" }>): void {
  if (item.failed || item.name === searchName || item.name.startsWith(transferPrefix)) return;
  const { ids, amounts } = factsIn(item.result, idsOfResultMax);
  for (const one of ids) add(summary, "ids", one);
  for (const one of amounts) add(summary, "amounts", one);
}

function takeFacts(summary: RunningSummary, text: string): void {
  for (const one of idsIn(text)) add(summary, "ids", one);
  for (const one of amountsIn(text)) add(summary, "amounts", one);
}

/** Once each; what was said last stands last. */
function add(summary: RunningSummary, name: ListName, value: string): void {
  const list = summary[name];
  const at = list.findIndex((one) => one.toLowerCase() === value.toLowerCase());
  if (at >= 0) list.splice(at, 1);
  list.push(value);
  if (list.length <= most[name]) return;
  list.shift();
  summary.gone[name] += 1;
}

/** Says nothing to remember. */
const idle =
  /^(?:(?:ok(?:ay)?|yes|yeah|yep|no|nope|sure|thanks?(?: you)?(?: very much| so much)?|thx|ty|hi|hello|hey|good (?:morning|afternoon|evening)|please|great|perfect|fine|alright|ja|nein|danke|oui|non|merci|sí|si|gracias|bye)[\s,!.]*)+$/i;

function line(text: string, max: number): string {
  const flat = text.replace(/\s+/g, " ").trim();
  return flat.length > max ? `${flat.slice(0, max - 1).replace(/[\uD800-\uDBFF]$/, "")}…` : flat;
}

/** The last question in a text. */
function questionOf(text: string): string | undefined {
  const question = sentencesOf(text).findLast((sentence) => sentence.includes("?"));
  return question === undefined ? undefined : line(question, questionMax);
}

function reasonOf(input: string): string {
  try {
    const { reason } = JSON.parse(input) as { reason?: unknown };
    return typeof reason === "string" && reason.trim() !== "" ? reason : "asked for";
  } catch {
    return "asked for";
  }
}

const charactersMax = 1500;
const oldAskMax = 50;

/**
 * What the model is shown instead of the older items: about 1,500 characters at most. What the customer asked gives way
 * first, the oldest before the newer; ids, amounts, promises and the open question are always there as a whole.
 */
export function summaryText(summary: RunningSummary): string {
  const { gone } = summary;
  const facts = [
    entry("Ids", summary.ids.join(", "), gone.ids),
    entry("Amounts", summary.amounts.join(", "), gone.amounts),
    entry("Promised to the customer", summary.promises.join(" / "), gone.promises),
    entry("Not answered yet", summary.openQuestion ?? "", 0),
    entry("The customer was asked", summary.asked ?? "", 0),
    entry("A person was asked for", summary.handedOver ?? "", 0),
  ].filter((one) => one !== "");
  const head = "Earlier in this conversation:";
  const room = charactersMax - [head, ...facts].join("\n").length;
  return [head, asksWithin(summary, room), ...facts].filter((one) => one !== "").join("\n");
}

/** As many of the customer's asks as there is room for: the newest whole, older ones shortened, then counted only. */
function asksWithin({ asks, gone }: RunningSummary, room: number): string {
  for (let whole = asks.length; whole >= 0; whole--) {
    const shown = asks.map((ask, at) => (at < asks.length - whole ? line(ask, oldAskMax) : ask));
    const said = entry("The customer wrote", shown.join(" / "), gone.asks);
    if (said.length <= room) return said;
  }
  for (let left = asks.length - 1; left > 0; left--) {
    const shown = asks.slice(-left).map((ask) => line(ask, oldAskMax));
    const said = entry("The customer wrote", shown.join(" / "), gone.asks + asks.length - left);
    if (said.length <= room) return said;
  }
  return "";
}

function entry(label: string, value: string, older: number): string {
  if (value === "") return "";
  return `- ${label}: ${value}${older > 0 ? ` (and ${older} older)` : ""}`;
}
