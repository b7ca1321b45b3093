/** What of the bot is on its way into each thread, in this process: a post in the air, a reply that is shown while it grows. */
import type { ThreadId } from "./thread.ts";

export interface Airspace {
  /** Something is on its way into this thread until `over` settles. */
  enter(thread: ThreadId, over: Promise<unknown>): void;
  /** Resolves when nothing is on its way into this thread. */
  settled(thread: ThreadId): Promise<void>;
  /** All that is on its way. */
  all(): Promise<unknown>[];
}

export function createAirspace(): Airspace {
  const inTheAir = new Map<ThreadId, Set<Promise<unknown>>>();
  return {
    enter(thread, over) {
      const all = inTheAir.get(thread) ?? new Set();
      inTheAir.set(thread, all);
      all.add(over);
      const landed = () => {
        all.delete(over);
        if (all.size === 0) inTheAir.delete(thread);
      };
      over.then(landed, landed);
    },
    async settled(thread) {
      for (let all = inTheAir.get(thread); all; all = inTheAir.get(thread)) await Promise.allSettled(all);
    },
    all: () => [...inTheAir.values()].flatMap((all) => [...all]),
  };
}
