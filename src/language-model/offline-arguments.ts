/** A tool's arguments as far as the conversation gives them. Pure; what is returned as complete fits the tool's schema. */
import type { ToolSpec } from "../language-model.ts";
import { valuesIn } from "./offline-readers.ts";
import { recordMeant } from "./offline-records.ts";
import { fits } from "./offline-schema.ts";
import { questionFor, type Slot, slotsOf } from "./offline-slots.ts";
import type { OfflineTurn } from "./offline-turn.ts";
import { saysWhy } from "./offline-wishes.ts";

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
    const read = read1(slot, tool, turn, from);
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

function read1(slot: Slot, tool: ToolSpec, turn: OfflineTurn, from: From): Read {
  if (slot.kind === "words") return { values: ownWords(slot, tool, turn), fresh: false };
  const asked = isAsked(slot, turn);
  const now = valuesIn(slot, turn.message, asked);
  if (now.length > 0) return { values: now, fresh: slot.kind === "identifier" || slot.kind === "email" };
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

/** Whether the last reply asked for this. */
export function isAsked(slot: Slot, turn: OfflineTurn): boolean {
  if (turn.asked === undefined) return false;
  const asked = turn.asked.toLowerCase();
  if (asked.includes(questionFor(slot).toLowerCase())) return true;
  return slot.kind === "identifier" && slot.noun !== "" && asked.includes(slot.noun);
}

/** A reason is what the customer gives as one; a bare "Refund ord_1" gives none for changing anything. */
function ownWords(slot: Slot, tool: ToolSpec, turn: OfflineTurn): unknown[] {
  const asked = isAsked(slot, turn);
  const words = asked ? turn.message : turn.wish;
  const isReason = /reason|explanation|why/.test(slot.name);
  if (tool.effect === "write" && isReason && !asked && !saysWhy(words)) return [];
  // What nobody has to say is left out rather than guessed.
  if (!slot.required && !isReason) return [];
  const max =
    typeof slot.schema.maxLength === "number" ? Math.min(slot.schema.maxLength, wordsMax) : wordsMax;
  const text = [...words.replace(/\s+/g, " ").trim()].slice(0, max).join("");
  return text !== "" && fits(slot.schema, text) ? [text] : [];
}
