import { describe, expect, it } from "vitest";
import { createClock } from "../../src/clock.ts";
import { DeskError } from "../../src/errors.ts";
import { endpointOf, waitingAsAsked } from "../../src/language-model/asked-to-wait.ts";
import { createWaits } from "../../src/waits.ts";

describe("an endpoint that has asked to wait", () => {
  it("is not asked before that time by anybody, and then again", async () => {
    let elapsed = 0;
    let asked = 0;
    const clock = { ...createClock(), elapsed: () => elapsed };
    const waits = createWaits(clock);
    const call = waitingAsAsked(
      async () => {
        asked += 1;
        if (asked === 1) throw new DeskError("model_rate_limited", "slow down", { retryAfterMs: 7_000 });
        return "ready";
      },
      { waits, name: "chat" },
    );
    await expect(call()).rejects.toMatchObject({ retryAfterMs: 7_000 });
    elapsed = 3_000;
    await expect(call()).rejects.toMatchObject({ code: "model_rate_limited", retryAfterMs: 4_000 });
    expect(asked).toBe(1);
    elapsed = 7_000;
    await expect(call()).resolves.toBe("ready");
  });

  it("is known by its address, without what may be secret in it", () => {
    expect(endpointOf("https://ana:hush@models.example/v1?key=hush")).toBe("models.example/v1");
    expect(endpointOf(undefined)).toBe("api.openai.com/v1");
    expect(endpointOf("no address")).toBe("");
  });
});
