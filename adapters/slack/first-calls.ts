/** What a desk cannot begin without is asked again when Slack has asked to wait, if that is not too long. */
import type { Clock } from "../../src/clock.ts";
import { DeskError } from "../../src/errors.ts";
import type { Log } from "../../src/log.ts";

const waitMaxMs = 60_000;

/** What Slack has asked for, in milliseconds; 0 for any other error. */
export const askedBy = (error: unknown): number =>
  error instanceof DeskError ? (error.retryAfterMs ?? 0) : 0;

/** @throws what `call` fails with; the signal's reason when aborted while it waits */
export async function whenAllowed<T>(
  call: () => Promise<T>,
  { clock, log, signal }: { clock: Clock; log: Log; signal?: AbortSignal },
): Promise<T> {
  for (;;) {
    try {
      return await call();
    } catch (error) {
      const askedMs = askedBy(error);
      if (askedMs === 0 || askedMs > waitMaxMs || signal?.aborted) throw error;
      log.warn("slack.beginning_later", { error });
      await clock.sleep(askedMs, signal);
    }
  }
}
