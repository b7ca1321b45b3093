/** A process that dies at a commit: from then on nothing it asks of its ledger is ever answered. */
import type { Ledger } from "../../src/ledger.ts";

export interface Mortal {
  between(ledger: Ledger): Ledger;
  /** Commits so far. */
  readonly commits: number;
  /** Resolves at the death. */
  dead: Promise<undefined>;
  readonly gone: boolean;
}

/** @param death which commit it is, from 1, and whether the commit is still made; none: it lives for ever */
export function mortal(death?: { at: number; made: boolean }): Mortal {
  let commits = 0;
  let die = (_: undefined) => {};
  const dead = new Promise<undefined>((resolve) => (die = resolve));
  let gone = false;
  const never = () => new Promise<never>(() => {});
  return {
    get commits() {
      return commits;
    },
    get gone() {
      return gone;
    },
    dead,
    between: (ledger) => ({
      async write(work) {
        if (gone) return never();
        commits += 1;
        if (commits !== death?.at) return ledger.write(work);
        gone = true;
        if (death.made) await ledger.write(work);
        die(undefined);
        return never();
      },
      read: (work) => (gone ? never() : ledger.read(work)),
      close: () => ledger.close(),
    }),
  };
}
