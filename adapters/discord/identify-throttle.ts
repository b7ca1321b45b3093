/**
 * Discord takes the token away after 1,000 identifies in a day. They are counted over restarts, and the closer the
 * limit, the longer each further one waits: a bot that crashes in a circle slows down instead of losing its token.
 *
 *   up to half of them      as fast as Discord allows: `concurrency` in five seconds
 *   up to nine tenths       one a minute
 *   the last tenth          one in fifteen minutes
 *   all but ten             none until the oldest is a day old
 *
 * Times are Discord's own, which is all that several processes and their starts have in common.
 */
import type { Clock } from "../../src/clock.ts";
import type { Log } from "../../src/log.ts";
import type { Notes } from "./watermarks.ts";

const dayMs = 86_400_000;
const minuteMs = 60_000;
const spare = 10;
/** Discord tells its time in whole seconds. */
const lateMs = 1_000;

export interface IdentifyThrottle {
  /** Resolves when this identify may be sent; it has then been counted, durably. */
  wait(limits: { total: number; concurrency: number }, signal: AbortSignal): Promise<void>;
}

export function createIdentifyThrottle(parts: {
  notes: Notes;
  /** Milliseconds since 1970 by Discord's clock, a second late at most. */
  now(): number;
  clock: Clock;
  log: Log;
}): IdentifyThrottle {
  const { notes, clock, log } = parts;

  const lately = (): number[] => {
    const now = parts.now();
    const times = (notes.get("identifies") ?? "")
      .split(",")
      .filter(Boolean)
      .map((time) => Number.parseInt(time, 36));
    return times.filter((at) => now - at < dayMs && at <= now + minuteMs);
  };

  return {
    async wait({ total, concurrency }, signal) {
      for (;;) {
        const times = lately();
        const waitMs = waitBefore(times, parts.now(), total, concurrency);
        if (waitMs <= 0) break;
        if (waitMs > minuteMs / 2)
          log.warn("discord.identify_waits", { identifies: times.length, total, waitMs });
        await clock.sleep(Math.min(waitMs, minuteMs), signal);
      }
      notes.set("identifies", [...lately(), parts.now()].map((time) => time.toString(36)).join(","));
      await notes.flush().catch((error) => log.warn("discord.notes_unsaved", { error }));
    },
  };
}

/** Exported for its test. @param times when the bot identified during the last day, oldest first */
export function waitBefore(
  times: readonly number[],
  now: number,
  total: number,
  concurrency: number,
): number {
  const last = times.at(-1) ?? Number.NEGATIVE_INFINITY;
  const used = times.length / total;
  if (times.length >= total - spare) return (times[0] ?? now) + dayMs - now;
  if (used >= 0.9) return last + 15 * minuteMs - now;
  if (used >= 0.5) return last + minuteMs - now;
  const nth = times.at(-Math.max(1, concurrency)) ?? Number.NEGATIVE_INFINITY;
  return times.length < concurrency ? 0 : nth + 5_000 + lateMs - now;
}
