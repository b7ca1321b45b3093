import { describe, expect, it } from "vitest";
import { questionOf } from "../../src/agent/retrieve.ts";
import type { Turn } from "../../src/agent/turn.ts";

const before = "What is the rate limit of your API?";
const looksFor = (asked: string) =>
  questionOf({ asked: [asked], history: [{ role: "customer", text: before }] } as unknown as Turn);

describe("what is looked for", () => {
  it("is what was asked, with the words before it where it goes on from them", () => {
    for (const more of ["and on Pro?", "What happens when I exceed it?", "Do they count for each account?"])
      expect(looksFor(more)).toBe(`${before}\n${more}`);
    const other = "How do I change the address of my account?";
    expect(looksFor(other)).toBe(other);
  });
});
