/**
 * How often a property is tried. `DESKHAND_RUNS=20` tries twenty times as often, `DESKHAND_SEED` elsewhere; a failure
 * prints its seed and its path, which can be given to `fc.assert` to see it again.
 */
import type { Parameters } from "fast-check";

const times = Number(process.env.DESKHAND_RUNS ?? 1);

/** For a test of properties, in milliseconds. */
export const enough = 120_000 * Math.max(1, times);

export function runs<T>(count: number): Parameters<T> {
  return {
    numRuns: Math.ceil(count * times),
    seed: Number(process.env.DESKHAND_SEED ?? 1),
    // What hangs has failed; and a failure is told as it is by then, however much shorter it could be made.
    timeout: 20_000,
    interruptAfterTimeLimit: enough - 30_000,
  };
}

/** What must have been tried at the least, where it was tried as often as `runs` says; of a few runs nothing is expected. */
export const atLeast = (count: number): number => (times < 1 ? 0 : Math.floor(count * times));
