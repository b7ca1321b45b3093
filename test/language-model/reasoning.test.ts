import { describe, expect, it } from "vitest";
import { createReasoningFilter, withoutThoughts } from "../../src/language-model/reasoning.ts";

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
    ["<thinking>It is late.</thinking>Good evening", "Good evening"],
    ["<thought>It is late.</thought>\nGood evening", "Good evening"],
    ["[THINK]It is late.[/THINK]Good evening", "Good evening"],
    ["[1] says so", "[1] says so"],
    ["<|channel|>analysis<|message|>Late.<|end|><|start|>assistant<|channel|>final<|message|>Hi", "Hi"],
  ] as const) {
    it(`makes ${JSON.stringify(shown)} of ${JSON.stringify(text)}, in whatever pieces it comes`, () => {
      for (let size = 1; size <= text.length; size++) expect(filter(text, size)).toBe(shown);
    });
  }
});

describe("a model that closes its thinking without having opened it", () => {
  it("is found out by the whole text, with what it thought in the middle", () => {
    expect(withoutThoughts("The customer is late.\n</think>\n\nHello")).toEqual({
      text: "Hello",
      unopened: true,
    });
    expect(withoutThoughts("Hello <think>no</think>there")).toEqual({ text: "Hello there", unopened: false });
    expect(withoutThoughts("Hello")).toEqual({ text: "Hello", unopened: false });
  });

  it("is waited for once it is known, and heard as well when it does not think", () => {
    for (const [text, shown] of [
      ["It is late.</think>\nGood evening", "Good evening"],
      ["Good evening", "Good evening"],
    ] as const) {
      const reasoning = createReasoningFilter(true);
      let said = "";
      for (const character of text) said += reasoning.take(character);
      expect(said + reasoning.rest()).toBe(shown);
    }
  });
});
