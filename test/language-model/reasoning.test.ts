import { describe, expect, it } from "vitest";
import { createReasoningFilter } from "../../src/language-model/reasoning.ts";

function filter(text: string, size: number): string {
  const reasoning = createReasoningFilter();
  let shown = "";
  for (let at = 0; at < text.length; at += size) shown += reasoning.take(text.slice(at, at + size));
  return shown + reasoning.rest();
}

describe("the filter for thoughts", () => {
  for (const [text, shown] of [
    ["<think>It is late.</think>\n\nGood evening", "Good evening"],
    ["\n <think>a < b </thin </think>Yes", "Yes"],
    ["<think></think>Yes <think>no</think>", "Yes <think>no</think>"],
    ["<think>never ends", ""],
    ["<thinking about it", "<thinking about it"],
    ["  Hello", "  Hello"],
    ["<th", "<th"],
    ["", ""],
    ["1 < 2", "1 < 2"],
  ] as const) {
    it(`makes ${JSON.stringify(shown)} of ${JSON.stringify(text)}, in whatever pieces it comes`, () => {
      for (let size = 1; size <= text.length; size++) expect(filter(text, size)).toBe(shown);
    });
  }
});
