import { describe, expect, it } from "vitest";
import { createPace } from "../../../adapters/discord/pace.ts";
import { type Clock, createClock } from "../../../src/clock.ts";

/** A clock whose time passes when told. */
function steppedClock(): Clock & { pass(ms: number): Promise<void> } {
  let now = 0;
  let timers: { at: number; call: () => void }[] = [];
  return {
    ...createClock(),
    elapsed: () => now,
    after(ms, call) {
      const timer = { at: now + ms, call };
      timers.push(timer);
      return () => {
        timers = timers.filter((one) => one !== timer);
      };
    },
    async pass(ms) {
      for (const end = now + ms; now < end; now += 1) {
        const due = timers.filter((one) => one.at <= now);
        timers = timers.filter((one) => one.at > now);
        for (const timer of due) timer.call();
        await Promise.resolve();
      }
    },
  };
}

describe("the pace of calls", () => {
  it("lets through as many as are allowed in any second, and the others in their order", async () => {
    const clock = steppedClock();
    const pace = createPace({ clock, perSecond: 10 });
    const times: number[] = [];
    for (let n = 0; n < 35; n++) void pace.turn("reply").then(() => times.push(clock.elapsed()));
    await clock.pass(5_000);
    expect(times).toHaveLength(35);
    for (const at of times)
      expect(times.filter((one) => one >= at && one < at + 1_000).length).toBeLessThanOrEqual(10);
    expect(Math.max(...times)).toBeLessThanOrEqual(3_010);
  });

  it("lets replies pass what is only read, and reads have half", async () => {
    const clock = steppedClock();
    const pace = createPace({ clock, perSecond: 10 });
    const order: string[] = [];
    for (let n = 0; n < 12; n++) void pace.turn("read").then(() => order.push(`read ${n}`));
    await clock.pass(1);
    expect(order).toHaveLength(5);
    for (let n = 0; n < 8; n++) void pace.turn("reply").then(() => order.push(`reply ${n}`));
    await clock.pass(1);
    expect(order.slice(5)).toEqual(["reply 0", "reply 1", "reply 2", "reply 3", "reply 4"]);
    await clock.pass(1_010);
    expect(order.slice(10, 14).sort()).toEqual(["read 5", "reply 5", "reply 6", "reply 7"]);
    await clock.pass(5_000);
    expect(order).toHaveLength(20);
  });

  it("never lets reads starve, however many replies there are", async () => {
    const clock = steppedClock();
    const pace = createPace({ clock, perSecond: 10 });
    let reads = 0;
    for (let n = 0; n < 100; n++) void pace.turn("reply");
    for (let n = 0; n < 5; n++) void pace.turn("read").then(() => reads++);
    await clock.pass(5_500);
    expect(reads).toBe(5);
  });

  it("ends what waits to be read when the bot stops, and nothing else", async () => {
    const clock = steppedClock();
    const pace = createPace({ clock, perSecond: 2 });
    const turns = [pace.turn("reply"), pace.turn("reply"), pace.turn("read"), pace.turn("reply")];
    pace.stopReading();
    expect(await turns[2]).toBe(false);
    expect(await pace.turn("read")).toBe(false);
    await clock.pass(1_100);
    expect(await turns[3]).toBe(true);
  });

  it("leaves a courtesy out when there is much to do", async () => {
    const clock = steppedClock();
    const pace = createPace({ clock, perSecond: 4 });
    expect(await pace.turn("courtesy")).toBe(true);
    expect(await pace.turn("reply")).toBe(true);
    expect(await pace.turn("courtesy")).toBe(false);
    await clock.pass(1_100);
    expect(await pace.turn("courtesy")).toBe(true);
  });
});
