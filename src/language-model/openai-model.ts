/**
 * A language model behind any OpenAI-compatible server. Every call is asked for as a stream and read as whatever comes;
 * nothing is retried here but a request that the server would not take in its full form (see openai-dialect.ts).
 */
import type { Clock } from "../clock.ts";
import { codeOf, DeskError } from "../errors.ts";
import type { LanguageModel, ModelStep } from "../language-model.ts";
import type { Log } from "../log.ts";
import { readAnswer, readText } from "./answer-reader.ts";
import { type Call, withinTime } from "./call-limits.ts";
import { jsonInText } from "./json-in-text.ts";
import { createAnswer } from "./openai-answer.ts";
import { type Bytes, createOpenAIClient, type OpenAIClient } from "./openai-client.ts";
import { common, concede, type Dialect, foldRoles, fullDialect } from "./openai-dialect.ts";
import { RefusedError } from "./openai-errors.ts";
import { type ChatMessage, writeMessages, writeStructureMessages, writeTools } from "./openai-prompt.ts";
import { isStrictSchema } from "./strict-schema.ts";

export interface OpenAIModelParts {
  /** Absent for a server that wants none. */
  apiKey?: string;
  /** Ends in `/v1` for most servers; OpenAI's own when absent. */
  baseURL?: string;
  model: string;
  temperature: number;
  /** The model of `transcribe`; without one the ability is left out. */
  transcriptionModel?: string;
  /** For a whole call, 60 s when absent. */
  timeoutMs?: number;
  /** Silence after which an answer that has begun counts as dead, 20 s when absent. */
  idleTimeoutMs?: number;
  clock: Clock;
  log: Log;
  /** One over undici when absent. */
  fetch?: typeof globalThis.fetch;
}

export function createOpenAIModel(parts: OpenAIModelParts): LanguageModel {
  const { model, clock, log, timeoutMs = 60_000, idleTimeoutMs = 20_000, transcriptionModel } = parts;
  const client = createOpenAIClient(parts);
  let learned = fullDialect;

  function learn(dialect: Dialect): void {
    const both = common(learned, dialect);
    if (JSON.stringify(both) === JSON.stringify(learned)) return; // another call was first
    learned = both;
    log.info("model.adapted", { model, ...both });
  }

  /** Sends the request, in a smaller form where the server refuses the full one, and remembers the form that it took. */
  async function open(ask: Ask, call: Call): Promise<Bytes> {
    const started = learned;
    for (let dialect = started; ; ) {
      try {
        const bytes = await client.chat(bodyOf(ask, parts, dialect), call.signal);
        if (dialect !== started) learn(dialect);
        return bytes;
      } catch (error) {
        const smaller = error instanceof RefusedError ? concede(dialect, error, "format" in ask) : undefined;
        if (!smaller) throw error;
        dialect = smaller;
      }
    }
  }

  function complete(ask: Ask, signal: AbortSignal, show?: (delta: string) => void): Promise<ModelStep> {
    return withinTime({ clock, timeoutMs }, signal, async (call) => {
      const bytes = await open(ask, call);
      const answer = createAnswer({
        show: (delta) => {
          if (!call.signal.aborted) show?.(delta);
        },
        newId: () => clock.id("call"),
        isSecret: client.isSecret,
      });
      await readAnswer(bytes, answer, { clock, idleTimeoutMs, call });
      return answer.step();
    });
  }

  return {
    name: model,
    step: (request, { signal, show }) =>
      complete({ messages: writeMessages(request), tools: writeTools(request.tools) }, signal, show),

    async structure(request, { signal }) {
      const { name, schema } = request;
      const format = {
        type: "json_schema",
        json_schema: {
          name: name.replace(/[^\w-]/g, "_").slice(0, 64),
          strict: isStrictSchema(schema),
          schema,
        },
      };
      const { text } = await complete({ messages: writeStructureMessages(request), format }, signal);
      const value = jsonInText(text, schema.type === "array" ? "array" : "object");
      if (value === undefined) throw new DeskError("model_failed", "the answer is not JSON");
      return value;
    },

    async examine({ signal }) {
      try {
        await complete({ messages: [{ role: "user", content: "Answer with the word: ready" }] }, signal);
      } catch (error) {
        if (codeOf(error) !== "model_rejected") throw error;
        throw (await unlisted(client, parts, signal)) ?? error;
      }
    },

    ...(transcriptionModel
      ? ({
          transcribe: (file, { signal }) =>
            withinTime({ clock, timeoutMs }, signal, async (call) => {
              const recording = new File([file.content], recordingName(file), { type: file.mediaType });
              const bytes = await client.transcription(recording, transcriptionModel, call.signal);
              return wordsHeard(await readText(bytes, { clock, idleTimeoutMs, call }));
            }),
        } satisfies Partial<LanguageModel>)
      : {}),
  };
}

/** One request for a chat completion, whatever form it is sent in. */
interface Ask {
  messages: ChatMessage[];
  tools?: ReturnType<typeof writeTools>;
  format?: Record<string, unknown>;
}

function bodyOf(
  ask: Ask,
  parts: { model: string; temperature: number },
  dialect: Dialect,
): Record<string, unknown> {
  return {
    model: parts.model,
    ...(dialect.temperature ? { temperature: parts.temperature } : {}),
    messages: foldRoles(ask.messages, dialect.roles),
    ...(ask.tools && ask.tools.length > 0 ? { tools: ask.tools } : {}),
    ...(ask.format && dialect.responseFormat ? { response_format: ask.format } : {}),
    stream: true,
    ...(dialect.streamOptions ? { stream_options: { include_usage: true } } : {}),
  };
}

/** Why a request was refused, when the server has a list of its models and ours is not on it. */
async function unlisted(
  client: OpenAIClient,
  { model, clock, timeoutMs = 60_000, idleTimeoutMs = 20_000 }: OpenAIModelParts,
  signal: AbortSignal,
): Promise<DeskError | undefined> {
  try {
    const text = await withinTime({ clock, timeoutMs }, signal, async (call) =>
      readText(await client.models(call.signal), { clock, idleTimeoutMs, call }),
    );
    const list = JSON.parse(text) as { data?: { id?: unknown }[] };
    const ids = (list.data ?? []).map(({ id }) => id).filter((id) => typeof id === "string");
    if (ids.length === 0 || ids.includes(model)) return undefined;
    const some = ids.slice(0, 5).join(", ").slice(0, 300);
    return new DeskError(
      "model_rejected",
      `${model} is not one of the endpoint's ${ids.length} models (${some})`,
    );
  } catch {
    signal.throwIfAborted();
    return undefined; // a server without such a list; its first refusal says enough
  }
}

/** Servers tell the format of a recording by its ending. What else is in the name is the customer's. */
function recordingName(file: { name: string; mediaType: string }): string {
  const named = /\.([a-z0-9]{1,5})$/i.exec(file.name)?.[1];
  const type = file.mediaType.split(";")[0]!.trim().toLowerCase();
  const known = { "audio/mp4": "m4a", "audio/mpeg": "mp3", "audio/x-m4a": "m4a", "audio/x-wav": "wav" };
  const fromType = known[type as keyof typeof known] ?? /^\w+\/([a-z0-9]{1,5})$/.exec(type)?.[1];
  return `recording.${named ?? fromType ?? "ogg"}`;
}

/** Servers answer `{ "text": … }`, some the bare text. */
function wordsHeard(body: string): string {
  const text = body.trim();
  if (!text.startsWith("{")) return text;
  const value = jsonInText(text, "object") as { text?: unknown } | undefined;
  if (typeof value?.text === "string") return value.text.trim();
  throw new DeskError("model_failed", "the transcription has no text");
}
