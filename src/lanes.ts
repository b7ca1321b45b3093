/**
 * Lanes: work with the same key runs one piece at a time, work with different keys side by side.
 *
 *   asleep ──wake──▶ settling ──quiet, or the cap──▶ running ──▶ asleep
 *                       ▲                              │ woken meanwhile
 *                       └──────────────────────────────┘
 *
 * A lane holds no work of its own: `run` looks up what waits in the ledger. So a wake that is lost with the process is
 * made good by waking every lane that has something waiting at the next start.
 */
import type { Clock } from "./clock.ts";
import type { Manner } from "./crew.ts";
import { createIdlers } from "./idlers.ts";
import { endsWithin } from "./time-limit.ts";

export interface Lanes {
  /** Something waits in this lane. */
  wake(lane: string, manner: Manner): void;
  /** The same, if it runs or is about to. */
  nudge(lane: string, manner: Manner): void;
  /** Aborts what runs in this lane; it then runs again and finds things as they are. */
  interrupt(lane: string, reason: unknown): void;
  /** Aborts what runs in every lane. */
  interruptAll(reason: unknown): void;
  /** Resolves when nothing runs and nothing is about to in the lanes that concern the asker; as a rule in all. */
  idle(concerns?: (lane: string) => boolean): Promise<void>;
  /** Resolves when nothing runs in this lane, and nothing is about to. */
  idleIn(lane: string): Promise<void>;
  /** No new work; resolves when what runs has ended, at the latest after `graceMs`, when it is aborted. */
  stop(graceMs: number): Promise<void>;
}

export interface Control {
  signal: AbortSignal;
  /** Whether the lane is this process's alone at this moment. */
  holds(): boolean;
}

/** What is left in a lane: nothing that is known of, perhaps more, or something that is not due yet. */
export type Next = "done" | "more" | { afterMs: number };

export interface LanesParts {
  /** Takes what waits. A rejection is counted and tried again after a pause. */
  run(lane: string, control: Control): Promise<Next>;
  /** Called for every rejection that was not asked for by `interrupt`; resolves to whether to try again. */
  failed(lane: string, error: unknown): Promise<boolean>;
  settleMs: number;
  settleCapMs: number;
  /** How many lanes run at once. */
  runningMax: number;
  clock: Clock;
}

interface Lane {
  state: "settling" | "queued" | "running";
  /** When the first thing of this burst came. */
  since: number;
  cancelTimer: () => void;
  controller: AbortController;
  again: Manner | undefined;
  failures: number;
  /** What has failed rests until then, whoever wakes it; by `clock.elapsed`. */
  restsUntil: number;
}

const pauseAfterFailureMs = 1000;
const afterAbortMs = 1000;

export class Superseded extends Error {
  override readonly name = "Superseded";
}

export function createLanes(parts: LanesParts): Lanes {
  const lanes = new Map<string, Lane>();
  const queue: string[] = [];
  const idlers = createIdlers(() => lanes.keys());
  const laneIdlers: { name: string; done: () => void }[] = [];
  let running = 0;
  let stopped = false;

  function wake(name: string, manner: Manner): void {
    if (stopped) return;
    const lane = lanes.get(name);
    if (!lane) {
      begin(name, manner.settle);
      return;
    }
    switch (lane.state) {
      case "settling":
        if (manner.settle) settle(name, lane);
        return;
      case "queued":
        return;
      case "running":
        lane.again = { settle: manner.settle || (lane.again?.settle ?? false), supersede: manner.supersede };
        if (manner.supersede) lane.controller.abort(new Superseded("a newer message"));
        return;
    }
  }

  function begin(name: string, quiet: boolean, failures = 0, afterMs = failures * pauseAfterFailureMs): void {
    const since = parts.clock.elapsed();
    const lane: Lane = {
      state: "settling",
      since,
      cancelTimer: () => {},
      controller: new AbortController(),
      again: undefined,
      failures,
      restsUntil: failures > 0 ? since + afterMs : since,
    };
    lanes.set(name, lane);
    if (afterMs > 0) lane.cancelTimer = parts.clock.after(afterMs, () => enqueue(name, lane));
    else if (quiet && parts.settleMs > 0) settle(name, lane);
    else enqueue(name, lane);
  }

  function settle(name: string, lane: Lane): void {
    lane.cancelTimer();
    const now = parts.clock.elapsed();
    const quiet = Math.min(parts.settleMs, parts.settleCapMs - (now - lane.since));
    const pause = Math.max(0, quiet, lane.restsUntil - now);
    lane.cancelTimer = parts.clock.after(pause, () => enqueue(name, lane));
  }

  function enqueue(name: string, lane: Lane): void {
    lane.state = "queued";
    queue.push(name);
    advance();
  }

  function advance(): void {
    while (running < parts.runningMax && !stopped) {
      const name = queue.shift();
      if (name === undefined) return;
      const lane = lanes.get(name);
      if (lane) void drive(name, lane);
    }
  }

  async function drive(name: string, lane: Lane): Promise<void> {
    lane.state = "running";
    running += 1;
    let next: Next = "done";
    let failures = 0;
    try {
      next = await parts.run(name, { signal: lane.controller.signal, holds: () => true });
    } catch (error) {
      if (lane.controller.signal.aborted) next = "more";
      else if (await parts.failed(name, error)) {
        next = "more";
        failures = lane.failures + 1;
      }
    }
    running -= 1;
    lanes.delete(name);
    if (stopped) {
      // What waits is taken up at the next start.
    } else if (typeof next === "object" && !lane.again) begin(name, false, 0, next.afterMs);
    else if (next === "more" || lane.again) begin(name, lane.again?.settle ?? false, failures);
    advance();
    tellIdlers();
  }

  function tellIdlers(): void {
    for (const idler of laneIdlers.filter((one) => !lanes.has(one.name))) {
      laneIdlers.splice(laneIdlers.indexOf(idler), 1);
      idler.done();
    }
    idlers.tell();
  }

  return {
    wake,
    nudge(name, manner) {
      if (lanes.has(name)) wake(name, manner);
    },
    interrupt(name, reason) {
      const lane = lanes.get(name);
      if (lane?.state === "running") lane.controller.abort(reason);
    },
    interruptAll(reason) {
      for (const lane of lanes.values()) {
        if (lane.state === "running") lane.controller.abort(reason);
      }
    },
    idleIn: (name) =>
      lanes.has(name) ? new Promise((done) => laneIdlers.push({ name, done })) : Promise.resolve(),
    idle: idlers.idle,
    async stop(graceMs) {
      stopped = true;
      for (const [name, lane] of lanes) {
        lane.cancelTimer();
        if (lane.state !== "running") lanes.delete(name);
      }
      queue.length = 0;
      tellIdlers();
      if (running === 0) return;
      const ended = idlers.idle();
      if (await endsWithin(parts.clock, graceMs, ended)) return;
      for (const lane of lanes.values()) lane.controller.abort(new Superseded("the desk is stopping"));
      // What ignores its signal is left behind; the fence keeps it from doing harm.
      await endsWithin(parts.clock, afterAbortMs, ended);
    },
  };
}
