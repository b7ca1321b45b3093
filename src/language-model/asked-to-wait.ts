/** An endpoint that has asked to wait is not asked again before that time, by whatever thread: it is told what it has said. */
import type { Clock } from "../clock.ts";
import { DeskError } from "../errors.ts";

/** Timers may be a little early. */
const earlyMs = 25;

/** @returns the same call; throws DeskError model_rate_limited with the time that is left */
export function waitingAsAsked<A extends unknown[], R>(
  ask: (...args: A) => Promise<R>,
  clock: Clock,
): (...args: A) => Promise<R> {
  let until = 0;
  return async (...args) => {
    const left = until - clock.elapsed();
    if (left > earlyMs) {
      const retryAfterMs = Math.ceil(left);
      throw new DeskError("model_rate_limited", "the endpoint has asked to wait", { retryAfterMs });
    }
    try {
      return await ask(...args);
    } catch (error) {
      const asked = error instanceof DeskError ? error.retryAfterMs : undefined;
      if (asked !== undefined) until = Math.max(until, clock.elapsed() + asked);
      throw error;
    }
  };
}
