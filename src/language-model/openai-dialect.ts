/**
 * What a server would not take, and is asked without from then on. "OpenAI-compatible" servers refuse, with 400 or
 * 422, a stream option they do not know, a temperature the model does not have, a `response_format`, or an order of
 * roles that the model's chat template cannot write. What the server's error names is given up, one thing at a time;
 * any other refusal stays a refusal.
 */
import type { ChatMessage } from "./openai-prompt.ts";

export interface Dialect {
  streamOptions: boolean;
  temperature: boolean;
  responseFormat: boolean;
  roles: Roles;
}

/**
 * free          system messages anywhere, the same role twice in a row
 * alternating   one system message at the beginning, then user and assistant in turn
 * no_system     the same without a system message
 */
export type Roles = "free" | "alternating" | "no_system";

export const fullDialect: Dialect = {
  streamOptions: true,
  temperature: true,
  responseFormat: true,
  roles: "free",
};

/** What a server said when it refused: its status, and whether its words speak of something. */
export interface Refusal {
  status: number;
  mentions(pattern: RegExp): boolean;
}

const noSystemRole = /system role (is )?not supported|does not support (the )?system/i;
const strictRoles =
  /must alternate|system message (must|should|can only)|roles are supported|expected last role|jinja/i;

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
  if (refusal.status !== 400 && refusal.status !== 422) return undefined;
  if (dialect.streamOptions && refusal.mentions(/stream_options|include_usage/i)) {
    return { ...dialect, streamOptions: false };
  }
  if (dialect.temperature && refusal.mentions(/temperature/i)) return { ...dialect, temperature: false };
  if (dialect.responseFormat && structured) return { ...dialect, responseFormat: false };
  return undefined;
}

/** What both would send. */
export function common(one: Dialect, other: Dialect): Dialect {
  const strictness: Roles[] = ["free", "alternating", "no_system"];
  return {
    streamOptions: one.streamOptions && other.streamOptions,
    temperature: one.temperature && other.temperature,
    responseFormat: one.responseFormat && other.responseFormat,
    roles: strictness.indexOf(one.roles) > strictness.indexOf(other.roles) ? one.roles : other.roles,
  };
}

/** The same conversation in the order of roles that a server takes. */
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
