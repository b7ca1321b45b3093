import { describe, expect, it } from "vitest";
import { questionOf } from "../../src/agent/retrieve.ts";
import type { Turn } from "../../src/agent/turn.ts";

const before = "What is the rate limit of your API?";
const looksFor = (asked: string, after = before) =>
  questionOf({ asked: [asked], history: [{ role: "customer", text: after }] } as unknown as Turn);

describe("what is looked for", () => {
  it("is what was asked, with the words before it where it goes on from them", () => {
    for (const more of ["and on Pro?", "What happens when I exceed it?", "Do they count for each account?"])
      expect(looksFor(more)).toBe(`${before}\n${more}`);
    const other = "How do I change the address of my account?";
    expect(looksFor(other)).toBe(other);
  });

  it("is not lost among the words of a long story before it", () => {
    const story =
      "I have bought headphones as a present for my sister, and the left side of them crackles. ".repeat(2);
    for (const asked of ["How do I return it for a refund?", "and express?"]) {
      expect(looksFor(asked, story)).toBe(asked);
      expect(looksFor(asked, `${story}${before} ${story}`)).toBe(`${before}\n${asked}`);
    }
  });
});
