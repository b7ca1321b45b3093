/**
 * An office: what one process of a crew does for all of them, at any time; when it dies or is held up, or cannot do it any
 * more, another one does.
 */
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
/** Connections break and come back; whoever has been unable for longer than this lets the others try. */
const unableMaxMs = 30_000;
/** Meanwhile others find the office free. */
const othersFirstMs = 3 * askEveryMs;

/** Tries for it now and again and again. `enter` may reject: then another process may have it, and it is tried again. */
export function createOffice(parts: {
  crew: Pick<Crew, "claim">;
  name: string;
  enter(): Promise<void>;
  leave(): Promise<void>;
  /** Whether this process can do it at this moment. */
  able?(): boolean;
  clock: Clock;
  log: Log;
}): Office {
  const { crew, name, clock, log } = parts;
  const closing = new AbortController();
  let claim: Claim | undefined;
  /** How long it is until this process asks again. */
  let rest = askEveryMs;

  async function hold(mine: Claim): Promise<void> {
    try {
      await parts.enter();
      claim = mine;
      log.info("office.taken", { office: name });
      const unable = new AbortController();
      const stopWatching = watch(() => unable.abort());
      await until(AbortSignal.any([mine.signal, unable.signal])).finally(stopWatching);
    } finally {
      claim = undefined;
      await parts.leave().catch((error: unknown) => log.warn("office.not_left", { office: name, error }));
      await mine.release();
    }
  }

  /** @param tell called when this process has not been able for too long */
  function watch(tell: () => void): () => void {
    let since: number | undefined;
    return clock.every(askEveryMs, () => {
      if (parts.able?.() ?? true) since = undefined;
      else since ??= clock.elapsed();
      if (since === undefined || clock.elapsed() - since < unableMaxMs) return;
      log.warn("office.given_up", { office: name, unableMs: Math.round(clock.elapsed() - since) });
      rest = othersFirstMs;
      tell();
    });
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
      const pause = rest;
      rest = askEveryMs;
      await clock.sleep(pause, closing.signal).catch(() => {});
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
