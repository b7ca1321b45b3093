/**
 * The lanes of a desk that several processes run: what waits in a lane is offered to all of them, and whoever has the
 * lane's claim runs it. What came in by a platform that knows only this process (a console, an HTTP request that waits
 * for its answer) stays here.
 */
import type { Clock } from "./clock.ts";
import type { Claim, Crew, Manner } from "./crew.ts";
import { type Control, type Lanes, type Next, Superseded } from "./lanes.ts";
import type { Platform } from "./platform.ts";
import { platformOf } from "./thread.ts";

export interface SharedLanesParts {
  crew: Crew;
  /** Of this process. */
  lanes: Lanes;
  platforms: ReadonlyMap<string, Platform>;
  /** What waits in this lane was waiting when a process died. */
  countDeath(lane: string): Promise<void>;
  clock: Clock;
}

export interface SharedLanes extends Pick<Lanes, "wake" | "interrupt"> {
  /** Runs a lane here, if nobody else does. */
  run(lane: string, control: Control, work: (control: Control) => Promise<Next>): Promise<Next>;
  /** Resolves when no process runs this lane, or sends it; at the latest when whoever has died with it has lost it. */
  idleIn(lane: string): Promise<void>;
}

/** How soon a lane that runs elsewhere is looked at again. */
const lookAgainMs = 200;
/** By then whoever has died has lost their claims. */
const elsewhereMaxMs = 20_000;
/** What is due sooner is not handed on: whoever took it over would not be quicker. */
const handedOnFromMs = 1_000;

export function createSharedLanes(parts: SharedLanesParts): SharedLanes {
  const { crew, lanes, platforms, countDeath, clock } = parts;

  function staysHere(lane: string): boolean {
    const platform = platforms.get(platformOf(lane));
    return platform !== undefined && !platform.listen;
  }

  async function runClaimed(
    lane: string,
    control: Control,
    claim: Claim,
    work: (control: Control) => Promise<Next>,
  ): Promise<Next> {
    const lost = () => lanes.interrupt(lane, new Superseded("another process has taken over the lane"));
    claim.signal.addEventListener("abort", lost, { once: true });
    try {
      if (claim.takenOver) await countDeath(lane);
      const next = await work({ ...control, holds: claim.holds });
      if (typeof next !== "object" || next.afterMs < handedOnFromMs || staysHere(lane)) return next;
      await crew.later("work", lane, next.afterMs);
      return "done";
    } finally {
      claim.signal.removeEventListener("abort", lost);
      await claim.release();
    }
  }

  return {
    wake(lane: string, manner: Manner) {
      if (staysHere(lane)) lanes.wake(lane, manner);
      else crew.offerWork(lane, manner);
    },
    interrupt(lane, reason) {
      lanes.interrupt(lane, reason);
      crew.interrupt(lane);
    },
    async idleIn(lane) {
      const end = clock.elapsed() + elsewhereMaxMs;
      while ((await crew.claimed(`work:${lane}`)) || (await crew.claimed(`send:${lane}`))) {
        if (clock.elapsed() >= end) return;
        await clock.sleep(lookAgainMs);
      }
    },
    async run(lane, control, work) {
      const claim = await crew.claim(`work:${lane}`);
      if (!claim) return { afterMs: lookAgainMs };
      return runClaimed(lane, control, claim, work);
    },
  };
}
