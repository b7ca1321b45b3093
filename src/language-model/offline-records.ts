/** Finds which of the customer's own things is meant ("the API credits order") among what tools have said. Pure. */

import { tokensOf } from "./offline-readers.ts";
import { asSchema, fits } from "./offline-schema.ts";
import { type Slot, snake } from "./offline-slots.ts";
import { shared, termsOf } from "./offline-words.ts";

interface Known {
  id: string | number;
  terms: ReadonlySet<string>;
}

const recordsMax = 200;
const depthMax = 5;

/** The one thing that the words fit best; undefined when none does, or several do equally well. */
export function recordMeant(
  slot: Slot,
  words: string,
  results: readonly unknown[],
): string | number | undefined {
  const records = new Map<string, Known>();
  for (const result of results) collect(slot, result, records, 0);
  const known = [...records.values()];
  const wanted = termsOf(words).filter((term) => term !== slot.noun && !/^\d+$/.test(term));
  const scored = known
    .map((record) => ({ id: record.id, score: shared(wanted, record.terms).length }))
    .sort((a, b) => b.score - a.score);
  const [best, second] = scored;
  if (!best) return undefined;
  if (best.score > 0 && best.score > (second?.score ?? 0)) return best.id;
  const pointed = /\b(?:it|this|that(?: one)?|(?:the|my|this|that) (?:last |latest |only )?order)\b/i.test(
    words,
  );
  return known.length === 1 && pointed && wanted.length <= 1 ? best.id : undefined;
}

function collect(slot: Slot, value: unknown, into: Map<string, Known>, depth: number): void {
  if (depth > depthMax || into.size >= recordsMax) return;
  if (Array.isArray(value)) {
    for (const one of value.slice(0, recordsMax)) collect(slot, one, into, depth + 1);
    return;
  }
  const object = asSchema(value);
  if (!object) return;
  const id = Object.entries(object).find(([name, one]) => identifies(slot, name, one))?.[1];
  if (typeof id === "string" || typeof id === "number") {
    into.set(String(id), { id, terms: new Set(termsOf(textIn(object, 0))) });
    return;
  }
  for (const one of Object.values(object)) collect(slot, one, into, depth + 1);
}

/** Under the slot's own name, or as `id` with the right shape. */
function identifies(slot: Slot, name: string, value: unknown): boolean {
  if (!fits(slot.schema, value) || (typeof value === "string" && tokensOf(value).length !== 1)) return false;
  const plain = snake(name);
  if (plain === snake(slot.name)) return true;
  return /^(?:id|number|code|reference|no)$/.test(plain) && (slot.shape?.test(String(value)) ?? true);
}

function textIn(value: unknown, depth: number): string {
  if (typeof value === "string") return value.slice(0, 200);
  if (depth > depthMax || typeof value !== "object" || value === null) return "";
  return Object.values(value)
    .slice(0, 50)
    .map((one) => textIn(one, depth + 1))
    .join(" ");
}
