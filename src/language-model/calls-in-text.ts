/**
 * Tool calls that a model has written into its text, in the words of its chat template, because the server does not read
 * them: `<tool_call>{…}</tool_call>`, `[TOOL_CALLS][{…}]`, `<function=name>{…}</function>`, or an object alone. They are
 * for nobody to read: nothing is shown from where one may begin, and what can be read of them are calls like any other.
 */
import { DeskError } from "../errors.ts";
import { endOfValue, jsonInText } from "./json-in-text.ts";

export interface WrittenCall {
  name: string;
  arguments: string;
}

const markers = [
  "<tool_call>",
  "<tool_calls>",
  "[TOOL_CALLS]",
  "<function=",
  "<|python_tag|>",
  "<|channel|>",
  "<｜tool▁calls▁begin｜>",
];
const beginnings = new Set(markers.map((marker) => marker[0] as string));
const longest = Math.max(...markers.map((marker) => marker.length));
const callsMax = 64;

/** Lets a text through as it comes, up to where a call may begin. */
export interface TextGate {
  /** What may be shown now. */
  take(words: string): string;
  /** What was held back. */
  rest(): string;
}

export function createTextGate(): TextGate {
  let held = "";
  /** An object alone may be a call until its end; so may one in a fence. */
  let state: "beginning" | "open" | "closed" = "beginning";

  /** How much of what is held is certainly no call. */
  function safeEnd(): number {
    const at = firstMarker(held);
    if (at !== undefined) {
      state = "closed";
      return at;
    }
    for (let from = Math.max(0, held.length - longest + 1); from < held.length; from++) {
      if (!beginnings.has(held[from] as string)) continue;
      const tail = held.slice(from);
      if (markers.some((marker) => marker.startsWith(tail))) return from;
    }
    return held.length;
  }

  return {
    take(words) {
      held += words;
      if (state === "beginning" && /\S/.test(words)) state = /^\s*[{`]/.test(held) ? "closed" : "open";
      if (state !== "open") return "";
      const end = safeEnd();
      const safe = held.slice(0, end);
      held = held.slice(end);
      return safe;
    },
    rest: () => held,
  };
}

/**
 * The calls in a text, and what stands before them.
 * @param tools the names that were offered: an object alone is a call only of one of these
 * @throws DeskError model_failed where a call begins that cannot be read
 */
export function callsInText(text: string, tools: readonly string[]): { text: string; calls: WrittenCall[] } {
  const marked = firstMarker(text);
  if (marked === undefined) {
    const alone = /^\s*(?:```\w*\s*)?(\{[\s\S]*\})(?:\s*```)?\s*$/.exec(text)?.[1];
    const calls =
      alone === undefined ? [] : callsOf(objectsIn(alone)).filter(({ name }) => tools.includes(name));
    return calls.length > 0 ? { text: "", calls } : { text, calls: [] };
  }
  const part = text.slice(marked);
  const calls = [...namedCalls(part), ...callsOf(objectsIn(part))];
  if (calls.length > 0) return { text: text.slice(0, marked).trimEnd(), calls };
  // Who only speaks of such words has written no call.
  if (!/^(?:<function=|<\||<｜|\S+?[>\]]\s*[<[{])/.test(part)) return { text, calls: [] };
  throw new DeskError("model_failed", "a tool call in the text of the answer cannot be read");
}

function firstMarker(text: string): number | undefined {
  const found = markers.map((marker) => text.indexOf(marker)).filter((at) => at >= 0);
  return found.length > 0 ? Math.min(...found) : undefined;
}

const named = /<function=([\w.-]{1,64})>|\[TOOL_CALLS\]\s*([\w.-]{1,64})\s*(?:\[ARGS\])?\s*(?=\{)/g;

/** Calls whose name stands before their arguments. */
function namedCalls(text: string): WrittenCall[] {
  const heads = [...text.matchAll(named)].slice(0, callsMax);
  return heads.map((head, at) => {
    const body = text.slice(head.index + head[0].length, heads[at + 1]?.index);
    const given = jsonInText(body, "object");
    return {
      name: head[1] ?? head[2] ?? "",
      arguments: JSON.stringify(isObject(given) ? given : parametersIn(body)),
    };
  });
}

/** `<parameter=key>value</parameter>` */
function parametersIn(text: string): Record<string, unknown> {
  const found = text.matchAll(/<parameter=([\w-]{1,64})>\s*([\s\S]*?)\s*<\/parameter>/g);
  return Object.fromEntries(Array.from(found, ([, name = "", value = ""]) => [name, value]));
}

/** The objects of a text, one after the other; those in a list as well. */
function objectsIn(text: string): Record<string, unknown>[] {
  const objects: Record<string, unknown>[] = [];
  for (let at = text.indexOf("{"); at >= 0 && objects.length < callsMax; ) {
    const end = endOfValue(text, at);
    if (end === undefined) break;
    const value = jsonInText(text.slice(at, end), "object");
    if (isObject(value)) objects.push(value);
    at = text.indexOf("{", end);
  }
  return objects;
}

/** `{ name, arguments }`, with `parameters` in some templates, as an object or as text. */
function callsOf(objects: readonly Record<string, unknown>[]): WrittenCall[] {
  return objects.flatMap((written) => {
    const made = isObject(written.function) ? written.function : written;
    const given = made.arguments ?? made.parameters;
    if (typeof made.name !== "string" || made.name === "" || given === undefined) return [];
    return { name: made.name, arguments: typeof given === "string" ? given : JSON.stringify(given) };
  });
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
