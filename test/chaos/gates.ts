/**
 * Retry-Afters that were given out, and who came back too early. A process cannot know what only another one was told,
 * dead or alive; whether it could know what it was told itself is judged later (rules-of-limits.ts).
 */
import type { Early } from "./record.ts";

/** By which header a process of the desk tells its name: see preload.ts. */
export const processHeader = "x-chaos-process";

export interface Gates {
  /** @param to the process that is told so */
  close(gate: string, seconds: number, to?: string): void;
  /** Somebody comes. */
  pass(gate: string, who?: string): void;
  /** This process of the desk begins anew. */
  reborn(who: string): void;
  early: Early[];
  /** How often a process came inside of what another had been told. */
  unknowing: number;
}

/** What the way to the double may take. */
const graceMs = 20;

export function createGates(): Gates {
  const closed = new Map<string, { at: number; until: number; to: string }>();
  const gates: Gates = {
    close(gate, seconds, to = "") {
      const at = Date.now();
      closed.set(gate, { at, until: at + seconds * 1_000 - graceMs, to });
    },
    pass(gate, who = "") {
      const told = closed.get(gate);
      const at = Date.now();
      if (!told || told.until <= at) return;
      if (told.to === who) gates.early.push({ gate, toldAt: told.at, at });
      else gates.unknowing += 1;
    },
    reborn(who) {
      for (const [gate, told] of closed) if (told.to === who || told.to === "") closed.delete(gate);
    },
    early: [],
    unknowing: 0,
  };
  return gates;
}
