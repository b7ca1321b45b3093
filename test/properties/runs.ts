/**
 * How often a property is tried. `DESKHAND_RUNS=20` tries twenty times as often, `DESKHAND_SEED` elsewhere; a failure
 * prints its seed and its path, which can be given to `fc.assert` to see it again.
 */
import type { Parameters } from "fast-check";

const times = Number(process.env.DESKHAND_RUNS ?? 1);

export function runs<T>(count: number): Parameters<T> {
  return { numRuns: Math.ceil(count * times), seed: Number(process.env.DESKHAND_SEED ?? 1) };
}

/** For a test of properties, in milliseconds. */
export const enough = 60_000 * Math.max(1, times);
