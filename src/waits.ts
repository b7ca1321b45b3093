/** Who has asked to wait, and for how long: nobody is asked again before that time, by whoever. */
import type { Clock } from "./clock.ts";

export interface Waits {
  /** For how many milliseconds this is not to be asked for yet; 0: it may be. */
  left(name: string): number;
  /** It has been said that this is not to be asked for again for so many milliseconds. */
  note(name: string, ms: number): void;
}

const namesMax = 10_000;

/** Known to this process, and forgotten with it. */
export function createWaits(clock: Pick<Clock, "elapsed">): Waits {
  const ends = new Map<string, number>();
  return {
    left(name) {
      const end = ends.get(name);
      if (end === undefined) return 0;
      const left = end - clock.elapsed();
      if (left > 0) return Math.ceil(left);
      ends.delete(name);
      return 0;
    },
    note(name, ms) {
      const now = clock.elapsed();
      if (ends.size >= namesMax) for (const [other, end] of ends) if (end <= now) ends.delete(other);
      ends.set(name, Math.max(ends.get(name) ?? 0, now + ms));
    },
  };
}
