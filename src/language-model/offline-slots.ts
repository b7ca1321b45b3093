/** What a tool wants to know: each property of its input with the way it can be read from what people write. Pure. */
import type { ToolSpec } from "../language-model.ts";
import { choicesOf, type Property, patternOf, propertiesOf, type Schema } from "./offline-schema.ts";

export interface Slot extends Property {
  kind: SlotKind;
  /** What an identifier identifies: `order`. */
  noun: string;
  /** In words: `order number`, `new plan`. */
  label: string;
  /** The first of the slots that take the customer's own words. */
  first: boolean;
  /** What an identifier looks like, where the schema says so. */
  shape: RegExp | undefined;
}

export type SlotKind =
  /** One of a list. */
  | "choice"
  /** An id, a number or a code of something. */
  | "identifier"
  | "email"
  | "date"
  | "number"
  /** The customer's own words: a reason, a description. */
  | "words"
  /** What something shall become: a new plan. */
  | "target"
  /** A text that only an answer to the question for it can be. */
  | "text"
  /** Nothing that can be read: lists, objects, switches. */
  | "unreadable";

const identifying = /(?:^|_)(?:id|ids|no|nr|num|number|code|ref|reference|key)$/;
const wordy =
  /reason|title|subject$|message|note|description|detail|comment|summary|issue|problem|feedback|body|explanation|steps|content|request|wish|query|question|keywords?|search|complaint|actual|expected/;
const aimed = /^(?:new|to|target|desired|wanted)_|(?:^|_)(?:plan|tier)$/;

export function slotsOf(tool: ToolSpec): Slot[] {
  let first = true;
  return propertiesOf(tool.input).map((property) => {
    const name = snake(property.name);
    const noun = nounOf(name, tool.name).replace(/\W/g, "");
    const shape = shapeOf(property.schema);
    const kind = kindOf(name, property.schema, shape);
    const slot = {
      ...property,
      kind,
      noun,
      shape,
      label: labelOf(name, kind, noun),
      first: kind === "words" && first,
    };
    if (kind === "words") first = false;
    return slot;
  });
}

/** The question for a missing thing. */
export function questionFor(slot: Slot): string {
  switch (slot.kind) {
    case "identifier":
    case "email":
      return `What is your ${slot.label}?`;
    case "words":
      return (
        ownQuestion(slot.schema) ?? `What ${/[^s]s$/.test(slot.label) ? "are" : "is"} the ${slot.label}?`
      );
    case "choice": {
      const choices = (choicesOf(slot.schema) ?? []).map((one) => String(one).replaceAll("_", " "));
      return `Which ${slot.label} is it: ${choices
        .slice(0, 8)
        .join(", ")
        .replace(/, ([^,]*)$/, " or $1")}?`;
    }
    case "date":
    case "number":
    case "target":
    case "text":
    case "unreadable":
      return ownQuestion(slot.schema) ?? `Could you tell me the ${slot.label}?`;
  }
}

/** "What should have happened." in a schema is a question already. */
function ownQuestion(schema: Schema): string | undefined {
  if (typeof schema.description !== "string") return undefined;
  const told = /^((?:What|How to) [^.?!\n]{5,100})[.?]?(?=\s|$)/.exec(schema.description)?.[1];
  if (told === undefined || /\b(?:customer|user|model|assistant)\b/i.test(told)) return undefined;
  return told.startsWith("How to") ? `Could you tell me h${told.slice(1)}?` : `${told}?`;
}

export function snake(name: string): string {
  return name.replace(/([a-z0-9])([A-Z])/g, "$1_$2").toLowerCase();
}

function kindOf(name: string, schema: Schema, shape: RegExp | undefined): SlotKind {
  if (choicesOf(schema)) return "choice";
  if (schema.type === "number" || schema.type === "integer")
    return identifying.test(name) ? "identifier" : "number";
  if (schema.type !== "string" || "$ref" in schema) return "unreadable";
  if (schema.format === "email" || /e_?mail/.test(name)) return "email";
  if (schema.format === "date") return "date";
  if (shape || identifying.test(name)) return "identifier";
  if (wordy.test(name)) return "words";
  return aimed.test(name) ? "target" : "text";
}

/** A pattern that an ordinary word fits says nothing of an identifier. */
function shapeOf(schema: Schema): RegExp | undefined {
  const pattern = patternOf(schema);
  if (pattern) return ["please", "Something", "it"].some((word) => pattern.test(word)) ? undefined : pattern;
  const told =
    typeof schema.description === "string"
      ? /(?:such as|e\.g\.,?|for example|like|example:?) ['"`“]([^'"`”\s]{3,40})['"`”]/i.exec(
          schema.description,
        )?.[1]
      : undefined;
  const listed = Array.isArray(schema.examples) ? schema.examples[0] : undefined;
  const example = told ?? (typeof listed === "string" ? listed : undefined);
  if (example === undefined || !/\d/.test(example) || !/[A-Za-z#_-]/.test(example) || example.includes("@"))
    return undefined;
  const source = example.replace(/[.*+?^${}()|[\]\\/]/g, "\\$&").replace(/\d+/g, "\\d+");
  return new RegExp(`^${source}$`);
}

/** The letters that every value of a shape begins with: `ORD-`; empty when there are none. */
export function prefixOf(shape: RegExp): string {
  return /^\^?\(?(?:\?:)?(#?[A-Za-z]{0,10}[-_]?)(?=\\d|\[0-9|\[\\d|\(\\d)/.exec(shape.source)?.[1] ?? "";
}

function nounOf(name: string, tool: string): string {
  const own = name.replace(identifying, "").split("_").filter(Boolean).at(-1);
  return (
    own ??
    snake(tool)
      .replace(/(?:_(?:status|details?|info|by_id|by|id))+$/, "")
      .split("_")
      .at(-1)
      ?.replace(/s$/, "") ??
    ""
  );
}

function labelOf(name: string, kind: SlotKind, noun: string): string {
  const words = name.replaceAll("_", " ").trim();
  if (kind === "email") return "e-mail address";
  if (kind !== "identifier") return words;
  const known = words.replace(/ ?(?:ids?|no|nr|num|ref|key)$/, "").trim();
  return /(?:number|code|reference)$/.test(known) ? known : `${known || noun} number`.trim();
}
