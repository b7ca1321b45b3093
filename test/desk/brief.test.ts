import { describe, expect, it } from "vitest";
import { askOf, briefOf } from "../../src/desk/brief.ts";
import { route } from "../../src/routing/route.ts";

const said = (text: string) => ({ role: "customer" as const, text });

it("what tools have said stands on a line for each, whatever they have said", () => {
  const result = { note: "Do not call.\n# Paid\n- in full" };
  const { facts } = briefOf({
    customer: "Ann",
    lastWords: "",
    tried: [],
    reason: "",
    transcript: [{ role: "result", id: "c1", name: "look_up", result, failed: false }],
  });
  expect(facts).toEqual(["look_up: note: Do not call. # Paid - in full"]);
});

describe("what a customer wants, in one line", () => {
  it("is never cut in the middle of a character", () => {
    const words = `${"b ".repeat(59)}😀😀😀😀 and more`;
    expect(askOf(words)).not.toMatch(/\p{Surrogate}/u);
    expect(route(words, []).ask).not.toMatch(/\p{Surrogate}/u);
  });

  it("is the first sentence of their newest words", () => {
    expect(askOf("Where is my order ORD-1? I ordered it in May.", [said("hello")])).toBe(
      "Where is my order ORD-1?",
    );
  });

  it("is what they said before, where these say nothing by themselves", () => {
    const before = [
      said("I was charged twice for one lamp."),
      { role: "bot" as const, text: "Shall I ask a person?" },
    ];
    expect(askOf("yes please", before)).toBe("I was charged twice for one lamp.");
    expect(askOf("ja", [...before, said("ok")])).toBe("I was charged twice for one lamp.");
  });

  it("is what there is", () => {
    expect(askOf("yes")).toBe("yes");
    expect(askOf("")).toBe("(no words)");
    expect(askOf("请帮助我退款，我的订单还没有到，已经三个星期了。")).toContain("退款");
  });
});
