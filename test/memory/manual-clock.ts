/** A clock that stands still until it is told otherwise. */
import type { Clock } from "../../src/clock.ts";
import { createClock } from "../../src/clock.ts";

export interface ManualClock extends Clock {
  /** Moves time on, calls what has become due, in order, and lets what that started settle. */
  pass(ms: number): Promise<void>;
}

export function createManualClock(): ManualClock {
  let elapsed = 0;
  let due: { at: number; call: () => void }[] = [];
  const after = (ms: number, call: () => void) => {
    const entry = { at: elapsed + ms, call };
    due.push(entry);
    return () => {
      due = due.filter((other) => other !== entry);
    };
  };
  return {
    ...createClock(),
    now: () => 1_790_000_000_000 + elapsed,
    elapsed: () => elapsed,
    after,
    every(ms, call) {
      let cancel = () => {};
      const again = () => {
        cancel = after(ms, () => {
          again();
          call();
        });
      };
      again();
      return () => cancel();
    },
    sleep: (ms) => new Promise((resolve) => after(ms, resolve)),
    async pass(ms) {
      const end = elapsed + ms;
      for (;;) {
        const next = due.filter((entry) => entry.at <= end).toSorted((a, b) => a.at - b.at)[0];
        if (!next) break;
        elapsed = next.at;
        due = due.filter((entry) => entry !== next);
        next.call();
        await settle();
      }
      elapsed = end;
      await settle();
    },
  };
}

/** Time enough for promises and turns of the event loop that lead to one another. */
async function settle(): Promise<void> {
  for (let n = 0; n < 20; n++) await new Promise((resolve) => setImmediate(resolve));
}
