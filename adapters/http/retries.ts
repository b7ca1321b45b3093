/**
 * Retries: requests with the same Idempotency-Key are one. The first is taken, the others wait for what came of it; the
 * answer is kept for some minutes. What this process does not remember, the ledger still knows by its key.
 */
import type { Clock } from "../../src/clock.ts";
import { Problem } from "./problems.ts";

export interface Retries<T> {
  /**
   * What `take` gives, taken once for each key; a `take` that fails is forgotten.
   * @param print of the request; another one under the same key is refused
   * @throws Problem idempotency-key-reused
   */
  once(key: string, print: string, take: () => Promise<T>): Promise<T>;
}

interface Kept<T> {
  print: string;
  taken: Promise<T>;
  at: number;
}

export function createRetries<T>(limits: { keptMs: number; keptMax: number }, clock: Clock): Retries<T> {
  /** Oldest first. */
  const kept = new Map<string, Kept<T>>();

  function forgetOld(now: number): void {
    for (const [key, { at }] of kept) {
      if (now - at < limits.keptMs && kept.size < limits.keptMax) return;
      kept.delete(key);
    }
  }

  return {
    once(key, print, take) {
      const now = clock.elapsed();
      forgetOld(now);
      const known = kept.get(key);
      if (known && known.print !== print) return Promise.reject(new Problem("idempotency-key-reused"));
      if (known) return known.taken;
      const taken = take();
      const fresh: Kept<T> = { print, taken, at: now };
      kept.set(key, fresh);
      taken.catch(() => {
        if (kept.get(key) === fresh) kept.delete(key);
      });
      return taken;
    },
  };
}
