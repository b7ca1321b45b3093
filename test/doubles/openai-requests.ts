/** What real servers refuse in a request for a chat completion. */

type Fields = Record<string, unknown>;

interface Fault {
  message: string;
  param: string | null;
}

export function faultsOf(
  body: Fields,
  refuses: string[],
  roles: "free" | "alternating" | "no_system",
): Fault | undefined {
  for (const name of refuses) {
    if (body[name] !== undefined)
      return { message: `Unsupported value: '${name}' is not supported`, param: name };
  }
  if (typeof body.model !== "string") return { message: "you must provide a model parameter", param: null };
  if (!Array.isArray(body.messages) || body.messages.length === 0) {
    return { message: "[] is too short - 'messages'", param: "messages" };
  }
  if (Array.isArray(body.tools) && body.tools.length === 0) {
    return { message: "[] is too short - 'tools'", param: "tools" };
  }
  const messages = body.messages as Fields[];
  const fault =
    faultOfContents(messages) ??
    faultOfCalls(messages) ??
    (roles === "free" ? undefined : faultOfRoles(messages, roles));
  return fault === undefined ? undefined : { message: fault, param: null };
}

function faultOfContents(messages: Fields[]): string | undefined {
  for (const { role, content, tool_calls } of messages) {
    if (!["system", "user", "assistant", "tool"].includes(String(role))) return `Invalid value: '${role}'`;
    if (content === null && role === "assistant" && tool_calls) continue;
    if (typeof content !== "string" || content === "") return `Invalid value for 'content' of ${role}`;
    if (/\p{Surrogate}/u.test(content)) return "surrogates not allowed";
  }
  return undefined;
}

/** Every call has its result right behind it, every result its call, every id is used once, arguments are an object. */
function faultOfCalls(messages: Fields[]): string | undefined {
  const used = new Set<string>();
  const waiting: string[] = [];
  for (const message of messages) {
    if (message.role === "tool") {
      const at = waiting.indexOf(String(message.tool_call_id));
      if (at < 0)
        return "messages with role 'tool' must be a response to a preceding message with 'tool_calls'";
      waiting.splice(at, 1);
      continue;
    }
    if (waiting.length > 0) return "An assistant message with 'tool_calls' must be followed by tool messages";
    for (const call of (message.tool_calls ?? []) as {
      id: string;
      function: { name: string; arguments: string };
    }[]) {
      if (used.has(call.id) || call.id.length > 40) return `Duplicate or invalid tool call id ${call.id}`;
      if (!/^[\w-]{1,64}$/.test(call.function.name)) return `Invalid function name ${call.function.name}`;
      if (!isObject(call.function.arguments)) return "tool call arguments must be a JSON object";
      used.add(call.id);
      waiting.push(call.id);
    }
  }
  return waiting.length > 0
    ? "An assistant message with 'tool_calls' must be followed by tool messages"
    : undefined;
}

function faultOfRoles(messages: Fields[], roles: "alternating" | "no_system"): string | undefined {
  let expected: "user" | "assistant" = "user";
  for (const [at, { role, tool_calls }] of messages.entries()) {
    if (role === "system") {
      if (roles === "no_system") return "System role not supported";
      if (at > 0) return "System message must be at the beginning.";
    } else if (role === "tool") expected = "assistant";
    else if (role !== expected) return "Conversation roles must alternate user/assistant/user/assistant/...";
    else expected = role === "user" || tool_calls ? "assistant" : "user";
  }
  return undefined;
}

function isObject(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    return value !== null && typeof value === "object" && !Array.isArray(value);
  } catch {
    return false;
  }
}
