/** Structured answers by rules: the fields that routing and tickets use, within what the schema allows. Pure. */
import type { StructureRequest } from "../language-model.ts";
import { isAngry, moodOf } from "../routing/mood.ts";
import { priorityOf, route } from "../routing/route.ts";
import { wantsPerson } from "../routing/wants-person.ts";
import { asSchema, choicesOf, fits, propertiesOf, type Schema } from "./offline-schema.ts";
import { snake } from "./offline-slots.ts";

const summaryMax = 300;

/** An object with every property that can be told; required ones that cannot are filled with the emptiest value that fits. */
export function structureByRules(request: StructureRequest): unknown {
  const text = customerWords(request.text);
  return objectFor(request.schema, text);
}

function objectFor(schema: Schema, text: string): Record<string, unknown> {
  const value: Record<string, unknown> = {};
  for (const { name, schema: inner, required } of propertiesOf(schema)) {
    const told = toldFor(snake(name), inner, text);
    if (told !== undefined && fits(inner, told)) value[name] = told;
    else if (required)
      value[name] = emptyFor(inner, asSchema(asSchema(schema.properties)?.[name]) ?? inner, text);
  }
  return value;
}

function toldFor(name: string, schema: Schema, text: string): unknown {
  const choices = (choicesOf(schema) ?? []).filter((one) => typeof one === "string");
  const routed = route(text, /queue|department|team/.test(name) ? choices : []);
  if (/queue|department|team/.test(name)) return choices.length > 0 ? routed.queue : routed.category;
  if (/category|topic|type|intent/.test(name))
    return choices.length > 0 ? route(text, choices).queue : routed.category;
  if (/priority|urgency|severity/.test(name)) return among(priorityOf(text), choices, priorities);
  if (/language|locale|lang$/.test(name)) return languageAmong(routed.language, choices);
  if (/sentiment|mood|emotion|tone/.test(name)) return among(moodOf(text), choices, moods);
  if (/angry|upset|frustrat/.test(name)) return isAngry(text);
  if (/person|human|escalat/.test(name))
    return schema.type === "boolean" ? wantsPerson(text) || isAngry(text) : undefined;
  if (/^ask|title|subject|headline|question/.test(name)) return bounded(routed.ask, schema);
  if (/summary|description|reason|text|note/.test(name)) return bounded(summaryOf(text), schema);
  return undefined;
}

const priorities: Readonly<Record<string, readonly string[]>> = {
  urgent: ["critical", "highest", "p0", "p1", "high"],
  high: ["urgent", "p1", "p2"],
  normal: ["medium", "standard", "default", "p3", "low"],
  low: ["lowest", "minor", "p4"],
};
const moods: Readonly<Record<string, readonly string[]>> = {
  angry: ["very_negative", "furious", "frustrated", "negative", "upset"],
  negative: ["frustrated", "unhappy", "upset", "concerned"],
  neutral: ["calm", "mixed", "normal"],
  positive: ["happy", "satisfied", "pleased"],
};

/** The schema's own word for it. */
function among(
  value: string,
  choices: readonly string[],
  others: Readonly<Record<string, readonly string[]>>,
): string | undefined {
  if (choices.length === 0) return value;
  const lower = new Map(choices.map((choice) => [choice.toLowerCase(), choice]));
  return [value, ...(others[value] ?? [])].map((one) => lower.get(one)).find((one) => one !== undefined);
}

const languageNames: Readonly<Record<string, string>> = {
  en: "english",
  de: "german",
  fr: "french",
  es: "spanish",
  it: "italian",
  pt: "portuguese",
  nl: "dutch",
};

function languageAmong(language: string, choices: readonly string[]): string | undefined {
  if (choices.length === 0) return language;
  return choices.find(
    (one) =>
      one.toLowerCase() === language ||
      one.toLowerCase().startsWith(`${language}-`) ||
      one.toLowerCase() === languageNames[language],
  );
}

/** Only what the customer said, where the text is a conversation with names in front. */
function customerWords(text: string): string {
  const lines = text.split("\n");
  const said = lines.filter((line) => /^\W*(?:customer|user|client)\b[^:\n]{0,20}:/i.test(line));
  return said.length > 0 ? said.map((line) => line.replace(/^[^:]*:\s*/, "")).join("\n") : text;
}

function summaryOf(text: string): string {
  const line = text.replace(/\s+/g, " ").trim();
  return line.length > summaryMax
    ? `${line
        .slice(0, summaryMax - 1)
        .replace(/[\uD800-\uDBFF]$/, "")
        .trimEnd()}…`
    : line;
}

function bounded(text: string, schema: Schema): string {
  const max = typeof schema.maxLength === "number" ? schema.maxLength : Number.POSITIVE_INFINITY;
  return text.length > max ? [...text].slice(0, max).join("") : text;
}

function emptyFor(schema: Schema, whole: Schema, text: string): unknown {
  if (fits(whole, null)) return null;
  const choices = choicesOf(schema);
  if (choices && choices.length > 0)
    return (
      choices.find((one) => /^(?:general|other|none|unknown|normal|neutral)$/i.test(String(one))) ??
      choices[0]
    );
  switch (schema.type) {
    case "boolean":
      return false;
    case "integer":
    case "number":
      return typeof schema.minimum === "number" ? schema.minimum : 0;
    case "array":
      return [];
    case "object":
      return objectFor(schema, text);
    default: {
      const said = bounded(summaryOf(text), schema);
      return fits(schema, "") ? "" : said;
    }
  }
}
