/** The time a call may take, and what ends it early: the caller's signal, the limit, silence. */
import type { Clock } from "../clock.ts";
import { DeskError } from "../errors.ts";

export interface Call {
  /** Aborted when the call is over before its work is: whatever it still does is to stop. */
  signal: AbortSignal;
  /** Stops what is still going on after the work has all it needs. */
  cancel(): void;
}

/**
 * Runs `work` until it ends, the time is up (model_timeout) or the caller's signal aborts (rejects at once with the
 * signal's reason, whatever the work does).
 */
export function withinTime<T>(
  parts: { clock: Clock; timeoutMs: number },
  signal: AbortSignal | undefined,
  work: (call: Call) => Promise<T>,
): Promise<T> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(signal.reason);
      return;
    }
    const controller = new AbortController();
    const settle = () => {
      cancelTimer();
      signal?.removeEventListener("abort", aborted);
    };
    const fail = (reason: unknown) => {
      settle();
      reject(reason);
      controller.abort();
    };
    const aborted = () => fail(signal?.reason);
    const cancelTimer = parts.clock.after(parts.timeoutMs, () =>
      fail(new DeskError("model_timeout", `the call was not over after ${parts.timeoutMs} ms`)),
    );
    signal?.addEventListener("abort", aborted, { once: true });
    work({ signal: controller.signal, cancel: () => controller.abort() }).then((value) => {
      settle();
      resolve(value);
    }, fail);
  });
}

/** Calls `onSilence` once when nothing has touched the watch for the limit. One timer, however often it is touched. */
export interface SilenceWatch {
  touch(): void;
  /** From now on, another limit. */
  limit(ms: number): void;
  stop(): void;
}

export function watchSilence(clock: Clock, limitMs: number, onSilence: () => void): SilenceWatch {
  let limit = limitMs;
  let last = clock.elapsed();
  let cancel = clock.after(limit, look);
  function look() {
    const left = limit - (clock.elapsed() - last);
    if (left > 0) cancel = clock.after(Math.ceil(left), look);
    else onSilence();
  }
  return {
    touch() {
      last = clock.elapsed();
    },
    limit(ms) {
      limit = ms;
      last = clock.elapsed();
      cancel();
      cancel = clock.after(limit, look);
    },
    stop: () => cancel(),
  };
}
