/** A store for those who can do without: what cannot be had is not there, what cannot be kept is dropped. */
import type { Clock } from "../clock.ts";
import type { Log } from "../log.ts";
import type { Store } from "../memory.ts";

/**
 * `get` gives undefined and `set` does nothing where the store fails. `delete` still throws: what should be gone, and
 * may not be, is nothing to be silent about.
 */
export function forgiving<T>(store: Store<T>, parts: { clock: Clock; log: Log }): Store<T> {
  const complain = sparing(parts);
  return {
    get: (key) =>
      store.get(key).catch((error: unknown) => {
        complain(error);
        return undefined;
      }),
    set: (key, value, ttlMs) => store.set(key, value, ttlMs).catch(complain),
    delete: (key) => store.delete(key),
  };
}

const lineEveryMs = 60_000;

/** Logs a failure at most once a minute, with the number of those since the last line. */
export function sparing({ clock, log }: { clock: Clock; log: Log }): (error: unknown) => void {
  let failures = 0;
  let toldAt = Number.NEGATIVE_INFINITY;
  return (error) => {
    failures++;
    if (clock.elapsed() - toldAt < lineEveryMs) return;
    log.warn("memory.failed", { error, failures });
    failures = 0;
    toldAt = clock.elapsed();
  };
}
