/**
 * Gathers a model's answer, from the chunks of a stream or from one body, into a step. What it is is decided by its
 * content: tool calls are calls whatever `finish_reason` says, and fields that nobody here knows are passed over.
 *
 * An answer is whole only when the server has said how it ended. `length` is a broken-off answer, with or without calls:
 * half a sentence is as little use to a customer as half an argument to a tool. `content_filter` counts as refused:
 * the same request would be filtered again. A model's own refusal is text like any other.
 */
import { DeskError } from "../errors.ts";
import type { ModelStep, ToolCall } from "../language-model.ts";
import { callsInText, createTextGate } from "./calls-in-text.ts";
import { isJson } from "./json-in-text.ts";
import { errorInAnswer } from "./openai-errors.ts";
import type { Thoughts } from "./openai-prompt.ts";
import { createReasoningFilter, withoutThoughts } from "./reasoning.ts";

/** Characters of text, and of all arguments together, in one answer. */
export const answerCharactersMax = 200_000;
const callsMax = 64;

export interface AnswerParts {
  show: (delta: string) => void;
  /** A new id for a call that came with none, or with one that another call has. */
  newId: () => string;
  isSecret: (text: string) => boolean;
  /** The names of the tools that were offered: calls of them are found in the text, too. */
  tools: readonly string[];
  /** The model is known to close its thinking without having opened it. */
  thinksFirst: boolean;
  /** Gets what came with a call. */
  keep(call: ToolCall, thoughts: Thoughts): void;
}

export interface Answer {
  /** One event of a stream. @throws DeskError model_failed, or what an error in the stream says */
  event(data: string, type?: string): void;
  /** The body of an answer that is not a stream. @throws like `event` */
  body(text: string): void;
  /** True once there is text or a call. */
  readonly begun: boolean;
  /** True once nothing that is missing could change it, except the count of tokens. */
  readonly whole: boolean;
  /** @throws DeskError model_interrupted | model_rejected | model_failed */
  step(): ModelStep;
  /** After `step`: whether the model has closed its thinking without having opened it. */
  readonly thinksFirst: boolean;
}

export function createAnswer(parts: AnswerParts): Answer {
  const calls = createCalls();
  const reasoning = createReasoningFilter(parts.thinksFirst);
  const gate = createTextGate();
  let thinksFirst = false;
  let thought = "";
  let text = "";
  let ending: string | undefined;
  let done = false;
  let usage: ModelStep["usage"];

  function say(words: string): void {
    if (!words) return;
    text += words;
    if (text.length > answerCharactersMax) throw tooLong();
    show(gate.take(words));
  }

  function show(words: string): void {
    if (words) parts.show(words);
  }

  function take(value: unknown, type?: string): void {
    const chunk = record(value);
    if (!chunk) throw new DeskError("model_failed", "the answer is not what a chat completion looks like");
    if (chunk.error || type === "error" || chunk.object === "error") {
      throw errorInAnswer(chunk.error || chunk, parts.isSecret);
    }
    usage = readUsage(chunk.usage) ?? usage;
    const choice = firstChoice(chunk.choices);
    if (!choice) return;
    const said = record(choice.delta) ?? (text || calls.list.length > 0 ? undefined : record(choice.message));
    if (said) {
      const words = wordsOf(said.content);
      if (words) say(reasoning.take(words));
      if (typeof said.refusal === "string") say(said.refusal);
      if (typeof said.reasoning_content === "string") thought += said.reasoning_content;
      if (Array.isArray(said.tool_calls)) for (const delta of said.tool_calls) calls.add(record(delta) ?? {});
    }
    const reason = choice.finish_reason;
    if (typeof reason === "string" && reason && reason !== "null") ending = reason;
  }

  return {
    event(data, type) {
      if (data.startsWith("[DONE]")) done = true;
      else if (data.trim() !== "") take(parse(data, "a chunk of the stream"), type);
    },
    body(content) {
      const value = parse(content, "the answer");
      take(value);
      if (!firstChoice(record(value)?.choices))
        throw new DeskError("model_failed", "the answer has no choices");
      ending ??= "stop";
    },
    get begun() {
      return text !== "" || calls.list.length > 0;
    },
    get whole() {
      return done || ending !== undefined;
    },
    step() {
      check(ending);
      say(reasoning.rest());
      const said = withoutThoughts(text);
      thinksFirst = said.unopened;
      const written = parts.tools.length > 0 ? callsInText(said.text, parts.tools) : { ...said, calls: [] };
      if (written.calls.length === 0) show(gate.rest());
      const made = calls.list.length > 0 ? calls.list : written.calls.map((call) => ({ id: "", ...call }));
      const step = {
        text: written.text,
        calls: finished(made, parts.newId),
        ...(usage ? { usage } : {}),
      };
      step.calls.forEach((call, at) => {
        const extra = calls.list[at]?.extra;
        if (thought || extra) {
          parts.keep(call, {
            ...(thought ? { reasoning_content: thought } : {}),
            ...(extra ? { extra_content: extra } : {}),
          });
        }
      });
      return step;
    },
    get thinksFirst() {
      return thinksFirst;
    },
  };
}

function check(ending: string | undefined): void {
  switch (ending) {
    case undefined:
      throw new DeskError("model_interrupted", "the answer ended without a finish_reason");
    case "length":
    case "max_tokens":
    case "model_length":
      throw new DeskError("model_interrupted", "the answer was cut at the model's limit of tokens");
    case "content_filter":
      throw new DeskError("model_rejected", "the endpoint's content filter withheld the answer");
    case "error":
    case "insufficient_system_resource":
      throw new DeskError("model_failed", "the endpoint gave the answer up");
  }
}

interface GatheredCall {
  id: string;
  name: string;
  arguments: string;
  extra?: Record<string, unknown>;
}

/** Puts fragments of calls together: by index, else by id, else to the one before. */
function createCalls() {
  const list: GatheredCall[] = [];
  const byIndex = new Map<number, GatheredCall>();
  let characters = 0;

  function open(index: number | undefined): GatheredCall {
    if (list.length >= callsMax)
      throw new DeskError("model_failed", `the answer has more than ${callsMax} tool calls`);
    const call: GatheredCall = { id: "", name: "", arguments: "" };
    list.push(call);
    if (index !== undefined) byIndex.set(index, call);
    return call;
  }

  function callOf(index: number | undefined, id: string, name: string, says: boolean): GatheredCall {
    const known =
      index !== undefined ? byIndex.get(index) : id ? list.findLast((call) => call.id === id) : list.at(-1);
    if (!known) return open(index);
    // a second whole call in the place of the first: every index 0, or no index and the same id or none
    const another =
      index === undefined || (id !== known.id && id !== "" && known.id !== "") || (!id && !known.id && says);
    return name && another && isJson(known.arguments) ? open(index) : known;
  }

  return {
    list,
    add(delta: Record<string, unknown>): void {
      const made = record(delta.function) ?? {};
      const id = typeof delta.id === "string" ? delta.id : "";
      const name = typeof made.name === "string" ? made.name : "";
      const words = record(made.arguments) ? JSON.stringify(made.arguments) : made.arguments;
      const says = typeof words === "string" && words.trim() !== "";
      const call = callOf(typeof delta.index === "number" ? delta.index : undefined, id, name, says);
      call.id ||= id;
      const extra = record(delta.extra_content);
      if (extra) call.extra = { ...call.extra, ...extra };
      if (name !== call.name && call.arguments === "") call.name += name;
      if (typeof words !== "string") return;
      call.arguments += words;
      characters += words.length;
      if (characters > answerCharactersMax) throw tooLong();
    },
  };
}

function finished(gathered: GatheredCall[], newId: () => string): ToolCall[] {
  const used = new Set<string>();
  return gathered.map((call) => {
    if (!call.name) throw new DeskError("model_failed", "a tool call has no name");
    const id = call.id && !used.has(call.id) ? call.id : newId();
    used.add(id);
    return { id, name: call.name, arguments: unpacked(call.arguments) };
  });
}

/** Servers send nothing, or null, for a call that needs none, and some pack them twice: JSON in a JSON text. */
function unpacked(words: string): string {
  const text = words.trim();
  if (text === "" || text === "null") return "{}";
  if (!text.startsWith('"') || !isJson(text)) return words;
  const inner: unknown = JSON.parse(text);
  return typeof inner === "string" && inner.trim().startsWith("{") && isJson(inner) ? inner : words;
}

function firstChoice(choices: unknown): Record<string, unknown> | undefined {
  if (!Array.isArray(choices)) return undefined;
  for (const value of choices) {
    const choice = record(value);
    if (choice && (choice.index === 0 || typeof choice.index !== "number")) return choice;
  }
  return undefined;
}

/** Text, or the text parts of a list of parts. */
function wordsOf(content: unknown): string {
  if (typeof content === "string") return content;
  if (!Array.isArray(content)) return "";
  return content
    .map((part) =>
      typeof part === "string" ? part : record(part)?.type === "text" ? record(part)?.text : "",
    )
    .filter((words) => typeof words === "string")
    .join("");
}

function readUsage(value: unknown): ModelStep["usage"] {
  const input = record(value)?.prompt_tokens;
  const output = record(value)?.completion_tokens;
  return Number.isInteger(input) && Number.isInteger(output)
    ? { input: input as number, output: output as number }
    : undefined;
}

function parse(text: string, what: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw new DeskError("model_failed", `${what} is not JSON`);
  }
}

function record(value: unknown): Record<string, unknown> | undefined {
  return value && typeof value === "object" && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : undefined;
}

function tooLong(): DeskError {
  return new DeskError("model_failed", `the answer is longer than ${answerCharactersMax} characters`);
}
