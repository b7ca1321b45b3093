import { describe, expect, it } from "vitest";
import { languageOf, weightOf } from "../../src/knowledge/stop-words.ts";

const weights = (question: string) => {
  const words = question.split(" ");
  const language = languageOf(words);
  return Object.fromEntries(words.map((word) => [word, weightOf(word, language)]));
};

describe("the weight of a question's words", () => {
  it("is none for function words, little for words of asking, full for the subject", () => {
    expect(weights("how do i find my invoice")).toEqual({
      how: 0,
      do: 0,
      i: 0,
      find: 0.25,
      my: 0,
      invoice: 1,
    });
  });

  it.each([
    ["German", "wo ist meine rechnung", "rechnung", "ist"],
    ["French", "ou est ma facture", "facture", "est"],
    ["Spanish", "donde esta mi factura", "factura", "mi"],
    ["Italian", "dove e la mia fattura", "fattura", "la"],
    ["Portuguese", "onde esta a minha fatura", "fatura", "minha"],
    ["Dutch", "waar is mijn factuur", "factuur", "mijn"],
  ])("goes by the question's own language: %s", (_, question, subject, functionWord) => {
    expect(weights(question)).toMatchObject({ [subject]: 1, [functionWord]: 0 });
  });

  it("takes a question for English when nothing tells", () => {
    expect(weights("refund help")).toEqual({ refund: 1, help: 0.25 });
  });
});
