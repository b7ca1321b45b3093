/** Nothing keeps anybody waiting for longer than its limit. */
import type { Clock } from "./clock.ts";
import { DeskError } from "./errors.ts";

/**
 * Runs with a time limit; the tool's signal is aborted at it, and a tool that ignores the signal is left behind.
 * @throws DeskError tool_timeout
 */
export async function withinTime<T>(
  parts: { toolTimeoutMs: number; clock: Clock },
  signal: AbortSignal,
  run: (signal: AbortSignal) => T | Promise<T>,
): Promise<T> {
  const limit = new AbortController();
  const stop = () => limit.abort(signal.reason);
  signal.addEventListener("abort", stop, { once: true });
  let cancel: () => void = () => {};
  const over = new Promise<never>((_, reject) => {
    limit.signal.addEventListener("abort", () => reject(limit.signal.reason), { once: true });
    cancel = parts.clock.after(parts.toolTimeoutMs, () =>
      limit.abort(new DeskError("tool_timeout", `no answer within ${parts.toolTimeoutMs / 1000} s`)),
    );
  });
  try {
    return await Promise.race([run(limit.signal), over]);
  } finally {
    cancel();
    signal.removeEventListener("abort", stop);
  }
}

/** Whether the work ends in time; it is not stopped when it does not. */
export async function endsWithin(clock: Clock, ms: number, work: Promise<unknown>): Promise<boolean> {
  const over = new AbortController();
  const inTime = await Promise.race([
    work.then(
      () => true,
      () => true,
    ),
    clock.sleep(ms, over.signal).then(
      () => false,
      () => true,
    ),
  ]);
  over.abort();
  return inTime;
}
