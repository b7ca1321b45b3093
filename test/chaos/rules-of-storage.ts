/** While nothing can be written, nothing is taken. */
import type { RunRecord } from "./record.ts";
import { nameOf, type Violation, violation } from "./violation.ts";

/** What was committed just before may be told of a little later. */
const graceMs = 1_000;

/** I1: nobody is told that we have what cannot have been written down. */
export function nothingTakenUnwritten({ said, acks, outages }: RunRecord): Violation[] {
  // Of a platform that is told nothing, the ledger is the only witness.
  if (acks.length === 0) return [];
  const unwritable = outages.filter((one) => one.unwritable);
  return said
    .filter(({ ackedAt }) =>
      unwritable.some(({ from, to }) => ackedAt !== undefined && ackedAt > from + graceMs && ackedAt < to),
    )
    .map((one) => violation("I1", `${nameOf(one)} was acknowledged while nothing could be written`, one));
}
