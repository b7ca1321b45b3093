import { describe, expect, it } from "vitest";
import { fold, gramsOf, stemOf, wordsOf } from "../../src/knowledge/words.ts";

const parts = (text: string) => wordsOf(text).parts;
const wholes = (text: string) => wordsOf(text).compounds.map(({ word }) => word);

describe("words", () => {
  it("are folded: case, accents, width and ligatures make no difference", () => {
    expect(parts("Größe CAFÉ naïve Łódź ＡＢＣ １２ ŒUVRE İstanbul")).toEqual([
      "grosse",
      "cafe",
      "naive",
      "lodz",
      "abc",
      "12",
      "oeuvre",
      "istanbul",
    ]);
  });

  it("keep contractions together and leave the possessive s away", () => {
    expect(parts("don't can’t Anna's we'll")).toEqual(["dont", "cant", "anna", "well"]);
  });

  it("split at other apostrophes", () => {
    expect(parts("l'adresse d’expédition")).toEqual(["l", "adresse", "d", "expedition"]);
    expect(wholes("l'adresse")).toEqual([]);
  });

  it("are found by their parts and as a whole when something joins them", () => {
    expect(wordsOf("two-factor ORD-12345 og:image DNS_PROBE")).toEqual({
      parts: ["two", "factor", "ord", "12345", "og", "image", "dns", "probe"],
      compounds: [
        { word: "twofactor", from: 0, to: 2 },
        { word: "ord12345", from: 2, to: 4 },
        { word: "ogimage", from: 4, to: 6 },
        { word: "dnsprobe", from: 6, to: 8 },
      ],
    });
  });

  it("keep numbers what they are", () => {
    expect(wholes("version 3.5, 5-7 days, 2026-01-10")).toEqual(["3.5", "5.7", "2026.01.10"]);
    expect(parts("$1,250,000 and 1,2 or 12,34")).toEqual(["1250000", "and", "1", "2", "or", "12", "34"]);
  });

  it("make no whole of addresses with many parts", () => {
    expect(wholes("https://www.example.com/a/b/c/d")).toEqual([]);
  });

  it("are overlapping pieces where a script writes no spaces", () => {
    expect(parts("运费是多少")).toEqual(["运费", "费是", "是多", "多少"]);
    expect(parts("iPhone 15の保証")).toEqual(["iphone", "15", "の保", "保証"]);
    expect(parts("คืนสินค้า").slice(0, 2)).toEqual(["คืน", "ืนส"]);
    expect(parts("港")).toEqual(["港"]);
  });

  it("are such pieces in Korean, so that particles do not hide them", () => {
    expect(parts("배송은 FAQ")).toEqual(["배송", "송은", "faq"]);
  });

  it("keep the vowel signs of Indic scripts", () => {
    expect(parts("शिपिंग कितनी")).toEqual(["शिपिंग", "कितनी"]);
  });

  it("are not there in emoji, punctuation and control characters", () => {
    expect(wordsOf("📦❓ — … \0\x1b ''--")).toEqual({ parts: [], compounds: [] });
  });

  it("are cut when nobody would write them", () => {
    expect(parts("a".repeat(100_000))).toEqual(["a".repeat(64)]);
    expect(parts("ж".repeat(100_000))).toEqual(["ж".repeat(64)]);
  });
});

describe("folding", () => {
  it("leaves ASCII as it is but for its case", () => {
    expect(fold("Hello, World! 3.5")).toBe("hello, world! 3.5");
  });
});

describe("stems", () => {
  it("bring English inflections together and leave other words and ids alone", () => {
    expect(stemOf("refunds")).toBe(stemOf("refunding"));
    expect(stemOf("e1007s")).toBe("e1007s");
    expect(stemOf("größe")).toBe("größe");
  });
});

describe("grams", () => {
  it("overlap, and know the ends of a word", () => {
    expect(gramsOf("order")).toEqual(["_ord", "orde", "rder", "der_"]);
    expect(gramsOf("it")).toEqual(["_it_"]);
  });

  it("leave numbers, ids and pieces whole", () => {
    expect(gramsOf("运费")).toEqual(["运费"]);
    expect(gramsOf("e1007")).toEqual(["e1007"]);
    expect(gramsOf("12345")).toEqual(["12345"]);
  });
});
