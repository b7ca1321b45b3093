/**
 * Retry-Afters that were given out, and who came back too early. A process cannot know what only another one was told,
 * dead or alive.
 */
export interface Gates {
  /** @param to the process that is told so */
  close(gate: string, seconds: number, to?: string): void;
  /** Somebody comes. */
  pass(gate: string, who?: string): void;
  /** This process of the desk begins anew. */
  reborn(who: string): void;
  offences: string[];
  /** How often a process came inside of what another had been told. */
  unknowing: number;
}

/** What the way to the double may take. */
const graceMs = 20;

export function createGates(): Gates {
  const closed = new Map<string, { until: number; to: string }>();
  const gates: Gates = {
    close(gate, seconds, to = "") {
      closed.set(gate, { until: Date.now() + seconds * 1_000 - graceMs, to });
    },
    pass(gate, who = "") {
      const told = closed.get(gate);
      if (!told || told.until <= Date.now()) return;
      if (told.to === who) gates.offences.push(`${gate.split(" ")[0]} inside of a Retry-After`);
      else gates.unknowing += 1;
    },
    reborn(who) {
      for (const [gate, told] of closed) if (told.to === who || told.to === "") closed.delete(gate);
    },
    offences: [],
    unknowing: 0,
  };
  return gates;
}
