import { beforeEach, describe, expect, it } from "vitest";
import { createLineQueue, type LineQueue } from "../../../adapters/console/line-queue.ts";
import { createVirtualClock, type VirtualClock } from "../../doubles/virtual-clock.ts";

/** Lines: `c…` a customer's, `s…` staff's, anything else stands alone; `quit` ends it. */
let clock: VirtualClock;
let taken: string[];
let ground: boolean;
let settle: () => void;
let over: number;
let full: boolean[];
let queue: LineQueue<string>;

beforeEach(() => {
  clock = createVirtualClock();
  taken = [];
  ground = true;
  over = 0;
  full = [];
  settle = () => {};
  queue = createLineQueue<string>({
    kindOf: (line) => (line.startsWith("c") ? "customer" : line.startsWith("s") ? "staff" : "other"),
    async take(line) {
      taken.push(line);
      return line !== "quit";
    },
    hasGround: async () => ground,
    settled: () =>
      new Promise((resolve) => {
        settle = resolve;
      }),
    resting: () => {},
    full: (isFull) => full.push(isFull),
    over: () => {
      over += 1;
    },
    clock,
  });
});

/** What has been taken has come to its end; lets what follows from it happen. */
async function settled(): Promise<void> {
  settle();
  await clock.pass(0);
}

describe("lines in a queue", () => {
  it("wait for one another; customers' lines that stand together are taken together", async () => {
    queue.add(["c1", "c2", "s3", "s4", "c5", "summary", "c6"]);
    await clock.pass(0);
    const steps = [taken.length];
    for (let step = 0; step < 5; step++) {
      await settled();
      steps.push(taken.length);
    }
    expect(taken).toEqual(["c1", "c2", "s3", "s4", "c5", "summary", "c6"]);
    expect(steps).toEqual([2, 3, 4, 5, 6, 7]);
  });

  it("end with the input, once the last has come to its end", async () => {
    queue.add(["c1"]);
    queue.end();
    await clock.pass(0);
    expect(over).toBe(0);
    await settled();
    expect(over).toBe(1);
  });

  it("end with quit, and nothing after it counts", async () => {
    queue.add(["c1", "quit", "c2"]);
    await clock.pass(0);
    await settled();
    expect([taken, over]).toEqual([["c1", "quit"], 1]);
    queue.add(["c3"]);
    queue.end();
    await clock.pass(0);
    expect([taken, over]).toEqual([["c1", "quit"], 1]);
  });

  it("are not read any more while too many wait", async () => {
    queue.add(Array.from({ length: 1100 }, (_, at) => `c${at}`));
    expect(full).toEqual([true]);
    for (let step = 0; step < 3; step++) {
      await clock.pass(0);
      await settled();
    }
    expect(full).toEqual([true, false]);
  });
});

describe("a person steps in", () => {
  beforeEach(async () => {
    queue.add(["c1"]);
    await clock.pass(0);
  });

  it("a moment after a staff line came while the bot is at work", async () => {
    queue.add(["s take"]);
    await clock.pass(250);
    expect(taken).toEqual(["c1"]);
    await clock.pass(100);
    expect(taken).toEqual(["c1", "s take"]);
  });

  it("past the customer's lines that wait", async () => {
    queue.add(["c2"]);
    queue.add(["s take"]);
    await clock.pass(400);
    expect(taken).toEqual(["c1", "s take"]);
    await settled();
    expect(taken).toEqual(["c1", "s take", "c2"]);
  });

  it("never past another staff line", async () => {
    ground = false;
    queue.add(["s hello"]);
    await clock.pass(400);
    ground = true;
    queue.add(["s take"]);
    await clock.pass(400);
    expect(taken).toEqual(["c1"]);
  });

  it("not where there is nothing yet that the line could be about", async () => {
    ground = false;
    queue.add(["s take"]);
    await clock.pass(400);
    expect(taken).toEqual(["c1"]);
    await settled();
    expect(taken).toEqual(["c1", "s take"]);
  });

  it("not in a script, whose lines come together", async () => {
    queue.add(["c2", "s take"]);
    await clock.pass(400);
    expect(taken).toEqual(["c1"]);
  });
});
