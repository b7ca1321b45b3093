/**
 * Retry-Afters that were given out, and who came back too early. Whether they could know is judged later
 * (rules-of-limits.ts).
 */
import type { Early } from "./record.ts";

/** By which header a process of the desk tells its name: see preload.ts. */
export const processHeader = "x-chaos-process";

export interface Gates {
  /** @param to the process that is told so */
  close(gate: string, seconds: number, to: string): void;
  /** Somebody comes. */
  pass(gate: string, by: string): void;
  early: Early[];
}

/** What the way to the double may take. */
const graceMs = 20;

export function createGates(): Gates {
  const closed = new Map<string, { at: number; until: number; to: string }>();
  const early: Early[] = [];
  return {
    close(gate, seconds, to) {
      const at = Date.now();
      closed.set(gate, { at, until: at + seconds * 1_000 - graceMs, to });
    },
    pass(gate, by) {
      const told = closed.get(gate);
      const at = Date.now();
      if (told && told.until > at) early.push({ gate, toldAt: told.at, to: told.to, at, by });
    },
    early,
  };
}
