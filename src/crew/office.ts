/** An office: what one process of a crew does for all of them, at any time; when it dies or is held up, another one does. */
import type { Clock } from "../clock.ts";
import type { Claim, Crew } from "../crew.ts";
import type { Log } from "../log.ts";

export interface Office {
  /** Whether it is this process's at this moment. */
  holds(): boolean;
  /** Gives it up, if it is this process's, once `leave` has resolved. */
  close(): Promise<void>;
}

const askEveryMs = 2_000;

/** Tries for it now and again and again. `enter` may reject: then another process may have it, and it is tried again. */
export function createOffice(parts: {
  crew: Pick<Crew, "claim">;
  name: string;
  enter(): Promise<void>;
  leave(): Promise<void>;
  clock: Clock;
  log: Log;
}): Office {
  const { crew, name, clock, log } = parts;
  const closing = new AbortController();
  let claim: Claim | undefined;

  async function hold(mine: Claim): Promise<void> {
    try {
      await parts.enter();
      claim = mine;
      log.info("office.taken", { office: name });
      await until(mine.signal);
    } finally {
      claim = undefined;
      await parts.leave().catch((error: unknown) => log.warn("office.not_left", { office: name, error }));
      await mine.release();
    }
  }

  const until = (signal: AbortSignal): Promise<void> =>
    new Promise((resolve) => {
      const over = AbortSignal.any([signal, closing.signal]);
      if (over.aborted) resolve();
      else over.addEventListener("abort", () => resolve(), { once: true });
    });

  async function run(): Promise<void> {
    while (!closing.signal.aborted) {
      try {
        const mine = await crew.claim(`office:${name}`);
        if (mine) await hold(mine);
      } catch (error) {
        log.warn("office.not_taken", { office: name, error });
      }
      await clock.sleep(askEveryMs, closing.signal).catch(() => {});
    }
  }

  const running = run();
  return {
    holds: () => claim?.holds() ?? false,
    async close() {
      closing.abort();
      await running;
    },
  };
}
