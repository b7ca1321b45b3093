/**
 * What a server would not take, and is asked without from then on. "OpenAI-compatible" servers refuse, with 400 or
 * 422, a stream (OpenAI's newer models, of a company that is not verified), a stream option they do not know, a
 * temperature the model does not have, a `response_format`, a message without text, or an order of roles that the model's
 * chat template cannot write. What the server's error names is given up, one thing at a time; any other refusal stays a
 * refusal.
 */
import type { ChatMessage } from "./openai-prompt.ts";

export interface Dialect {
  stream: boolean;
  streamOptions: boolean;
  temperature: boolean;
  responseFormat: boolean;
  /** A message that only calls tools has null for its text, as OpenAI's have; else an empty text. */
  nullContent: boolean;
  /** The ids of calls as they came; else nine letters and digits each, which is all that Mistral's models take. */
  longIds: boolean;
  roles: Roles;
}

/**
 * free          system messages anywhere, the same role twice in a row
 * alternating   one system message at the beginning, then user and assistant in turn
 * no_system     the same without a system message
 */
export type Roles = "free" | "alternating" | "no_system";

export const fullDialect: Dialect = {
  stream: true,
  streamOptions: true,
  temperature: true,
  responseFormat: true,
  nullContent: true,
  longIds: true,
  roles: "free",
};

/** What a server said when it refused: its status, and whether its words speak of something. */
export interface Refusal {
  status: number;
  mentions(pattern: RegExp): boolean;
}

const noSystemRole =
  /system role (is )?not supported|does not support (the )?['"`]?system|(developer|system) instruction is not (enabled|supported)/i;
const strictRoles =
  /must alternate|system message (must|should|can only)|roles are supported|expected last role|unexpected role|successive (user|assistant)|jinja/i;
const noNullContent = /content\W.{0,80}(null|none|string)|(null|none|missing|invalid|empty)\W.{0,20}content/i;

/**
 * The dialect to try next, or undefined when this refusal is not about how we speak.
 * @param structured whether the request asked for a `response_format`: what a server refuses there it often names by
 *   the schema, the grammar or the model, so any refusal counts
 */
export function concede(dialect: Dialect, refusal: Refusal, structured: boolean): Dialect | undefined {
  // llama.cpp answers 500 when the chat template refuses the roles
  if (dialect.roles !== "no_system" && [400, 422, 500].includes(refusal.status)) {
    if (refusal.mentions(noSystemRole)) return { ...dialect, roles: "no_system" };
    if (refusal.mentions(strictRoles)) {
      return { ...dialect, roles: dialect.roles === "free" ? "alternating" : "no_system" };
    }
  }
  // llama.cpp again: "Cannot use tools with stream"
  const stream = { ...dialect, stream: false, streamOptions: false };
  if (refusal.status === 500 && dialect.stream && refusal.mentions(/tools with stream/i)) return stream;
  if (refusal.status !== 400 && refusal.status !== 422) return undefined;
  if (dialect.streamOptions && refusal.mentions(/stream_options|include_usage/i)) {
    return { ...dialect, streamOptions: false };
  }
  if (dialect.stream && refusal.mentions(/\bstream(ing)?\b/i)) return stream;
  if (dialect.temperature && refusal.mentions(/temperature/i)) return { ...dialect, temperature: false };
  if (dialect.longIds && refusal.mentions(/tool.?call.?id.{0,80}(length|9)/i))
    return { ...dialect, longIds: false };
  if (dialect.nullContent && refusal.mentions(noNullContent)) return { ...dialect, nullContent: false };
  if (dialect.responseFormat && structured) return { ...dialect, responseFormat: false };
  return undefined;
}

/** What both would send. */
export function common(one: Dialect, other: Dialect): Dialect {
  const strictness: Roles[] = ["free", "alternating", "no_system"];
  return {
    stream: one.stream && other.stream,
    streamOptions: one.streamOptions && other.streamOptions,
    temperature: one.temperature && other.temperature,
    responseFormat: one.responseFormat && other.responseFormat,
    nullContent: one.nullContent && other.nullContent,
    longIds: one.longIds && other.longIds,
    roles: strictness.indexOf(one.roles) > strictness.indexOf(other.roles) ? one.roles : other.roles,
  };
}

/** The same conversation as a server takes it. */
export function inDialect(messages: ChatMessage[], dialect: Dialect): ChatMessage[] {
  const folded = foldRoles(messages, dialect.roles);
  const short = dialect.longIds ? folded : withShortIds(folded);
  if (dialect.nullContent) return short;
  return short.map((message) => (message.content === null ? { ...message, content: "" } : message));
}

function withShortIds(messages: ChatMessage[]): ChatMessage[] {
  const names = new Map<string, string>();
  const nameOf = (id: string): string => {
    const known = names.get(id) ?? String(names.size + 1).padStart(9, "0");
    names.set(id, known);
    return known;
  };
  return messages.map((message) => {
    if (message.role === "tool") return { ...message, tool_call_id: nameOf(message.tool_call_id) };
    if (message.role !== "assistant" || !message.tool_calls) return message;
    return { ...message, tool_calls: message.tool_calls.map((call) => ({ ...call, id: nameOf(call.id) })) };
  });
}

/** In the order of roles that a server takes. */
export function foldRoles(messages: ChatMessage[], roles: Roles): ChatMessage[] {
  if (roles === "free") return messages;
  const folded: ChatMessage[] = [];
  messages.forEach((message, at) => {
    const keep = message.role !== "system" || (at === 0 && roles === "alternating");
    const spoken: ChatMessage = keep
      ? message
      : { role: "user", content: `(From the desk, not from the customer.)\n${message.content}` };
    const last = folded.at(-1);
    if (spoken.role === "user" && last?.role === "user") last.content = join(last.content, spoken.content);
    else if (spoken.role === "assistant" && last?.role === "assistant") {
      folded[folded.length - 1] = { ...spoken, content: join(last.content, spoken.content) };
    } else {
      if (spoken.role === "user" && last?.role === "tool") folded.push({ role: "assistant", content: "(…)" });
      if (spoken.role === "assistant" && (!last || last.role === "system")) {
        folded.push({ role: "user", content: "(The conversation so far.)" });
      }
      folded.push({ ...spoken });
    }
  });
  return folded;
}

function join(first: string | null, second: string | null): string {
  return [first, second].filter(Boolean).join("\n\n");
}
