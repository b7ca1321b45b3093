/**
 * What a desk cannot begin without is asked again: when Slack has asked to wait, if that is not too long, and for some
 * time when nobody answers. A machine that has just come up may have its network a moment later than its programs.
 */
import type { Clock } from "../../src/clock.ts";
import { codeOf, DeskError } from "../../src/errors.ts";
import type { Log } from "../../src/log.ts";

const waitMaxMs = 60_000;
/** For so long after the first call another one is begun where nobody has answered. */
const passingMs = 2 * 60_000;
const pauseMs = { first: 1_000, most: 15_000 } as const;

/** What Slack has asked for, in milliseconds; 0 for any other error. */
export const askedBy = (error: unknown): number =>
  error instanceof DeskError ? (error.retryAfterMs ?? 0) : 0;

/** @throws what `call` fails with in the end; the signal's reason when aborted while it waits */
export async function whenPossible<T>(
  call: () => Promise<T>,
  { clock, log, signal }: { clock: Clock; log: Log; signal?: AbortSignal },
): Promise<T> {
  const until = clock.elapsed() + passingMs;
  for (let pause: number = pauseMs.first; ; pause = Math.min(pause * 2, pauseMs.most)) {
    try {
      return await call();
    } catch (error) {
      const waitMs = waitAfter(error, pause, until - clock.elapsed());
      if (waitMs === undefined || signal?.aborted) throw error;
      log.warn("slack.beginning_later", { inMs: waitMs, error });
      await clock.sleep(waitMs, signal);
    }
  }
}

/** Undefined: it is not asked again. */
function waitAfter(error: unknown, pause: number, leftMs: number): number | undefined {
  const askedMs = askedBy(error);
  if (askedMs > 0) return askedMs <= waitMaxMs ? askedMs : undefined;
  return codeOf(error) === "platform_unavailable" && pause <= leftMs ? pause : undefined;
}
