import { describe, expect, it } from "vitest";
import { approvalCard } from "../../src/intents/approval-card.ts";
import type { Intent } from "../../src/ledger/intents.ts";

const asItIs = (text: string): string => text;

function factsWith(currency: string, facts: Record<string, string | number>) {
  const preview = { ok: true, subject: "ord_1", text: "Refund", amount: { minor: 1, currency }, facts };
  const intent = { approval: 1, customer: "cust_1", tool: "issue_refund", input: {}, preview };
  const { card } = approvalCard(intent as unknown as Intent & { approval: number }, "Ann", asItIs);
  return card?.facts.slice(2).map(({ label, value }) => `${label}: ${value}`);
}

describe("what an approver reads of the company's data", () => {
  it.each([
    ["USD", { captured_minor: 99_999, refunded_minor: 0 }, ["Captured: 999.99 USD", "Refunded: 0.00 USD"]],
    ["JPY", { captured_minor: 1_500 }, ["Captured: 1500 JPY"]],
    ["HUF", { captured_minor: 499_900 }, ["Captured: 4999.00 HUF"]],
    ["KWD", { captured_minor: 1_500 }, ["Captured: 1.500 KWD"]],
    ["IQD", { captured_minor: 1_500 }, ["Captured: 1.500 IQD"]],
    ["USD", { placed: "2026-08-23", gift_card: "no" }, ["Placed: 2026-08-23", "Gift card: no"]],
    ["USD", { captured_minor: "much" }, ["Captured minor: much"]],
  ])("is money as people write it, in %s: %j", (currency, facts, read) => {
    expect(factsWith(currency, facts)).toEqual(read);
  });
});

it("says to whoever denies it that the customer reads why", () => {
  const preview = { ok: true, subject: "ord_1", text: "Refund" };
  const intent = { id: "in_1", approval: 1, customer: "cust_1", tool: "issue_refund", input: {}, preview };
  const { buttons } = approvalCard(intent as unknown as Intent & { approval: number }, "Ann", asItIs);
  const deny = buttons?.find(({ action }) => action === "intent.deny");
  expect(deny?.ask).toEqual({ title: "Deny", label: "Why? (the customer reads this)" });
});
