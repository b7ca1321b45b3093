/** How often streams may be started and added to in a workspace; Slack's limits are 20 and 100 a minute. */
import type { Clock } from "../../src/clock.ts";

export interface Budget {
  /** Takes one, if there is one left. */
  take(team: string): boolean;
}

const windowMs = 60_000;

/** @param most in any minute, per workspace */
export function createBudget(most: number, clock: Clock): Budget {
  const taken = new Map<string, number[]>();
  return {
    take(team) {
      const since = clock.elapsed() - windowMs;
      const recent = (taken.get(team) ?? []).filter((at) => at > since);
      const free = recent.length < most;
      if (free) recent.push(clock.elapsed());
      taken.set(team, recent);
      return free;
    },
  };
}
