/** A language model behind any OpenAI-compatible server. */
import type { Clock } from "../clock.ts";
import { DeskError } from "../errors.ts";
import type { LanguageModel, StructureRequest, ToolSpec } from "../language-model.ts";
import type { Log } from "../log.ts";
import { createWaits, type Waits } from "../waits.ts";
import { readText } from "./answer-reader.ts";
import { endpointOf, waitingAsAsked } from "./asked-to-wait.ts";
import { withinTime } from "./call-limits.ts";
import { jsonInText } from "./json-in-text.ts";
import { createChat } from "./openai-chat.ts";
import { type Bytes, createOpenAIClient } from "./openai-client.ts";
import { RefusedError } from "./openai-errors.ts";
import { type ThoughtsOf, writeMessages, writeStructureMessages, writeTools } from "./openai-prompt.ts";
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
  /** Where the endpoint has asked to wait; of this model alone unless given. */
  waits?: Waits;
  clock: Clock;
  log: Log;
  /** One over undici when absent. */
  fetch?: typeof globalThis.fetch;
}

export function createOpenAIModel(parts: OpenAIModelParts): LanguageModel {
  const { model, clock, timeoutMs = 60_000, idleTimeoutMs = 20_000, transcriptionModel } = parts;
  const client = createOpenAIClient(parts);
  const waits = parts.waits ?? createWaits(clock);
  const asAsked = (ability: string) => ({ waits, name: `${ability} ${endpointOf(parts.baseURL)}` });
  const thoughts: ThoughtsOf = new WeakMap();
  const chat = waitingAsAsked(
    createChat({ ...parts, client, timeoutMs, idleTimeoutMs, thoughts }),
    asAsked("chat"),
  );

  /** The whole of an answer that is not a chat's. */
  const read = (signal: AbortSignal, ask: (signal: AbortSignal) => Promise<Bytes>): Promise<string> =>
    withinTime({ clock, timeoutMs }, signal, async (call) =>
      readText(await ask(call.signal), { clock, idleTimeoutMs, call }),
    );

  const transcribe: LanguageModel["transcribe"] = transcriptionModel
    ? waitingAsAsked(async (file, { signal }) => {
        const recording = new File([file.content], recordingName(file), { type: file.mediaType });
        return wordsHeard(
          await read(signal, (aborted) => client.transcription(recording, transcriptionModel, aborted)),
        );
      }, asAsked("transcription"))
    : undefined;

  return {
    name: model,
    step: (request, { signal, show }) =>
      chat({ messages: writeMessages(request, thoughts), tools: writeTools(request.tools) }, signal, show),

    async structure(request, { signal }) {
      const { text } = await chat(
        { messages: writeStructureMessages(request), format: formatOf(request) },
        signal,
      );
      const value = jsonInText(text, request.schema.type === "array" ? "array" : "object");
      if (value === undefined) throw new DeskError("model_failed", "the answer is not JSON");
      return value;
    },

    async examine({ signal }) {
      // A server that takes none could answer no customer.
      const tools = writeTools([readyTool]);
      try {
        await chat({ messages: [{ role: "user", content: "Answer with the word: ready" }], tools }, signal);
      } catch (error) {
        if (!(error instanceof RefusedError) || ![400, 404, 422].includes(error.status)) throw error;
        if (error.mentions(/\btools?\b|function.?call/i))
          throw new DeskError("model_rejected", `${error.message}: it takes no tools, or ${model} does not`);
        const list = await read(signal, client.models).catch(() => "");
        signal.throwIfAborted();
        throw unlisted(model, list) ?? error;
      }
    },

    ...(transcribe ? { transcribe } : {}),
  };
}

const readyTool: ToolSpec = {
  name: "say_ready",
  description: "Not to be called.",
  input: { type: "object", properties: {} },
  effect: "read",
};

function formatOf({ name, schema }: StructureRequest): Record<string, unknown> {
  const plainName = name.replace(/[^\w-]/g, "_").slice(0, 64);
  return { type: "json_schema", json_schema: { name: plainName, strict: isStrictSchema(schema), schema } };
}

/** Why a request was refused, when the server has a list of its models and ours is not on it. */
function unlisted(model: string, list: string): DeskError | undefined {
  const value = jsonInText(list, "object") as { data?: unknown } | null | undefined;
  const data: unknown[] = Array.isArray(value?.data) ? value.data : [];
  const ids = data
    .map((entry) => (entry as { id?: unknown } | null)?.id)
    .filter((id) => typeof id === "string");
  if (ids.length === 0 || ids.includes(model)) return undefined;
  const some = ids.slice(0, 5).join(", ").slice(0, 300);
  return new DeskError(
    "model_rejected",
    `${model} is not one of the endpoint's ${ids.length} models (${some})`,
  );
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
