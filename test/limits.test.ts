import { describe, expect, it } from "vitest";
import { createClock } from "../src/clock.ts";
import type { Ledger } from "../src/ledger.ts";
import { createLimits } from "../src/limits.ts";

const minuteMs = 60_000;

/** Limits on a clock that stands until it is moved. */
function limitsAt(messagesPerMinuteMax: number) {
  let now = 0;
  const limits = createLimits({
    messagesPerMinuteMax,
    toolCallsPerMinuteMax: 1,
    tokensPerCustomerPerDayMax: 1,
    tokensPerDayMax: 1,
    ledger: {} as Ledger,
    clock: { ...createClock(), elapsed: () => now },
  });
  return {
    wait: (...ids: string[]) => limits.messagesWait("room:0:ann", ids),
    pass: (ms: number) => {
      now += ms;
    },
  };
}
const burst = (count: number, from = 0) => Array.from({ length: count }, (_, n) => `m${from + n}`);

describe("a customer's messages in a minute", () => {
  it("are answered up to the limit, and then when the oldest is a minute old", () => {
    const { wait, pass } = limitsAt(3);
    for (const id of burst(3)) {
      expect(wait(id)).toBe(0);
      pass(1_000);
    }
    expect(wait("m3")).toBe(minuteMs - 3_000);
    pass(minuteMs - 3_000);
    expect(wait("m3")).toBe(0);
  });

  it("count once, however often their turn begins", () => {
    const { wait } = limitsAt(3);
    for (let n = 0; n < 5; n++) expect(wait("m0", "m1")).toBe(0);
    expect(wait("m2")).toBe(0);
    expect(wait("m3")).toBeGreaterThan(0);
  });

  it("that have waited together are one burst, larger than the limit too, whenever its turn begins again", () => {
    const { wait } = limitsAt(20);
    expect(wait(...burst(5))).toBe(0);
    for (let n = 0; n < 3; n++) expect(wait(...burst(50))).toBe(0);
    expect(wait(...burst(51))).toBe(0);
    expect(wait("another")).toBe(minuteMs);
  });

  it("let a burst wait behind others", () => {
    const { wait, pass } = limitsAt(3);
    expect(wait("m0")).toBe(0);
    pass(10_000);
    expect(wait(...burst(5, 1))).toBe(minuteMs - 10_000);
    pass(minuteMs - 10_000);
    expect(wait(...burst(5, 1))).toBe(0);
  });
});
