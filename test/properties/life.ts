/** A process that can die at any moment: from then on nothing it asks of the world is ever answered. */
import type { Ledger } from "../../src/ledger.ts";

export interface Life {
  readonly gone: boolean;
  /** Resolves at the death. */
  readonly over: Promise<void>;
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
  let end = () => {};
  const over = new Promise<void>((resolve) => (end = resolve));
  let left = Number.POSITIVE_INFINITY;
  let made = false;

  function die(): void {
    gone = true;
    end();
  }

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
    over,
    dieAt(commits, still) {
      left = commits;
      made = still;
    },
    die,
    alive,
    ledger: (real) => ({
      async write(work) {
        if (gone) return never();
        if (left-- > 0) return alive(() => real.write(work));
        gone = true;
        if (made) await real.write(work);
        die();
        return never();
      },
      read: (work) => alive(async () => real.read(work)),
      close: () => real.close(),
    }),
  };
}
