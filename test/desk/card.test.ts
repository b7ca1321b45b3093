import { describe, expect, it } from "vitest";
import { cardOf } from "../../src/desk/card.ts";
import type { Brief, Ticket } from "../../src/ledger/tickets.ts";

const brief: Brief = {
  customer: "Ann",
  tried: [],
  facts: [],
  lastWords: "You charged me twice",
  nextStep: "Take the ticket.",
};
const ticket = (more: Partial<Brief> = {}): Ticket => ({
  number: 7,
  thread: "slack:T1:D1",
  state: "open",
  ask: "Refund",
  reason: "charged twice",
  priority: "high",
  queue: "billing",
  language: "en",
  brief: { ...brief, ...more },
  assignee: undefined,
  assigneeName: undefined,
  card: undefined,
  deskThread: undefined,
});
const card = (more: Partial<Brief> = {}) => cardOf(ticket(more), ["billing"]).card;

describe("a card", () => {
  it("never cuts the customer's words in the middle of a character", () => {
    const words = `${"a".repeat(299)}😀 and more`;
    const shown = card({ lastWords: words })?.sections.find(({ label }) => label === "Last words");
    expect(shown?.text).toBe(`> ${"a".repeat(299)}…`);
  });

  it("begins with the summary where a model has told one", () => {
    const sections = card({ summary: "Charged twice; wants one charge back." })?.sections ?? [];
    expect(sections[0]).toEqual({ label: "Summary", text: "Charged twice; wants one charge back." });
    expect(card()?.sections.map((section) => section.label)).not.toContain("Summary");
  });

  it("says what it is about and the mood, unless that goes without saying", () => {
    const labels = (more: Partial<Brief>) =>
      card(more)?.facts.map(({ label, value }) => `${label}: ${value}`);
    expect(labels({ category: "double charge", sentiment: "angry" })).toEqual([
      "Priority: high",
      "Queue: billing",
      "Customer: Ann",
      "Language: en",
      "About: double charge",
      "Sentiment: angry",
    ]);
    expect(labels({ category: "general", sentiment: "neutral" })).toHaveLength(4);
    expect(labels({})).toHaveLength(4);
  });
});
