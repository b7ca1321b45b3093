/** Retry-Afters that were given out, and who came back too early. A new process cannot know what only a dead one was told. */
export interface Gates {
  close(gate: string, seconds: number): void;
  /** Somebody comes. */
  pass(gate: string): void;
  /** Another process of the desk begins. */
  reborn(): void;
  offences: string[];
}

/** What the way to the double may take. */
const graceMs = 20;

export function createGates(): Gates {
  const closed = new Map<string, number>();
  const offences: string[] = [];
  return {
    close(gate, seconds) {
      closed.set(gate, Date.now() + seconds * 1_000 - graceMs);
    },
    pass(gate) {
      if ((closed.get(gate) ?? 0) > Date.now())
        offences.push(`${gate.split(" ")[0]} inside of a Retry-After`);
    },
    reborn: () => closed.clear(),
    offences,
  };
}
