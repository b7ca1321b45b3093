/** A tool's arguments as far as the conversation gives them. Pure; what is returned as complete fits the tool's schema. */
import type { ToolSpec } from "../language-model.ts";
import { valuesIn } from "./offline-readers.ts";
import { recordMeant } from "./offline-records.ts";
import { fits } from "./offline-schema.ts";
import { questionFor, type Slot, slotsOf } from "./offline-slots.ts";
import type { OfflineTurn } from "./offline-turn.ts";

export type Filling =
  | { complete: true; arguments: Record<string, unknown>; fresh: boolean }
  | { complete: false; missing: Slot };

export interface From {
  /** Ids of earlier messages count. */
  remember?: boolean;
  /** Which thing is meant may be seen from what tools have said. */
  records?: boolean;
}

const callsMax = 3;
const wordsMax = 500;

/** One filling for each thing the message names ("ORD-1 and ORD-2"), at most three; an incomplete one stands alone. */
export function fillingsOf(tool: ToolSpec, turn: OfflineTurn, from: From): Filling[] {
  const slots = slotsOf(tool);
  const shared: Record<string, unknown> = {};
  let several: { name: string; values: unknown[] } | undefined;
  let fresh = false;
  for (const slot of slots) {
    const read = readSlot(slot, slots, turn, from);
    fresh ||= read.fresh;
    if (read.values.length === 0) {
      if (slot.required) return [{ complete: false, missing: slot }];
      continue;
    }
    shared[slot.name] = read.values[0];
    if (slot.kind === "identifier" && slot.required && read.values.length > 1 && !several) {
      several = { name: slot.name, values: read.values };
    }
  }
  const all = several
    ? several.values
        .slice(0, callsMax)
        .map((value) => ({ ...shared, [(several as { name: string }).name]: value }))
    : [shared];
  return all.filter((one) => fits(tool.input, one)).map((one) => ({ complete: true, arguments: one, fresh }));
}

interface Read {
  values: unknown[];
  /** It stands in the customer's newest message. */
  fresh: boolean;
}

function readSlot(slot: Slot, slots: readonly Slot[], turn: OfflineTurn, from: From): Read {
  const answer = answerTo(slot, turn);
  if (slot.kind === "words") return { values: ownWords(slot, slots, turn, answer), fresh: false };
  const now = valuesIn(slot, turn.message, answer === turn.message || /^#\d{3,}$/.test(turn.message));
  if (now.length > 0) return { values: now, fresh: slot.kind === "identifier" || slot.kind === "email" };
  const answered = answer === undefined ? [] : valuesIn(slot, answer, true);
  if (answered.length > 0) return { values: answered, fresh: false };
  if (slot.kind === "text") return { values: [], fresh: false };
  const before = valuesIn(slot, turn.wish, false);
  if (before.length > 0) return { values: before, fresh: false };
  if (slot.kind !== "identifier" || !slot.required) return { values: [], fresh: false };
  const meant = from.records
    ? recordMeant(
        slot,
        turn.wish,
        [...turn.past, ...turn.work].filter((one) => !one.failed).map((one) => one.result),
      )
    : undefined;
  if (meant !== undefined) return { values: [meant], fresh: false };
  const earlier = from.remember
    ? turn.earlier.map((text) => valuesIn(slot, text, false)).find((one) => one.length > 0)
    : undefined;
  return { values: earlier ? earlier.slice(-1) : [], fresh: false };
}

/** What the customer answered when this was asked for. */
function answerTo(slot: Slot, turn: OfflineTurn): string | undefined {
  return turn.answers.find((one) => asksFor(one.question, slot))?.text;
}

/** Whether a question asks for this. */
export function asksFor(question: string, slot: Slot): boolean {
  const asked = question.toLowerCase();
  if (asked.includes(questionFor(slot).toLowerCase())) return true;
  return slot.kind === "identifier" && slot.noun !== "" && asked.includes(slot.noun);
}

/**
 * The customer's own words for a reason or a description; whether they say enough is the tool's and the policy's to
 * judge. Of several such slots only the first is told by the wish itself, the others by answers.
 */
function ownWords(
  slot: Slot,
  slots: readonly Slot[],
  turn: OfflineTurn,
  answer: string | undefined,
): unknown[] {
  if (!slot.required && answer === undefined && !/reason/.test(slot.name)) return [];
  if (answer === undefined && !slot.first) return [];
  const max =
    typeof slot.schema.maxLength === "number" ? Math.min(slot.schema.maxLength, wordsMax) : wordsMax;
  const words = answer ?? withoutOthers(slot, slots, turn);
  const text = [...words.replace(/\s+/g, " ").trim()].slice(0, max).join("");
  return text !== "" && fits(slot.schema, text) ? [text] : [];
}

/** The wish without what was said to answer for other slots. */
function withoutOthers(slot: Slot, slots: readonly Slot[], turn: OfflineTurn): string {
  const others = slots.filter((one) => one !== slot && (one.kind === "words" || one.kind === "text"));
  const told = turn.answers.filter((one) => others.some((other) => asksFor(one.question, other)));
  return told.reduce((words, one) => words.replace(one.text, ""), turn.wish);
}
