import { describe, expect, it } from "vitest";
import { grounded } from "../../../src/agent/policies/grounded.ts";
import type { TranscriptItem } from "../../../src/language-model.ts";
import { passage } from "../../doubles/desk-in-a-room.ts";

const shipping = passage(
  "Shipping",
  "Standard shipping takes 5-7 business days. Free over $50. See https://help.example.com/ship.",
);
const order: TranscriptItem = {
  role: "result",
  id: "c1",
  name: "lookup_order",
  failed: false,
  result: {
    order_id: "ORD-12345",
    total: "1299.00",
    eta: "2026-02-18",
    url: "https://track.example.com/123",
  },
};

const passes = (text: string, transcript: TranscriptItem[] = [], passages = [shipping]): boolean =>
  grounded.review({ text, passages, transcript, instructions: "Refunds under 100 are yours." }).pass;

describe("a draft that states facts", () => {
  it.each([
    "It takes 5 to 7 business days [1].",
    "Orders over $50.00 ship free [1]. Read https://help.example.com/ship.",
    "Hello! How can I help you today?",
    "I can help with 2 things: orders and returns. Which one?",
    "1. Tell me your order number.\n2. I look it up.",
    "I don't know that. Shall I ask a colleague?",
  ])("passes when it cites, or states none: %s", (text) => expect(passes(text)).toBe(true));

  it.each([
    "It takes 2 business days [1].",
    "It takes 5 to 7 business days.",
    "You can return it without a receipt.",
    "We offer a lifetime warranty.",
    "Call us at +1 555 0100 [1].",
    "See https://evil.example.net/claim [1].",
    "Your order ORD-99999 is on its way [1].",
    "You get 20% off [1].",
    "It takes 5 to 7 business days [4].",
  ])("goes back when it cites nothing, or says what stands nowhere: %s", (text) =>
    expect(passes(text)).toBe(false),
  );

  it.each([
    "ORD-12345 (1,299.00) should arrive on February 18, 2026: https://track.example.com/123",
    "The total is $1299.",
  ])("passes on the word of a tool: %s", (text) => expect(passes(text, [order], [])).toBe(true));

  it("does not take a failed call for a source", () => {
    expect(passes("You can return it.", [{ ...order, failed: true }], [])).toBe(false);
  });
});
