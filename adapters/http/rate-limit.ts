/** Token buckets: so many requests a minute for each name, and as many at once. */
import type { Clock } from "../../src/clock.ts";

export interface RateLimit {
  /** Takes one; 0 when it was there, else in how many milliseconds it will be. */
  take(name: string): number;
}

/** Beyond so many names, those that have not asked for a minute are forgotten: their buckets are full. */
const namesKept = 10_000;

export function createRateLimit(perMinute: number, clock: Clock): RateLimit {
  const msPerToken = 60_000 / perMinute;
  /** When each bucket will be full again. */
  const fullAt = new Map<string, number>();

  function forgetFull(now: number): void {
    for (const [name, at] of fullAt) if (at <= now) fullAt.delete(name);
  }

  return {
    take(name) {
      const now = clock.elapsed();
      const full = Math.max(fullAt.get(name) ?? 0, now) + msPerToken;
      const wait = full - now - 60_000;
      // A hair of rounding is no reason to refuse.
      if (wait > 0.001) return wait;
      if (fullAt.size >= namesKept) forgetFull(now);
      fullAt.set(name, full);
      return 0;
    },
  };
}
