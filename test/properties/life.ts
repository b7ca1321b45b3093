/** A process that can die at any moment: from then on nothing it asks of the world is ever answered. */
import fc from "fast-check";
import type { Ledger } from "../../src/ledger.ts";

/** The process dies at the commit after so many others; `made`: it is still made, and nobody hears of it. */
export interface Death {
  commits: number;
  made: boolean;
}

export const death: fc.Arbitrary<Death> = fc.record({ commits: fc.nat({ max: 7 }), made: fc.boolean() });

export const tellDeath = ({ commits, made }: Death): string =>
  `, and the process dies at commit ${commits + 1}${made ? ", made" : ""}`;

export interface Life {
  readonly gone: boolean;
  /** Resolves at the death. */
  readonly over: Promise<void>;
  /** See `Death`. */
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
        // Whether it could be made is nobody's to hear of either.
        if (made) await real.write(work).catch(() => {});
        die();
        return never();
      },
      read: (work) => alive(async () => real.read(work)),
      close: () => real.close(),
    }),
  };
}
