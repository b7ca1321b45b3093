/** The one place where a model's call is tried again. */
import type { Clock } from "../clock.ts";
import { codeOf, DeskError, type ErrorCode } from "../errors.ts";

/** Failures that may pass by themselves. */
const passing: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  "model_unreachable",
  "model_rate_limited",
  "model_failed",
  "model_timeout",
  "model_interrupted",
]);

const triesMax = 3;
const firstPauseMs = 250;
/** A customer is waiting: an endpoint that asks for a longer pause has failed for this turn, */
const pauseMaxMs = 8_000;
/** and so has one that has kept them waiting for so long without an answer. */
const waitedMaxMs = 45_000;

/**
 * Calls up to three times, with growing pauses, never inside a pause the endpoint asked for; no more after 45 s.
 * @throws the last failure
 */
export async function withPatience<T>(
  call: (attempt: number) => Promise<T>,
  parts: { clock: Clock; signal: AbortSignal; failed: (error: unknown, attempt: number) => void },
): Promise<T> {
  const began = parts.clock.elapsed();
  for (let attempt = 1; ; attempt++) {
    try {
      return await call(attempt);
    } catch (error) {
      if (parts.signal.aborted) throw parts.signal.reason;
      const code = codeOf(error);
      if (!code) throw error;
      parts.failed(error, attempt);
      const waitedMs = parts.clock.elapsed() - began;
      if (!passing.has(code) || attempt === triesMax || waitedMs >= waitedMaxMs) throw error;
      const pause = pauseAfter(error, attempt, parts.clock);
      if (pause > pauseMaxMs) throw error;
      await parts.clock.sleep(pause, parts.signal);
    }
  }
}

function pauseAfter(error: unknown, attempt: number, clock: Clock): number {
  const asked = error instanceof DeskError ? (error.retryAfterMs ?? 0) : 0;
  return Math.max(asked, firstPauseMs * 2 ** (attempt - 1) * (1 + clock.random()));
}
