/**
 * The memory over Keyv. One Keyv for all namespaces, with the namespace in the key: Keyv's own namespaces need a store
 * and a connection each, and leave the prefix out where a key happens to begin with it. Keyv's `clear` is never called:
 * it takes what other programs keep in the same place.
 *
 * Backends differ in how they fail: some throw, some wait for ever, some stay broken for good. Here every operation
 * fails as memory_failed within a second; after one that has had no answer the others fail at once for a while, so that
 * no turn waits twice; and a backend that is broken, or has done nothing but fail for a while, is opened anew. Nobody depends on the memory, so nothing is tried twice.
 */
import { createHash } from "node:crypto";
import { Keyv } from "keyv";
import type { Clock } from "../clock.ts";
import { DeskError, faultOf } from "../errors.ts";
import type { Log } from "../log.ts";
import type { Memory } from "../memory.ts";
import type { Backend } from "./backend.ts";
import { backendFor } from "./choose-backend.ts";

const operationMs = 1_000;
const sparedMs = 5_000;
const failingMs = 10_000;
const sweepEveryMs = 10_000;

/**
 * @param parts.uri any Keyv backend: sqlite://, redis://, postgres://… Without one, SQLite at `path`
 * @throws DeskError config_invalid when the URI cannot be used; data_unusable when the file cannot. A server that does
 *   not answer is a warning: the desk works without it
 */
export async function createMemory(parts: {
  uri?: string;
  path: string;
  clock: Clock;
  log: Log;
}): Promise<Memory> {
  return memoryOver(await backendFor(parts.uri, parts.path, parts.log), parts);
}

/** @param open gives the backend, and a new one when that is worn out */
export async function memoryOver(
  open: () => Promise<Backend>,
  { clock, log }: { clock: Clock; log: Log },
): Promise<Memory> {
  /** What the store has said of itself since it last answered: a client that goes on trying says why only so. */
  let complaint: unknown;
  let backend = await begin();
  let keyv = keyvOn(backend);
  let failingSince: number | undefined;
  let sparedUntil = Number.NEGATIVE_INFINITY;
  let renewing = false;
  let closed = false;

  async function begin(): Promise<Backend> {
    const fresh = await open();
    fresh.store.on("error", (error: unknown) => {
      complaint = error;
    });
    return fresh;
  }

  async function ask<T>(operation: () => Promise<T>): Promise<T> {
    if (closed) throw new DeskError("memory_failed", "the memory is closed");
    if (clock.elapsed() < sparedUntil) throw new DeskError("memory_failed", "it has not answered lately");
    try {
      const result = await within(clock, operation());
      failingSince = undefined;
      complaint = undefined;
      return result;
    } catch (cause) {
      failingSince ??= clock.elapsed();
      if (cause instanceof NoAnswer) sparedUntil = clock.elapsed() + sparedMs;
      if (backend.isBroken?.(cause)) await renew(() => backend.discard?.());
      else if (clock.elapsed() - failingSince >= failingMs) void renew(() => backend.close());
      const why = cause instanceof NoAnswer && complaint !== undefined ? `: ${faultOf(complaint)}` : "";
      throw new DeskError("memory_failed", faultOf(cause) + why, { cause });
    }
  }

  /** Never throws: what cannot be opened now is tried again when it has failed for long enough. */
  async function renew(letGo: () => Promise<void> | undefined): Promise<void> {
    if (renewing || closed) return;
    renewing = true;
    failingSince = undefined;
    try {
      await within(clock, Promise.resolve(letGo())).catch((error) => log.debug("memory.stuck", { error }));
      backend = await begin();
      keyv = keyvOn(backend);
      log.warn("memory.renewed");
    } catch (error) {
      log.warn("memory.lost", { error });
    }
    renewing = false;
  }

  await ask(() => keyv.get(keyOf("memory", "probe"))).catch((error: unknown) => {
    log.warn("memory.unreachable", { error });
  });
  const stopSweeping = clock.every(sweepEveryMs, () => {
    backend.sweep?.(clock.now()).catch((error: unknown) => log.debug("memory.sweep_failed", { error }));
  });

  return {
    store(namespace) {
      if (!/^[a-z][a-z0-9-]*$/.test(namespace)) throw new RangeError(`not a namespace: ${namespace}`);
      return {
        get: (key) => ask(() => keyv.get(keyOf(namespace, key))),
        async set(key, value, ttlMs) {
          // Keyv takes 0 for "for ever".
          if (ttlMs !== undefined && ttlMs <= 0) await ask(() => keyv.delete(keyOf(namespace, key)));
          else await ask(() => keyv.set(keyOf(namespace, key), value, ttlMs && Math.ceil(ttlMs)));
        },
        async delete(key) {
          await ask(() => keyv.delete(keyOf(namespace, key)));
        },
      };
    },
    async close() {
      if (closed) return;
      closed = true;
      stopSweeping();
      await within(clock, backend.close()).catch((error: unknown) =>
        log.warn("memory.close_failed", { error }),
      );
    },
    ...(backend.scrub && {
      scrub: (bytesMax = Number.POSITIVE_INFINITY) =>
        ask(async () => (await backend.scrub?.(bytesMax)) ?? false),
    }),
  };
}

function keyvOn(backend: Backend): Keyv {
  return new Keyv(backend.store, {
    namespace: "deskhand",
    useKeyPrefix: false,
    throwOnErrors: true,
    serialize: (data) => JSON.stringify(data),
    deserialize: (text) => {
      try {
        return JSON.parse(text);
      } catch {
        // The parser's own error quotes the value.
        throw new Error("a value is not JSON");
      }
    },
  });
}

/** Databases limit keys to 255 characters and some to ASCII; others stand there by their hash. */
function keyOf(namespace: string, key: string): string {
  const plain = /^[\x21\x22\x24-\x7e][\x21-\x7e]{0,149}$/.test(key);
  const name = plain ? key : `#${createHash("sha256").update(key).digest("hex")}`;
  return `deskhand:${namespace}:${name}`;
}

class NoAnswer extends Error {
  override readonly message = `no answer within ${operationMs} ms`;
}

/** @throws NoAnswer */
function within<T>(clock: Clock, answer: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const cancel = clock.after(operationMs, () => reject(new NoAnswer()));
    answer.then(resolve, reject).finally(cancel);
  });
}
