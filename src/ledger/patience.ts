/** Trying again while a database is busy: somebody else has its lock, or it does not answer for a moment. */
import type { Clock } from "../clock.ts";
import { codeOf } from "../errors.ts";

export interface Patience {
  /** How long anybody waits. */
  busyMs: number;
  /** The pause between two tries: never in step with another process. */
  rest(): Promise<void>;
  /** @throws DeskError ledger_busy when it was still busy after `busyMs`; what else `attempt` throws */
  patiently<T>(attempt: () => T | Promise<T>): Promise<T>;
}

/** @param parts.restMs the shortest pause between two tries, and the longest */
export function createPatience(parts: {
  clock: Clock;
  busyMs: number;
  restMs: readonly [number, number];
}): Patience {
  const { clock, busyMs } = parts;
  const [shortest, longest] = parts.restMs;
  const rest = () => clock.sleep(shortest + (longest - shortest) * clock.random());
  return {
    busyMs,
    rest,
    async patiently(attempt) {
      const since = clock.elapsed();
      for (;;) {
        try {
          return await attempt();
        } catch (error) {
          if (codeOf(error) !== "ledger_busy" || clock.elapsed() - since >= busyMs) throw error;
        }
        await rest();
      }
    },
  };
}
