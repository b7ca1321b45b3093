/** Long work in small commits: none holds up the event loop, and a process that dies leaves whole pieces only. */
import type { Clock } from "../clock.ts";
import type { Ledger, Transaction } from "../ledger.ts";

/** What all of a retention's work knows. */
export interface Work {
  ledger: Ledger;
  clock: Clock;
  /** Ends the work between two pieces, with its reason. */
  signal: AbortSignal | undefined;
  /** What is older is meant; milliseconds since 1970. */
  before: number;
}

/** Some milliseconds of the event loop, with rows of the usual size. */
export const rowsAtOnce = 100;

/**
 * Calls `piece` in a commit of its own, again and again, until it has found less than it may take.
 * @param piece takes at most `limit` rows; returns how many
 * @returns how many in all
 */
export async function inPieces(
  { ledger, signal }: Work,
  piece: (tx: Transaction, limit: number) => Promise<number>,
): Promise<number> {
  for (let total = 0; ; ) {
    signal?.throwIfAborted();
    const count = await ledger.write((tx) => piece(tx, rowsAtOnce));
    total += count;
    if (count < rowsAtOnce) return total;
  }
}
