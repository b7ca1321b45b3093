/** A limit on everything that a customer, a thread or a desk can use up. What is over a limit waits or goes to a person; nothing is dropped. */
import type { Clock } from "./clock.ts";
import { tokensSince } from "./ledger/transcript.ts";
import type { Ledger } from "./ledger.ts";
import type { ThreadId, UserId } from "./thread.ts";

export interface LimitsParts {
  messagesPerMinuteMax: number;
  toolCallsPerMinuteMax: number;
  tokensPerCustomerPerDayMax: number;
  tokensPerDayMax: number;
  ledger: Ledger;
  clock: Clock;
}

export type Limits = ReturnType<typeof createLimits>;

const minuteMs = 60_000;
const dayMs = 86_400_000;
/** How many customers and threads are counted at once; the least recent is forgotten. */
const countedMax = 20_000;
/** How old a sum of tokens may be: what is used in between is not counted yet. */
const sumAgeMs = 20_000;

export function createLimits(parts: LimitsParts) {
  const { clock, ledger } = parts;
  const messages = createWindows(clock, parts.messagesPerMinuteMax);
  const calls = createWindows(clock, parts.toolCallsPerMinuteMax);
  const notices = createWindows(clock, 1);
  const sums = new Map<string, { tokens: number; at: number }>();

  /** Tokens of the last day, of a customer's threads or of the whole desk. */
  async function tokensOf(user?: UserId): Promise<number> {
    const key = user ?? "";
    const known = sums.get(key);
    if (known && clock.elapsed() - known.at < sumAgeMs) return known.tokens;
    const tokens = await ledger.read((tx) => tokensSince(tx, clock.now() - dayMs, user));
    sums.delete(key);
    sums.set(key, { tokens, at: clock.elapsed() });
    if (sums.size > countedMax) sums.delete(sums.keys().next().value ?? "");
    return tokens;
  }

  return {
    /** 0: a customer's messages may be answered now; otherwise in so many milliseconds. */
    messagesWait: (user: UserId, ids: readonly string[]): number => messages.take(user, ids),
    /** Whether a thread may make one more tool call in this minute. */
    mayCall: (thread: ThreadId): boolean => calls.take(thread, [clock.id("c")]) === 0,
    /** Whether a customer may be told now that they are over a limit: once a minute. */
    mayTell: (user: UserId): boolean => notices.take(user, [clock.id("n")]) === 0,
    /** Whose tokens of the last day are used up. */
    async tokensOver(user: UserId): Promise<"customer" | "desk" | undefined> {
      if ((await tokensOf()) >= parts.tokensPerDayMax) return "desk";
      return (await tokensOf(user)) >= parts.tokensPerCustomerPerDayMax ? "customer" : undefined;
    },
  };
}

interface Taken {
  id: string;
  at: number;
  /** False for those of a burst that are more than a minute's places: they are let through with the others. */
  counts: boolean;
}

/** Sliding minutes, one for each key. */
function createWindows(clock: Clock, max: number) {
  const taken = new Map<string, Taken[]>();

  /**
   * Takes a place for each id that has none yet, or says how long to wait for them. More ids than places count as `max`,
   * also when they are asked for again, or some of them had been asked for before.
   */
  function take(key: string, ids: readonly string[]): number {
    const now = clock.elapsed();
    const asked = new Set(ids);
    const places = (taken.get(key) ?? []).filter(({ at }) => now - at < minuteMs);
    const others = places.filter(({ id, counts }) => counts && !asked.has(id));
    const over = others.length + Math.min(asked.size, max) - max;
    if (over <= 0) {
      for (const { id } of places) asked.delete(id);
      let left = max - places.filter(({ counts }) => counts).length;
      for (const id of asked) places.push({ id, at: now, counts: left-- > 0 });
    }
    taken.delete(key);
    taken.set(key, places);
    if (taken.size > countedMax) taken.delete(taken.keys().next().value ?? "");
    return over <= 0 ? 0 : Math.max(1, Math.ceil((others[over - 1]?.at ?? now) + minuteMs - now));
  }

  return { take };
}
