/** A process that can die at any moment: from then on nothing it asks of the world is ever answered. */
import type { Ledger } from "../../src/ledger.ts";

export interface Life {
  readonly gone: boolean;
  /** At the commit after so many others; `made`: it is still made, and nobody hears of it. */
  dieAt(commits: number, made: boolean): void;
  die(): void;
  /** Never answers once the process has died. */
  alive<T>(work: () => Promise<T>): Promise<T>;
  ledger(real: Ledger): Ledger;
}

const never = <T>() => new Promise<T>(() => {});

export function createLife(): Life {
  let gone = false;
  let left: number | undefined;
  let made = false;

  async function alive<T>(work: () => Promise<T>): Promise<T> {
    if (gone) return never();
    try {
      const value = await work();
      return gone ? never() : value;
    } catch (error) {
      if (gone) return never();
      throw error;
    }
  }

  return {
    get gone() {
      return gone;
    },
    dieAt(commits, still) {
      left = commits;
      made = still;
    },
    die() {
      gone = true;
    },
    alive,
    ledger: (real) => ({
      async write(work) {
        if (gone) return never();
        if (left !== undefined && left-- === 0) {
          gone = true;
          if (made) await real.write(work);
          return never();
        }
        return alive(() => real.write(work));
      },
      read: (work) => alive(async () => real.read(work)),
      close: () => real.close(),
    }),
  };
}
