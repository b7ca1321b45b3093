/** For a command beside the processes of a desk: what these have under way in a lane is broken off, and waited for. */
import type { Clock } from "../clock.ts";
import { findClaim } from "../ledger/claims.ts";
import { createSignals } from "../ledger/postgres-signals.ts";
import type { Ledger } from "../ledger.ts";
import type { Log } from "../log.ts";
import { writeWord } from "./words.ts";

export interface LanesElsewhere {
  interrupt(lane: string): void;
  /** Resolves when no process runs this lane, or sends it; at the latest when whoever has died with it has lost it. */
  idleIn(lane: string): Promise<void>;
  close(): Promise<void>;
}

const lookAgainMs = 200;
const elsewhereMaxMs = 20_000;

/** @throws what Postgres refuses with */
export async function openLanesElsewhere(parts: {
  url: string;
  ledger: Ledger;
  clock: Clock;
  log: Log;
}): Promise<LanesElsewhere> {
  const { ledger, clock } = parts;
  const signals = await createSignals({ ...parts, hear: () => {} });

  function taken(lane: string): Promise<boolean> {
    return ledger.write(
      async (tx) => {
        const claims = [await findClaim(tx, `work:${lane}`), await findClaim(tx, `send:${lane}`)];
        return claims.some((claim) => claim !== undefined && claim.until > tx.now);
      },
      { lazy: true },
    );
  }

  return {
    interrupt: (lane) => signals.tell(writeWord({ says: "interrupt", lane })),
    async idleIn(lane) {
      const end = clock.elapsed() + elsewhereMaxMs;
      while (clock.elapsed() < end && (await taken(lane))) await clock.sleep(lookAgainMs);
    },
    close: signals.close,
  };
}
