/** What a company allows its desk to do with money, decided in code from the company's own data. Pure. */
import type { OkPreview } from "../ledger/intents.ts";
import type { MoneyPolicy } from "../tool.ts";

export interface MoneyFacts {
  preview: OkPreview;
  /** Moved or pending for the same order, in minor units; where the preview says what was paid back, only what is not in that. */
  otherForOrderMinor: number;
  /** Moved or pending for the same customer in the last day, in minor units. */
  otherTodayMinor: number;
  /** Whether the customer has said why, in their own words. */
  reasonGiven: boolean;
  now: number;
}

export type Decision =
  | { allow: true; approval: boolean }
  /** Ask the customer for it, then try again. */
  | { allow: false; missing: "reason"; why: string }
  | { allow: false; missing: undefined; why: string };

const dayMs = 86_400_000;

/** Without an amount there is nothing to limit; without limits an amount needs a person. */
export function decide(limits: MoneyPolicy | undefined, facts: MoneyFacts): Decision {
  const { preview } = facts;
  const amount = preview.amount;
  if (!amount) return { allow: true, approval: false };
  if (!Number.isSafeInteger(amount.minor) || amount.minor <= 0)
    return no("The amount is not a positive number of minor units.");
  if (!limits) return { allow: true, approval: true };
  if (amount.currency !== limits.currency)
    return no(`Only ${limits.currency} is allowed here, not ${amount.currency}.`);
  const tooMuch = overOrder(limits, facts, amount.minor);
  if (tooMuch) return no(tooMuch);
  const placed = preview.facts?.placed;
  if (placed !== undefined) {
    const age = (facts.now - Date.parse(String(placed))) / dayMs;
    // A date is the beginning of a day: the last allowed day counts whole.
    if (!(age < limits.ageDaysMax + 1)) return no(`The order is older than ${limits.ageDaysMax} days.`);
  }
  const overToday = facts.otherTodayMinor + amount.minor > limits.perCustomerPerDayMaxMinor;
  if (overToday || unclear(limits, facts) || amount.minor > limits.withReasonUpToMinor)
    return { allow: true, approval: true };
  if (amount.minor >= limits.atOnceUnderMinor && !facts.reasonGiven) {
    return {
      allow: false,
      missing: "reason",
      why: "This amount needs a documented reason: ask the customer why, and pass on their own words.",
    };
  }
  return { allow: true, approval: false };
}

function overOrder(limits: MoneyPolicy, facts: MoneyFacts, minor: number): string | undefined {
  const known = facts.preview.facts ?? {};
  const refunded = Number(known.refunded_minor ?? 0);
  const max = limits.perOrderMaxMinor === "captured" ? known.captured_minor : limits.perOrderMaxMinor;
  if (max === undefined) return undefined;
  if (refunded + facts.otherForOrderMinor + minor <= Number(max)) return undefined;
  return facts.otherForOrderMinor > 0
    ? "Something for this order is under way already."
    : "This is more than may be moved for this order.";
}

/** What was paid is not known, and something has been moved for this order before: a person decides whether there is more. */
function unclear(limits: MoneyPolicy, facts: MoneyFacts): boolean {
  const unknown = limits.perOrderMaxMinor === "captured" && facts.preview.facts?.captured_minor === undefined;
  return unknown && facts.otherForOrderMinor > 0;
}

function no(why: string): Decision {
  return { allow: false, missing: undefined, why };
}
