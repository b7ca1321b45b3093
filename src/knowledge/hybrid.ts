/**
 * The meaning side of hybrid search: passages and questions as vectors of an embedding model. It only ever adds to the
 * words: until all vectors are there, and whenever the model cannot be asked, `cosines` gives undefined.
 */
import { createHash } from "node:crypto";
import type { Clock } from "../clock.ts";
import type { Passage } from "../knowledge-base.ts";
import type { Log } from "../log.ts";

export interface Embedder {
  /** Vectors of different models never meet. */
  readonly model: string;
  /** One vector for each text, all of one length. */
  embed(texts: string[], signal?: AbortSignal): Promise<Float32Array[]>;
}

/** Keeps vectors, as base64 of their little-endian floats. May forget anything at any time. */
export interface VectorCache {
  get(key: string): Promise<string | undefined>;
  set(key: string, value: string): Promise<unknown>;
}

export interface Meanings {
  /** Gets the vectors that are missing; resolves when all are there, or it has failed. Of two calls the later one counts. */
  prepare(passages: readonly Passage[]): Promise<void>;
  /** The cosine of the question with each passage. Rejects with nothing but the signal's reason. */
  cosines(
    question: string,
    passages: readonly Passage[],
    signal?: AbortSignal,
  ): Promise<Float32Array | undefined>;
  close(): void;
}

export interface MeaningsParts {
  embedder: Embedder;
  cache?: VectorCache;
  log: Log;
  clock: Clock;
}

const textsAtOnce = 64;
const textCharactersMax = 8_000;
const questionTimeoutMs = 2_000;
const passagesTimeoutMs = 60_000;
/** After a failure the model is left alone for so long. */
const restMs = 30_000;

export function createMeanings({ embedder, cache, log, clock }: MeaningsParts): Meanings {
  const vectors = new Map<string, Float32Array>();
  const keys = new WeakMap<Passage, string>();
  const closed = new AbortController();
  let wanted: readonly Passage[] = [];
  let preparing: Promise<void> = Promise.resolve();
  let restUntil = Number.NEGATIVE_INFINITY;
  let failing = false;
  /** How many numbers the model's vectors have, as it answered last. */
  let numbers: number | undefined;
  /** For which of these the passages were asked for anew. */
  let renewedFor: number | undefined;

  function fail(error: unknown): void {
    restUntil = clock.elapsed() + restMs;
    if (!failing && !closed.signal.aborted) {
      log.warn("knowledge.embedding_failed", { model: embedder.model, error });
    }
    failing = true;
  }

  async function embed(texts: string[], timeoutMs: number, signal?: AbortSignal): Promise<Float32Array[]> {
    const signals = signal ? [closed.signal, signal] : [closed.signal];
    const found = await within({ timeoutMs, clock, signals }, (limit) =>
      embedder.embed(
        texts.map((text) => text.slice(0, textCharactersMax)),
        limit,
      ),
    );
    if (found.length !== texts.length) throw new Error(`${texts.length} texts, ${found.length} vectors`);
    numbers = found[0]?.length ?? numbers;
    return found.map(toUnit);
  }

  /** Another model answers under the same name: what was kept of the one before is of no use. */
  const isOutgrown = (vector: Float32Array): boolean => numbers !== undefined && vector.length !== numbers;

  /** Those are asked for anew after the rest, once for each length. */
  function forgetOutgrown(): void {
    if (renewedFor === numbers) return;
    renewedFor = numbers;
    for (const [key, vector] of vectors) if (isOutgrown(vector)) vectors.delete(key);
  }

  function keyOf(passage: Passage): string {
    const known = keys.get(passage);
    if (known !== undefined) return known;
    const key = createHash("sha256")
      .update(`${embedder.model}\0${textOf(passage)}`)
      .digest("hex");
    keys.set(passage, key);
    return key;
  }

  /** Each text's vector: from the cache, or else from the model and then into the cache. */
  async function fetch(texts: ReadonlyMap<string, string>): Promise<void> {
    const missing: [key: string, text: string][] = [];
    const cached = await Promise.all([...texts.keys()].map((key) => cache?.get(key).catch(() => undefined)));
    for (const [at, [key, text]] of [...texts].entries()) {
      const vector = decode(cached[at]);
      if (vector && !isOutgrown(vector)) vectors.set(key, vector);
      else missing.push([key, text]);
    }
    if (missing.length === 0) return;
    const fresh = await embed(
      missing.map(([, text]) => text),
      passagesTimeoutMs,
    );
    for (const [at, [key]] of missing.entries()) {
      vectors.set(key, fresh[at]!);
      await cache?.set(key, encode(fresh[at]!)).catch(() => undefined);
    }
  }

  async function fill(passages: readonly Passage[]): Promise<void> {
    const texts = new Map(passages.map((passage) => [keyOf(passage), textOf(passage)]));
    for (const key of vectors.keys()) if (!texts.has(key)) vectors.delete(key);
    const missing = [...texts].filter(([key]) => !vectors.has(key));
    try {
      for (let from = 0; from < missing.length; from += textsAtOnce) {
        if (passages !== wanted || closed.signal.aborted || clock.elapsed() < restUntil) return;
        await fetch(new Map(missing.slice(from, from + textsAtOnce)));
      }
      if (missing.length > 0) failing = false;
    } catch (error) {
      fail(error);
    }
  }

  function prepare(passages: readonly Passage[]): Promise<void> {
    wanted = passages;
    preparing = preparing.then(() => (passages === wanted ? fill(passages) : undefined));
    return preparing;
  }

  return {
    prepare,
    async cosines(question, passages, signal) {
      signal?.throwIfAborted();
      if (clock.elapsed() < restUntil || passages.length === 0) return undefined;
      const rows = passages.map((passage) => vectors.get(keyOf(passage)));
      if (rows.includes(undefined)) {
        if (failing) void prepare(wanted);
        return undefined;
      }
      try {
        const [asked] = await embed([question], questionTimeoutMs, signal);
        const cosines = Float32Array.from(rows, (row) => dot(asked!, row!));
        failing = false;
        return cosines;
      } catch (error) {
        signal?.throwIfAborted();
        fail(error);
        forgetOutgrown();
        return undefined;
      }
    },
    close: () => closed.abort(new Error("closed")),
  };
}

function textOf({ title, headings, text }: Passage): string {
  return [title, ...headings, text].join("\n");
}

/** Runs with a time limit; what ignores its signal is left behind. */
async function within<T>(
  { timeoutMs, clock, signals }: { timeoutMs: number; clock: Clock; signals: AbortSignal[] },
  run: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const limit = new AbortController();
  const signal = AbortSignal.any([limit.signal, ...signals]);
  signal.throwIfAborted();
  const cancel = clock.after(timeoutMs, () =>
    limit.abort(new Error(`no vectors within ${timeoutMs / 1000} s`)),
  );
  const over = new Promise<never>((_, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
  try {
    return await Promise.race([run(signal), over]);
  } finally {
    cancel();
  }
}

/** The vector with length 1, so that the dot product of two is their cosine. */
function toUnit(vector: Float32Array): Float32Array {
  const length = Math.sqrt(dot(vector, vector));
  if (!(length > 0) || !Number.isFinite(length)) throw new Error("a vector without direction");
  return vector.map((value) => value / length);
}

function dot(a: Float32Array, b: Float32Array): number {
  if (a.length !== b.length) throw new Error(`vectors of ${a.length} and ${b.length} numbers`);
  let sum = 0;
  for (let at = 0; at < a.length; at += 1) sum += a[at]! * b[at]!;
  return sum;
}

function encode(vector: Float32Array): string {
  return Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength).toString("base64");
}

/** Undefined for what is no vector. */
function decode(text: string | undefined): Float32Array | undefined {
  const bytes = Buffer.from(typeof text === "string" ? text : "", "base64");
  if (bytes.length === 0 || bytes.length % 4 !== 0) return undefined;
  const vector = new Float32Array(new Uint8Array(bytes).buffer);
  return vector.every(Number.isFinite) ? vector : undefined;
}
