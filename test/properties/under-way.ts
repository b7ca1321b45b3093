/** What takes time of its own, e.g. a server's answer, and is waited for before virtual time passes. */
import type { Ledger } from "../../src/ledger.ts";

export interface UnderWay {
  busy(): boolean;
  during<T>(work: Promise<T>): Promise<T>;
  ledger(real: Ledger): Ledger;
}

export function createUnderWay(): UnderWay {
  let count = 0;

  async function during<T>(work: Promise<T>): Promise<T> {
    count += 1;
    try {
      return await work;
    } finally {
      count -= 1;
    }
  }

  return {
    busy: () => count > 0,
    during,
    ledger: (real) => ({
      ...real,
      write: (work, options) => during(real.write(work, options)),
      read: (work) => during(Promise.resolve(real.read(work))),
      close: () => during(real.close()),
    }),
  };
}
