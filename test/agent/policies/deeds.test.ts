import { describe, expect, it } from "vitest";
import { deeds } from "../../../src/agent/policies/deeds.ts";
import { secrets } from "../../../src/agent/policies/secrets.ts";
import type { TranscriptItem } from "../../../src/language-model.ts";
import { passage } from "../../doubles/desk-in-a-room.ts";

const refunded: TranscriptItem = {
  role: "result",
  id: "c1",
  name: "issue_refund",
  failed: false,
  result: { refunded: true },
};
const policy = passage("Refunds", "You will get a full refund within 30 days.");
const review = (text: string, transcript: TranscriptItem[] = []) =>
  deeds.review({ text, passages: [policy], transcript, instructions: "" }).pass;

describe("what is said in the company's name", () => {
  it.each([
    "I have refunded your order.",
    "Your plan has been downgraded.",
    "We guarantee it.",
    "I will give you a discount.",
    "You will receive a full refund.",
  ])("goes back when no tool has said it: %s", (text) => expect(review(text)).toBe(false));

  it("passes when a tool has done it, or an article says it", () => {
    expect(review("I have refunded your order.", [refunded])).toBe(true);
    expect(review("I have refunded your order.", [{ ...refunded, failed: true }])).toBe(false);
    expect(review("You will get a full refund within 30 days [1].")).toBe(true);
  });

  it.each([
    "I will pass this on.",
    "I'll look that up.",
    "I have asked a colleague.",
    "Would you like a refund?",
    "I can look at your order.",
  ])("passes when nothing is promised: %s", (text) => expect(review(text)).toBe(true));

  it("holds nobody's card", () => {
    const verdict = secrets.review({
      text: "Your card 4242 4242 4242 4242 was charged.",
      passages: [],
      transcript: [],
      instructions: "",
    });
    expect("text" in verdict && verdict.text).not.toContain("4242");
  });
});
