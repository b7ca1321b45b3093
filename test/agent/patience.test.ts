import { describe, expect, it } from "vitest";
import { withPatience } from "../../src/agent/patience.ts";
import { DeskError } from "../../src/errors.ts";
import { createVirtualClock } from "../doubles/virtual-clock.ts";

describe("a model that fails", () => {
  /** How often it is called, and when a person is asked for instead. */
  async function called(failsAfterMs: number): Promise<{ calls: number; ms: number }> {
    const clock = createVirtualClock();
    let calls = 0;
    const call = async () => {
      calls += 1;
      await clock.sleep(failsAfterMs);
      throw new DeskError("model_timeout", "no answer");
    };
    const parts = { clock, signal: new AbortController().signal, failed: () => {} };
    await clock.until(withPatience(call, parts).catch(() => {}));
    return { calls, ms: clock.elapsed() };
  }

  it("is called three times", async () => {
    expect((await called(20_000)).calls).toBe(3);
  });

  it("and takes all of its time for that is not waited for three times: a customer is there", async () => {
    const { calls, ms } = await called(60_000);
    expect([calls, ms]).toEqual([1, 60_000]);
  });
});
