/** A desk that begins while the network, or Slack, is not there yet. */
import { afterEach, describe, expect, it } from "vitest";
import { whenPossible } from "../../../adapters/slack/first-calls.ts";
import { createClock } from "../../../src/clock.ts";
import { DeskError } from "../../../src/errors.ts";
import { createLog } from "../../../src/log.ts";
import { recordingDesk } from "../../contracts/platform.ts";
import { createVirtualClock } from "../../doubles/virtual-clock.ts";
import { adapterFor, codeOf, createInhabitedSlack, type DeskOptions } from "./harness.ts";

const cleanups: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});
/** A desk whose pauses are short. */
async function beginning(options: DeskOptions = {}) {
  const slack = await createInhabitedSlack();
  const clock = createClock();
  const hurried = { ...clock, sleep: (ms: number, signal?: AbortSignal) => clock.sleep(ms / 100, signal) };
  const warned: string[] = [];
  const silent = createLog("silent");
  const log = { ...silent, with: () => log, warn: (event: string) => void warned.push(event) };
  const platform = adapterFor(slack, { ...options, parts: { clock: hurried, log } });
  cleanups.push(slack.close, () => platform.close());
  const desk = recordingDesk();
  return { slack, platform, desk, warned };
}

describe("a desk that begins", () => {
  it("waits for a Slack that is not there yet, and says so each time", async () => {
    const { slack, platform, desk, warned } = await beginning();
    slack.faults.add({ kind: "status", status: 503 }, { method: "auth.test", times: 2 });
    slack.faults.add({ kind: "reset" }, { method: "apps.connections.open", times: 2 });
    await platform.connect(desk);
    expect(warned.filter((event) => event === "slack.beginning_later")).toHaveLength(4);
    await slack.asUser("U1").dm("hello");
    expect(desk.received).toHaveLength(1);
  });

  it("does not wait with a wrong token, of the bot or of the app", async () => {
    for (const config of [{ botToken: "xoxb-wrong" }, { appToken: "xapp-wrong" }]) {
      const { platform, desk, warned } = await beginning({ config });
      expect(await codeOf(platform.connect(desk))).toBe("platform_unauthorized");
      expect(warned).not.toContain("slack.beginning_later");
    }
  });

  it.each(["auth.test", "apps.connections.open"])("stops at once while it waits for %s", async (method) => {
    const slack = await createInhabitedSlack();
    cleanups.push(slack.close);
    slack.faults.add({ kind: "error", error: "service_unavailable" }, { method, times: 1_000 });
    // The pauses have no end of their own.
    const clock = createClock();
    const sleep = (_ms: number, signal?: AbortSignal) => clock.sleep(2 ** 30, signal);
    const platform = adapterFor(slack, { parts: { clock: { ...clock, sleep } } });
    const connecting = codeOf(platform.connect(recordingDesk()));
    await slack.waitFor(() => slack.callsOf(method).length > 0);
    await platform.close();
    expect(await connecting).not.toBe("done");
  });
});

describe("what a desk cannot begin without", () => {
  const log = createLog("silent");
  const gone = new DeskError("platform_unavailable", "auth.test: ENOTFOUND");

  it("is asked for two minutes, with growing pauses, then it is given up", async () => {
    const clock = createVirtualClock();
    const asked: number[] = [];
    const began = clock.elapsed();
    const result = whenPossible(
      async () => {
        asked.push(clock.elapsed() - began);
        throw gone;
      },
      { clock, log },
    );
    const code = codeOf(result);
    expect(await clock.until(code)).toBe("platform_unavailable");
    const pauses = asked.slice(1).map((at, n) => at - (asked[n] ?? 0));
    expect(asked[0]).toBe(0);
    expect(Math.min(...pauses)).toBeGreaterThan(500);
    expect(Math.max(...pauses)).toBeLessThan(30_000);
    expect(asked.at(-1)).toBeGreaterThan(90_000);
    expect(asked.at(-1)).toBeLessThanOrEqual(120_000);
  });

  it("is not asked again when it is refused", async () => {
    let asked = 0;
    const refused = whenPossible(
      async () => {
        asked += 1;
        throw new DeskError("platform_unauthorized", "auth.test: invalid_auth");
      },
      { clock: createVirtualClock(), log },
    );
    expect(await codeOf(refused)).toBe("platform_unauthorized");
    expect(asked).toBe(1);
  });
});
