import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { showPassing } from "../../src/agent/early-text.ts";

function seen(pieces: readonly string[], passes: (text: string) => boolean = () => true): string[] {
  const shown: string[] = [];
  const take = showPassing((text) => shown.push(text), passes);
  for (const piece of pieces) take(piece);
  return shown;
}

describe("a reply that is being written", () => {
  it("is seen word by word, in larger pieces as it grows", () => {
    expect(seen(["Hel", "lo! How ", "are you? I am", " fine.\n- one", "\n- two"])).toEqual([
      "Hello! How ",
      "are you? I ",
      "am fine.\n",
      "- one\n",
    ]);
    const words = Array.from({ length: 400 }, (_, place) => `word${place} `);
    const pieces = seen(words);
    expect(pieces[0]).toBe("word0 ");
    expect(pieces.length).toBeLessThan(60);
  });

  it("is seen in scripts without spaces", () => {
    expect(seen(["您好。请稍", "等。谢谢"])).toEqual(["您好。", "请稍等。"]);
  });

  it("is not seen from where it would do harm", () => {
    const noLinks = (text: string) => !text.includes("http");
    expect(seen(["Sure. ", "See http://", "x.example/a now. ", "Bye. "], noLinks)).toEqual([
      "Sure. ",
      "See ",
    ]);
  });

  it("is not cut in the middle of an address or of a long number", () => {
    expect(seen(["Open https://shop.exam", "ple/a?b=1"])).toEqual(["Open "]);
    expect(seen(["Card 4111 1111 ", "1111 ", "1111 it is"])).toEqual(["Card ", "4111 1111 1111 1111 it "]);
  });
});

it("whatever the pieces, what is seen is a beginning of what is written, and has passed", () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: fc.constantFrom("a", ".", " ", "!", "\n", "x") })), (pieces) => {
      const passed: string[] = [];
      const passes = (text: string) => {
        if (text.includes("x")) return false;
        passed.push(text);
        return true;
      };
      const shown = seen(pieces, passes).join("");
      expect(pieces.join("").startsWith(shown)).toBe(true);
      if (shown !== "") expect(passed).toContain(shown);
    }),
  );
});
