/**
 * Vectors for texts from any OpenAI-compatible server's `/embeddings`. Floats are asked for, because the SDK's own
 * default, base64, comes back as floats from some servers and the SDK then makes empty vectors of them; either is read.
 */
import type { Clock } from "../clock.ts";
import { DeskError } from "../errors.ts";
import { createWaits, type Waits } from "../waits.ts";
import { readText } from "./answer-reader.ts";
import { endpointOf, waitingAsAsked } from "./asked-to-wait.ts";
import { withinTime } from "./call-limits.ts";
import { createOpenAIClient } from "./openai-client.ts";
import { RefusedError } from "./openai-errors.ts";

export interface OpenAIEmbedderParts {
  /** Absent for a server that wants none. */
  apiKey?: string;
  baseURL?: string;
  model: string;
  /** For one batch, 60 s when absent. */
  timeoutMs?: number;
  /** Where the endpoint has asked to wait; of this embedder alone unless given. */
  waits?: Waits;
  clock: Clock;
  /** One over undici when absent. */
  fetch?: typeof globalThis.fetch;
}

export interface OpenAIEmbedder {
  readonly model: string;
  /**
   * One vector for each text, in their order, all of one length. No retries.
   * @throws DeskError like LanguageModel.step; the signal's reason when aborted
   */
  embed(texts: string[], signal?: AbortSignal): Promise<Float32Array[]>;
}

/** Texts in one request: the least that common servers take (text-embeddings-inference). */
export const batchTextsMax = 32;
/** Characters in one request. */
export const batchCharactersMax = 100_000;
/** Characters of one text; models read about 8,000 tokens, and some refuse more instead of cutting. */
export const textCharactersMax = 8_000;
/** A text is not made shorter than this for a server that finds it too long. */
const textCharactersMin = 500;
/** Requests of one `embed` under way at once. */
export const requestsMax = 2;

export function createOpenAIEmbedder(parts: OpenAIEmbedderParts): OpenAIEmbedder {
  const { model, clock, timeoutMs = 60_000 } = parts;
  const client = createOpenAIClient(parts);

  /** The most texts that the server has not refused. */
  let textsMax = batchTextsMax;
  let namesEncoding = true;

  const askForBatch = (input: string[], signal: AbortSignal | undefined): Promise<Float32Array[]> =>
    withinTime({ clock, timeoutMs }, signal, async (call) => {
      const encoding = namesEncoding ? { encoding_format: "float" } : {};
      const bytes = await client.embeddings({ model, input, ...encoding }, call.signal);
      return readVectors(await readText(bytes, { clock, idleTimeoutMs: timeoutMs, call }), input.length);
    });
  const embedBatch = waitingAsAsked(askForBatch, {
    waits: parts.waits ?? createWaits(clock),
    name: `embeddings ${endpointOf(parts.baseURL)}`,
  });

  /** A batch that the server finds too large is halved, and so is a text that it finds too long. */
  async function embedFitting(input: string[], signal: AbortSignal): Promise<Float32Array[]> {
    try {
      return await embedBatch(input, signal);
    } catch (error) {
      if (!(error instanceof RefusedError)) throw error;
      if (namesEncoding && isOfForm(error) && error.mentions(/encoding_format/)) namesEncoding = false;
      else if (!isTooMuch(error)) throw error;
      else if (input.length === 1) return [await embedShorter(input[0]!, error, signal)];
      else textsMax = Math.min(textsMax, Math.ceil(input.length / 2));
    }
    const vectors: Float32Array[] = [];
    const size = textsMax;
    for (let at = 0; at < input.length; at += size)
      vectors.push(...(await embedFitting(input.slice(at, at + size), signal)));
    return vectors;
  }

  async function embedShorter(
    text: string,
    refusal: RefusedError,
    signal: AbortSignal,
  ): Promise<Float32Array> {
    if (text.length <= textCharactersMin) throw refusal;
    const shorter = asTaken(text.slice(0, Math.max(textCharactersMin, Math.ceil(text.length / 2))));
    const [vector] = await embedFitting([shorter], signal);
    textsMax = batchTextsMax; // it was not the number of texts
    return vector!;
  }

  return {
    model,
    async embed(texts, signal) {
      signal?.throwIfAborted();
      const batches = inBatches(texts.map(asTaken), textsMax);
      const vectors: Float32Array[][] = [];
      const failed = new AbortController(); // the first batch that fails stops the others
      const either = signal ? AbortSignal.any([signal, failed.signal]) : failed.signal;
      let next = 0;
      const work = async () => {
        for (let at = next++; at < batches.length; at = next++)
          vectors[at] = await embedFitting(batches[at]!, either);
      };
      try {
        await Promise.all(Array.from({ length: Math.min(requestsMax, batches.length) }, work));
      } catch (error) {
        failed.abort(error);
        throw error;
      }
      return sameLength(vectors.flat());
    },
  };
}

/** What every server takes: not empty, not too long, no half of a surrogate pair. */
function asTaken(text: string): string {
  return (
    text
      .slice(0, textCharactersMax)
      .replace(/\p{Surrogate}/gu, "\ufffd")
      .trim() || "-"
  );
}

function isOfForm({ status }: RefusedError): boolean {
  return status === 400 || status === 422;
}

/** llama.cpp says so with 500. */
function isTooMuch(refusal: RefusedError): boolean {
  return (
    isOfForm(refusal) || refusal.status === 413 || (refusal.status === 500 && refusal.mentions(/too large/i))
  );
}

function inBatches(texts: string[], textsMax: number): string[][] {
  const batches: string[][] = [];
  let characters = 0;
  for (const text of texts) {
    const last = batches.at(-1);
    if (last && last.length < textsMax && characters + text.length <= batchCharactersMax) {
      last.push(text);
      characters += text.length;
    } else {
      batches.push([text]);
      characters = text.length;
    }
  }
  return batches;
}

interface Item {
  index?: unknown;
  embedding?: unknown;
}

function readVectors(body: string, count: number): Float32Array[] {
  let data: unknown;
  try {
    data = (JSON.parse(body) as { data?: unknown } | null)?.data;
  } catch {
    throw new DeskError("model_failed", "the embeddings are not JSON");
  }
  if (!Array.isArray(data) || data.length !== count) {
    throw new DeskError("model_failed", `not one embedding for each of ${count} texts`);
  }
  const items = data as (Item | null)[];
  // some servers give no index, or count from 1: then the order is the one they were asked in
  const indexes = new Set(items.map((item) => item?.index));
  const indexed = items.every((_item, position) => indexes.has(position));
  const vectors: Float32Array[] = [];
  items.forEach((item, position) => {
    vectors[indexed ? (item?.index as number) : position] = readVector(item?.embedding);
  });
  return vectors;
}

function readVector(embedding: unknown): Float32Array {
  const vector =
    typeof embedding === "string"
      ? fromBase64(embedding)
      : Array.isArray(embedding) && embedding.every((part) => typeof part === "number")
        ? Float32Array.from(embedding)
        : undefined;
  if (!vector || vector.length === 0 || !vector.every(Number.isFinite)) {
    throw new DeskError("model_failed", "an embedding is not a list of numbers");
  }
  return vector;
}

/** Little-endian 32-bit floats. */
function fromBase64(text: string): Float32Array | undefined {
  const bytes = Buffer.from(text, "base64");
  if (bytes.length % 4 !== 0) return undefined;
  return Float32Array.from({ length: bytes.length / 4 }, (_, at) => bytes.readFloatLE(at * 4));
}

function sameLength(vectors: Float32Array[]): Float32Array[] {
  if (vectors.some((vector) => vector.length !== vectors[0]!.length)) {
    throw new DeskError("model_failed", "the embeddings differ in length");
  }
  return vectors;
}
