import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decide, type MoneyFacts } from "../../src/intents/money-policy.ts";
import type { OkPreview } from "../../src/ledger/intents.ts";
import type { MoneyPolicy } from "../../src/tool.ts";

const limits: MoneyPolicy = {
  currency: "USD",
  atOnceUnderMinor: 10_000,
  withReasonUpToMinor: 50_000,
  perOrderMaxMinor: "captured",
  perCustomerPerDayMaxMinor: 50_000,
  ageDaysMax: 90,
};
const now = Date.parse("2026-05-01T12:00:00Z");
const dayMs = 86_400_000;

function facts(minor: number, more: Partial<MoneyFacts> & { facts?: OkPreview["facts"] } = {}): MoneyFacts {
  const { facts: known, ...rest } = more;
  const preview: OkPreview = { ok: true, subject: "o", amount: { minor, currency: "USD" }, text: "Refund" };
  return {
    preview: known ? { ...preview, facts: known } : preview,
    otherForOrderMinor: 0,
    otherTodayMinor: 0,
    reasonGiven: false,
    now,
    ...rest,
  };
}

const atOnce = { allow: true, approval: false };
const byPerson = { allow: true, approval: true };

describe("an amount", () => {
  it.each([
    ["below the first limit is done at once", facts(9_999), atOnce],
    ["at the first limit needs the customer's reason", facts(10_000), { allow: false, missing: "reason" }],
    ["up to the second limit is done with a reason", facts(50_000, { reasonGiven: true }), atOnce],
    ["above the second limit is a person's decision", facts(50_001, { reasonGiven: true }), byPerson],
    ["that fills the day is done", facts(9_000, { otherTodayMinor: 41_000 }), atOnce],
    ["beyond the day is a person's decision", facts(9_000, { otherTodayMinor: 41_001 }), byPerson],
    ["of nothing is refused", facts(0), { allow: false }],
    ["below nothing is refused", facts(-1), { allow: false }],
    ["of half a cent is refused", facts(0.5), { allow: false }],
    ["that is no number is refused", facts(Number.NaN), { allow: false }],
  ])("%s", (_title, given, wanted) => {
    expect(decide(limits, given)).toMatchObject(wanted);
  });

  it("in another currency is refused", () => {
    const given = facts(1);
    given.preview.amount = { minor: 1, currency: "EUR" };
    expect(decide(limits, given)).toMatchObject({ allow: false });
  });

  it("where nothing is limited is a person's decision", () => {
    expect(decide(undefined, facts(1))).toEqual(byPerson);
  });

  it("that is not there needs no limit", () => {
    const { amount: _, ...preview } = facts(1).preview;
    expect(decide(limits, { ...facts(1), preview })).toEqual(atOnce);
  });
});

describe("an order", () => {
  it.each([
    ["is paid back up to what was paid", 9_000, { captured_minor: 9_000, refunded_minor: 0 }, atOnce],
    ["and no cent more", 9_001, { captured_minor: 9_000, refunded_minor: 0 }, { allow: false }],
    ["less what was paid back", 5_000, { captured_minor: 9_000, refunded_minor: 4_001 }, { allow: false }],
    ["not when what was paid is no number", 1, { captured_minor: "much" }, { allow: false }],
    [
      "not when what was paid back is no number",
      1,
      { captured_minor: 9, refunded_minor: "?" },
      { allow: false },
    ],
    ["of the last allowed day is young enough", 1, { placed: "2026-01-31" }, atOnce],
    ["of the day before is too old", 1, { placed: "2026-01-30" }, { allow: false }],
    ["with a date that is none is too old", 1, { placed: "long ago" }, { allow: false }],
  ])("%s", (_title, minor, known, wanted) => {
    expect(decide(limits, facts(minor, { facts: known }))).toMatchObject(wanted);
  });

  it("counts what is under way for it", () => {
    const known = { captured_minor: 9_000, refunded_minor: 0 };
    expect(decide(limits, facts(5_000, { facts: known, otherForOrderMinor: 5_000 }))).toMatchObject({
      allow: false,
      why: "Something for this order is under way already.",
    });
  });

  it("of which nobody knows what was paid is paid back once; a second time is a person's decision", () => {
    expect(decide(limits, facts(5_000))).toEqual(atOnce);
    expect(decide(limits, facts(5_000, { otherForOrderMinor: 5_000 }))).toEqual(byPerson);
  });

  it("has a fixed limit where the company sets one", () => {
    const fixed = { ...limits, perOrderMaxMinor: 6_000 };
    expect(decide(fixed, facts(6_000))).toEqual(atOnce);
    expect(decide(fixed, facts(1_001, { otherForOrderMinor: 5_000 }))).toMatchObject({ allow: false });
  });
});

it("whatever the figures, nothing beyond a limit is done without a person", () => {
  const amount = fc.integer({ min: -1000, max: 200_000 });
  fc.assert(
    fc.property(
      amount,
      amount,
      amount,
      amount,
      fc.boolean(),
      fc.nat(200),
      (minor, paid, other, today, reasonGiven, days) => {
        const placed = new Date(now - days * dayMs).toISOString().slice(0, 10);
        const known = { captured_minor: paid, refunded_minor: 0, placed };
        const given = facts(minor, {
          facts: known,
          otherForOrderMinor: other,
          otherTodayMinor: today,
          reasonGiven,
        });
        const decision = decide(limits, given);
        if (!decision.allow) return;
        expect(minor).toBeGreaterThan(0);
        expect(other + minor).toBeLessThanOrEqual(paid);
        expect(days).toBeLessThanOrEqual(91);
        if (decision.approval) return;
        expect(minor).toBeLessThanOrEqual(limits.withReasonUpToMinor);
        expect(today + minor).toBeLessThanOrEqual(limits.perCustomerPerDayMaxMinor);
        if (minor >= limits.atOnceUnderMinor) expect(reasonGiven).toBe(true);
      },
    ),
  );
});
