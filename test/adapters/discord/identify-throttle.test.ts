import { afterEach, describe, expect, it } from "vitest";
import { waitBefore } from "../../../adapters/discord/identify-throttle.ts";
import { createClock } from "../../../src/clock.ts";
import { recordingDesk } from "../../contracts/platform.ts";
import { createSetting, type Setting } from "./setting.ts";

const now = 1_800_000_000_000;
const minuteMs = 60_000;
const ago = (...minutes: number[]) => minutes.map((one) => now - one * minuteMs);
const often = (count: number) => Array.from({ length: count }, (_, n) => now - 86_000_000 + n);

describe("identifies", () => {
  let world: Setting;
  afterEach(() => world.dispose());

  it("are counted by Discord's time, so that one right before the machine's clock was set is not forgotten", async () => {
    world = await createSetting({ maxConcurrency: 1 });
    const right = createClock();
    const ahead = { ...right, now: () => right.now() + 25 * 60 * minuteMs };
    const first = world.adapter({ clock: ahead });
    await first.connect(recordingDesk());
    await first.close();
    world.server.gateway.forgetSessions();
    await world.adapter().connect(recordingDesk());
    expect(world.server.gateway.identifies).toBe(2);
    expect(world.server.gateway.hasty).toBe(0);
  });
});

describe("the pause before another identify", () => {
  it("is what Discord asks for while there are few", () => {
    expect(waitBefore([], now, 1000, 1)).toBeLessThanOrEqual(0);
    expect(waitBefore(ago(10), now, 1000, 1)).toBeLessThanOrEqual(0);
    expect(waitBefore([now - 1_000], now, 1000, 1)).toBe(5_000);
    expect(waitBefore([now - 1_000], now, 1000, 16)).toBeLessThanOrEqual(0);
  });

  it("grows with the day's count, so that a bot that crashes in a circle keeps its token", () => {
    expect(waitBefore([...often(499), now - 10_000], now, 1000, 1)).toBe(50_000);
    expect(waitBefore([...often(899), now - 10_000], now, 1000, 1)).toBe(15 * minuteMs - 10_000);
  });

  it("lasts until the oldest is a day old when hardly any are left", () => {
    expect(waitBefore(often(990), now, 1000, 1)).toBe(400_000);
  });
});
