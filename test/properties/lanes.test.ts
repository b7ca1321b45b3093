/**
 * Lanes under every interleaving that a scheduler finds: one piece of work at a time in each, nothing forgotten, a
 * burst is one turn, and what breaks or hangs in one delays no other. The wall's clock jumps all the while.
 */
import fc, { type Scheduler } from "fast-check";
import { describe, expect, it } from "vitest";
import { type Control, createLanes, type Lanes, Superseded } from "../../src/lanes.ts";
import { createVirtualClock, type VirtualClock } from "../doubles/virtual-clock.ts";
import { atLeast, enough, runs } from "./runs.ts";

const usualMs = 1000;
const settleCapMs = 3000;
const runningMax = 2;
const gathers = { settle: true, supersede: true };
const presses = { settle: false, supersede: false };

interface Item {
  id: number;
  lane: string;
  kind: "message" | "press";
  /** Fails so often before it is done; for ever: it is given up after three times. */
  fails: number;
  tries: number;
  arrived: number;
  done: number | undefined;
}

type Step =
  | { does: "come"; lane: number; kind: "message" | "press"; fails: number }
  | { does: "pass"; ms: number }
  | { does: "interrupt"; lane: number }
  | { does: "jump"; ms: number };

const lane = fc.nat({ max: 3 });
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      does: fc.constant("come" as const),
      lane,
      kind: fc.constantFrom("message" as const, "message" as const, "press" as const),
      fails: fc.constantFrom(0, 0, 0, 1, 2, 99),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      does: fc.constant("pass" as const),
      ms: fc.constantFrom(0, 1, 10, 400, 999, 1000, 3000),
    }),
  },
  { weight: 1, arbitrary: fc.record({ does: fc.constant("interrupt" as const), lane }) },
  {
    weight: 1,
    arbitrary: fc.record({
      does: fc.constant("jump" as const),
      ms: fc.constantFrom(-86_400_000, 86_400_000),
    }),
  },
);

/** Between messages of somebody who writes on and on, now and then. */
const pausesOfTyping = fc.array(fc.oneof(fc.nat({ max: 950 }), fc.nat({ max: 2500 })), {
  minLength: 1,
  maxLength: 16,
  size: "max",
});

/** What waits, and the work that takes it. */
function createWork(
  clock: VirtualClock,
  scheduler: Scheduler | undefined,
  workMs: number,
  settleMs = usualMs,
) {
  const waiting: Item[] = [];
  const all: Item[] = [];
  const bursts: Item[][] = [];
  const wrongs: string[] = [];
  const running = new Map<string, number>();
  /** When work has failed in a lane. */
  const failedAt = new Map<string, number>();
  let lanes: Lanes;

  const pause = async (control: Control): Promise<void> => {
    if (scheduler) await scheduler.schedule(Promise.resolve(), "work");
    else await clock.sleep(workMs, control.signal);
  };

  async function run(name: string, control: Control): Promise<"done" | "more"> {
    if (running.has(name)) wrongs.push(`two at once in ${name}`);
    running.set(name, 1);
    if (running.size > runningMax) wrongs.push(`${running.size} lanes at once`);
    const since = failedAt.get(name);
    if (since !== undefined && clock.elapsed() - since < 1000) wrongs.push(`${name} tried again at once`);
    failedAt.delete(name);
    try {
      return await take(name, control);
    } finally {
      running.delete(name);
    }
  }

  async function take(name: string, control: Control): Promise<"done" | "more"> {
    const here = waiting.filter((item) => item.lane === name);
    const [first] = here;
    if (!first) return "done";
    const burst = first.kind === "press" ? [first] : here.filter((item) => item.kind === "message");
    await pause(control);
    const poison = burst.find((item) => item.tries < item.fails);
    if (poison) {
      poison.tries += 1;
      if (poison.tries < 3) {
        failedAt.set(name, clock.elapsed());
        throw new Error("broken");
      }
      end([poison]);
      return "more";
    }
    await pause(control);
    control.signal.throwIfAborted();
    bursts.push(burst);
    end(burst);
    return here.length > 1 ? "more" : "done";
  }

  function end(items: Item[]): void {
    for (const item of items) {
      if (item.done !== undefined) wrongs.push(`${item.id} twice`);
      item.done = clock.elapsed();
      waiting.splice(waiting.indexOf(item), 1);
    }
  }

  lanes = createLanes({
    run,
    failed: async () => true,
    settleMs,
    settleCapMs,
    runningMax,
    clock,
  });

  return {
    lanes,
    all,
    bursts,
    wrongs,
    stop: (graceMs: number): Promise<void> => lanes.stop(graceMs),
    come(lane: number, kind: Item["kind"], fails: number): void {
      const item: Item = {
        id: all.length,
        lane: `lane:${lane}`,
        kind,
        fails,
        tries: 0,
        arrived: clock.elapsed(),
        done: undefined,
      };
      all.push(item);
      waiting.push(item);
      lanes.wake(item.lane, kind === "message" ? gathers : presses);
    },
  };
}

describe("lanes", () => {
  it(
    "take everything once, one piece at a time, whatever fails and whatever the clock on the wall says",
    async () => {
      let dealt = 0;
      await fc.assert(
        fc.asyncProperty(
          fc.array(step, { minLength: 1, maxLength: 40, size: "max" }),
          fc.constantFrom(0, 5, 700),
          fc.constantFrom(0, 1000),
          async (steps, workMs, settleMs) => {
            const clock = createVirtualClock();
            const work = createWork(clock, undefined, workMs, settleMs);
            for (const one of steps) {
              if (one.does === "come") work.come(one.lane, one.kind, one.fails);
              else if (one.does === "pass") await clock.pass(one.ms);
              else if (one.does === "jump") clock.jump(one.ms);
              else work.lanes.interrupt(`lane:${one.lane}`, new Superseded("a person"));
            }
            const last = clock.elapsed();
            await clock.until(work.lanes.idle());
            expect(work.wrongs).toEqual([]);
            expect(work.all.filter((item) => item.done === undefined)).toEqual([]);
            // Nobody waits for longer than the window, the pauses after failures and the work itself.
            expect(clock.elapsed() - last).toBeLessThan(settleCapMs + work.all.length * (6000 + 4 * workMs));
            dealt += work.all.length;
          },
        ),
        runs(250),
      );
      expect(dealt).toBeGreaterThanOrEqual(atLeast(500));
    },
    enough,
  );

  it(
    "lose nothing in any order in which work and wakes may come",
    async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.scheduler(),
          fc.array(fc.record({ lane, press: fc.boolean(), fails: fc.constantFrom(0, 0, 1) }), {
            minLength: 2,
            maxLength: 12,
          }),
          async (scheduler, coming) => {
            const clock = createVirtualClock();
            const work = createWork(clock, scheduler, 0);
            const { task } = scheduler.scheduleSequence(
              coming.map(
                (one) => async () => work.come(one.lane, one.press ? "press" : "message", one.fails),
              ),
            );
            let over = false;
            void task.then(async () => {
              await work.lanes.idle();
              over = true;
            });
            for (let n = 0; !over && n < 2000; n++) {
              if (scheduler.count() > 0) await scheduler.waitOne();
              await clock.pass(scheduler.count() > 0 ? 1 : 500);
            }
            expect(over).toBe(true);
            expect(work.wrongs).toEqual([]);
            expect(work.all.filter((item) => item.done === undefined)).toEqual([]);
          },
        ),
        runs(100),
      );
    },
    enough,
  );

  it(
    "make one turn of a burst, and one more of each pause that is longer than the window",
    async () => {
      await fc.assert(
        fc.asyncProperty(pausesOfTyping, async (pauses) => {
          const clock = createVirtualClock();
          const work = createWork(clock, undefined, 0);
          const expected: number[] = [];
          let first = Number.NEGATIVE_INFINITY;
          let last = Number.NEGATIVE_INFINITY;
          for (const ms of pauses) {
            await clock.pass(ms);
            const now = clock.elapsed();
            if (now < Math.min(last + usualMs, first + settleCapMs)) expected.push((expected.pop() ?? 0) + 1);
            else {
              expected.push(1);
              first = now;
            }
            last = now;
            work.come(0, "message", 0);
          }
          await clock.until(work.lanes.idle());
          expect(work.bursts.map((burst) => burst.length)).toEqual(expected);
        }),
        runs(100),
      );
    },
    enough,
  );

  it(
    "delay nobody for what is poisoned in another lane",
    async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(fc.nat({ max: 3000 }), { minLength: 1, maxLength: 8 }), async (pauses) => {
          const clock = createVirtualClock();
          const work = createWork(clock, undefined, 10);
          for (let n = 0; n < 5; n++) work.come(1, "press", 99);
          for (const ms of pauses) {
            await clock.pass(ms);
            work.come(2, "press", 0);
          }
          await clock.until(work.lanes.idle());
          for (const item of work.all.filter(({ lane }) => lane === "lane:2"))
            expect((item.done ?? Number.POSITIVE_INFINITY) - item.arrived).toBeLessThanOrEqual(
              20 * pauses.length,
            );
        }),
        runs(60),
      );
    },
    enough,
  );

  it("do not keep waiting what comes while they find that what is there is not due yet", async () => {
    const clock = createVirtualClock();
    const waiting: { due: number }[] = [];
    const dealt: number[] = [];
    const lanes = createLanes({
      async run() {
        const least = Math.min(...waiting.map(({ due }) => due));
        await clock.sleep(5);
        if (least > clock.elapsed()) return { afterMs: least - clock.elapsed() };
        waiting.length = 0;
        dealt.push(clock.elapsed());
        return "done";
      },
      failed: async () => true,
      settleMs: 0,
      settleCapMs,
      runningMax,
      clock,
    });
    waiting.push({ due: 60_000 });
    lanes.wake("ann", gathers);
    await clock.pass(2);
    waiting.push({ due: 0 });
    lanes.wake("ann", gathers);
    await clock.until(lanes.idle());
    expect(dealt).toEqual([10]);
  });

  it(
    "that are stopped end what runs and begin nothing, and whoever waits for quiet is told",
    async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 20, size: "max" }), async (steps) => {
          const clock = createVirtualClock();
          const work = createWork(clock, undefined, 700);
          for (const one of steps) {
            if (one.does === "come") work.come(one.lane, one.kind, one.fails);
            else if (one.does === "pass") await clock.pass(one.ms);
          }
          const quiet = Promise.all([work.lanes.idle(), work.lanes.idleIn("lane:0")]);
          await clock.until(work.stop(5000));
          const before = work.all.filter((item) => item.done !== undefined).length;
          work.come(0, "message", 0);
          await clock.until(quiet);
          await clock.pass(60_000);
          expect(work.wrongs).toEqual([]);
          expect(work.all.filter((item) => item.done !== undefined)).toHaveLength(before);
        }),
        runs(80),
      );
    },
    enough,
  );
});
