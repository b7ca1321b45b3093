import { describe, expect, it } from "vitest";
import { secrets } from "../../../src/agent/policies/secrets.ts";

const review = (text: string) => secrets.review({ text, passages: [], transcript: [], instructions: "" });

describe("a draft", () => {
  it("repeats nobody's card or key", () => {
    expect(review(`Your card 4242 4242 4242 4242 and your key ghp_${"a1B2c3D4e5F6".repeat(3)} [1].`)).toEqual(
      {
        pass: true,
        text: "Your card [removed: card number] and your key [removed: GitHub token] [1].",
      },
    );
  });

  it.each([
    [
      "!4111 1111 1111 1111(//evil.example/p.png?q=1) [1]",
      "![removed: card number] (//evil.example/p.png?q=1) [1]",
    ],
    ["4111 1111 1111 1111: //evil.example/p", "[removed: card number] : //evil.example/p"],
    ["see 4111 1111 1111 1111[x]", "see [removed: card number] [x]"],
  ])("makes no link of what is taken out: %s", (text, shown) => {
    expect(review(text)).toEqual({ pass: true, text: shown });
  });

  it("without any stays as it is", () => {
    expect(review("Your order ORD-12345 has shipped [1].")).toEqual({ pass: true });
  });
});
