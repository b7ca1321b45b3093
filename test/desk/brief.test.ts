import { describe, expect, it } from "vitest";
import { briefOf } from "../../src/desk/brief.ts";
import type { TranscriptItem } from "../../src/language-model.ts";

const result = (name: string, value: unknown, failed = false): TranscriptItem => ({
  role: "result",
  id: name,
  name,
  failed,
  result: value,
});

const factsOf = (...transcript: TranscriptItem[]): string[] =>
  briefOf({ customer: "Ann", lastWords: "", tried: [], transcript, reason: "" }).facts;

const question = {
  pending: "confirmation",
  text: "Refund 5.00 USD. Shall I do this? Please answer yes or no.",
};

describe("the facts on a ticket", () => {
  it("are what tools have said, each answer once", () => {
    const order = { found: true, order_id: "ORD-1", status: "shipped" };
    expect(factsOf(result("lookup_order", order), result("lookup_order", order))).toEqual([
      "lookup_order: order id: ORD-1, status: shipped",
    ]);
  });

  it("say what is open, not what has been answered since", () => {
    expect(factsOf(result("issue_refund", question))).toEqual(["issue_refund: waits for the customer's yes"]);
    expect(
      factsOf(result("issue_refund", question), result("issue_refund", { pending: "approval" })),
    ).toEqual(["issue_refund: waits for a colleague's approval"]);
    expect(factsOf(result("issue_refund", question), result("issue_refund", { refunded: true }))).toEqual([
      "issue_refund: refunded: true",
    ]);
  });

  it("say why something was not done, in words", () => {
    expect(factsOf(result("cancel_order", { ok: false, reason: "It is delivered.", missing: "x" }))).toEqual([
      "cancel_order: not done: It is delivered.",
    ]);
  });

  it("leave out what is nothing for staff, and name what broke down", () => {
    expect(
      factsOf(
        result("search_knowledge", { passages: [] }),
        result("lookup_order", { error: "tool_arguments" }, true),
        result("lookup_order", { error: "tool_timeout" }, true),
      ),
    ).toEqual(["lookup_order: failed: error: tool_timeout"]);
  });
});
