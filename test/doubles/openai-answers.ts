/** Answers of a model on the wire: as one body, or as a stream of chunks with all the ways in which servers differ. */
import type { ServerResponse } from "node:http";

export interface ScriptedCall {
  name: string;
  /** A string goes as it is; anything else as JSON. */
  arguments: unknown;
  id?: string;
}

export interface Answer {
  /** A list is streamed in these pieces; a string in pieces of about 20 characters. */
  text?: string | string[];
  calls?: ScriptedCall[];
  usage?: { input: number; output: number } | false;
  /** Before the first byte. */
  delayMs?: number;
  /** Between chunks. */
  chunkDelayMs?: number;
  /** A plain body although a stream was asked for. */
  whole?: true;
  /** null leaves it out; by default `stop` or `tool_calls`. */
  finishReason?: string | null;
  /** false leaves `data: [DONE]` out. */
  done?: false;
  /** After the last chunk: by default the stream ends. `cut` ends it, in the middle of an event. */
  after?: "hang" | "reset" | "cut";
  /** How long nothing more comes before that. */
  holds?: Promise<void>;
  /** Characters of arguments in each chunk; whole when absent. */
  fragment?: number;
  ids?: "repeated" | "missing";
  /** false leaves `index` out of calls; `zero` gives every call index 0. */
  index?: false | "zero";
  /** A keep-alive comment before every chunk, and a chunk without choices first. */
  noise?: true;
  /** Additional fields in every delta. */
  extra?: Record<string, unknown>;
}

export function answerBody(answer: Answer, request: Record<string, unknown>) {
  const calls = (answer.calls ?? []).map((call, at) => ({
    ...(answer.index === false ? {} : { index: at }),
    ...idOf(call, at, answer),
    type: "function",
    function: { name: call.name, arguments: argumentsOf(call) },
  }));
  const message = {
    role: "assistant",
    content: answer.text === undefined ? null : [answer.text].flat().join(""),
    ...(calls.length > 0 ? { tool_calls: calls } : {}),
    ...answer.extra,
  };
  const ending = endingOf(answer);
  return {
    id: "chatcmpl-test",
    object: "chat.completion",
    model: request.model,
    choices: [{ index: 0, message, ...(ending === null ? {} : { finish_reason: ending }) }],
    ...(answer.usage === false ? {} : { usage: usageOf(answer) }),
  };
}

export async function sendAnswer(
  answer: Answer,
  request: Record<string, unknown>,
  outgoing: ServerResponse,
): Promise<void> {
  await pause(answer.delayMs ?? 0);
  outgoing.writeHead(200, {
    "content-type": "text/event-stream; charset=utf-8",
    "cache-control": "no-cache",
  });
  for (const chunk of chunksOf(answer, request)) {
    if (outgoing.destroyed) return;
    const event = `${answer.noise ? ": keep-alive\n\n" : ""}data: ${chunk}\n\n`;
    if (!outgoing.write(event)) await drained(outgoing);
    await pause(answer.chunkDelayMs ?? 0);
  }
  await answer.holds;
  if (answer.after === "cut") outgoing.end('data: {"choices":[{"index":0,"delta":{"content":"and th');
  else if (answer.after === "reset") await reset(outgoing);
  else if (answer.after !== "hang") outgoing.end(answer.done === false ? "" : "data: [DONE]\n\n");
}

/** Cuts the connection once the client has had time to read what was sent: a reset drops what is still on its way. */
export async function reset(outgoing: ServerResponse): Promise<void> {
  await pause(30);
  outgoing.socket?.resetAndDestroy();
}

/** The client may have gone away meanwhile. */
function drained(outgoing: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    outgoing.once("drain", resolve);
    outgoing.once("close", resolve);
  });
}

function* chunksOf(answer: Answer, request: Record<string, unknown>): Generator<string> {
  const frame = { id: "chatcmpl-test", object: "chat.completion.chunk", model: request.model };
  const chunk = (delta: Record<string, unknown>, finish_reason: string | null = null) =>
    JSON.stringify({
      ...frame,
      choices: [{ index: 0, delta: { ...delta, ...answer.extra }, finish_reason }],
    });
  if (answer.noise) yield JSON.stringify({ ...frame, choices: [] });
  yield chunk({ role: "assistant", content: answer.calls ? null : "" });
  for (const piece of piecesOf(answer.text)) yield chunk({ content: piece });
  for (const delta of callDeltas(answer)) yield chunk({ tool_calls: [delta] });
  const ending = endingOf(answer);
  if (answer.after === "cut") return;
  if (ending !== null) yield chunk({}, ending);
  const options = request.stream_options as { include_usage?: boolean } | undefined;
  if (answer.usage !== false && options?.include_usage) {
    yield JSON.stringify({ ...frame, choices: [], usage: usageOf(answer) });
  }
}

/** Calls one after the other, or, when in fragments, interleaved as parallel calls may be. */
function* callDeltas(answer: Answer): Generator<Record<string, unknown>> {
  const rest = (answer.calls ?? []).map(argumentsOf);
  const size = answer.fragment ?? Number.POSITIVE_INFINITY;
  let first = true;
  do {
    for (const [at, call] of (answer.calls ?? []).entries()) {
      const fragment = rest[at]!.slice(0, size);
      rest[at] = rest[at]!.slice(fragment.length);
      if (!first && !fragment) continue;
      const index = answer.index === false ? {} : { index: answer.index === "zero" ? 0 : at };
      yield first
        ? {
            ...index,
            ...idOf(call, at, answer),
            type: "function",
            function: { name: call.name, arguments: fragment },
          }
        : { ...index, function: { arguments: fragment } };
    }
    first = false;
  } while (rest.some((left) => left !== ""));
}

function piecesOf(text: string | string[] | undefined): string[] {
  if (text === undefined) return [];
  return typeof text === "string" ? (text.match(/[\s\S]{1,20}/gu) ?? []) : text;
}

function idOf(call: ScriptedCall, at: number, answer: Answer): { id?: string } {
  if (answer.ids === "missing") return {};
  return { id: call.id ?? (answer.ids === "repeated" ? "call_same" : `call_${at + 1}`) };
}

function argumentsOf(call: ScriptedCall): string {
  return typeof call.arguments === "string" ? call.arguments : JSON.stringify(call.arguments);
}

function endingOf(answer: Answer): string | null {
  if (answer.finishReason !== undefined) return answer.finishReason;
  return answer.calls ? "tool_calls" : "stop";
}

function usageOf(answer: Answer) {
  const { input, output } = answer.usage || { input: 100, output: 20 };
  return { prompt_tokens: input, completion_tokens: output, total_tokens: input + output };
}

export function pause(ms: number): Promise<void> {
  return ms > 0 ? new Promise((resolve) => setTimeout(resolve, ms)) : Promise.resolve();
}
