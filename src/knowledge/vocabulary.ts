/** Numbers for words, their stems and their grams: a text is taken apart once and can be indexed as often as needed. */
import { functionWordIn } from "./stop-words.ts";
import { gramsOf, stemOf, wordsOf } from "./words.ts";

/** What occurs in a text, each number once, and how often. */
export interface Bag {
  numbers: Int32Array;
  counts: Int32Array;
}

export interface Vocabulary {
  /** A text's words but the language's function words; new ones are numbered. */
  words(text: string, language: number): Bag;
  /** The stems of texts' words, all in one bag. */
  stems(words: readonly Bag[]): Bag;
  /** The grams of texts' words, all in one bag. */
  grams(words: readonly Bag[]): Bag;
  /** The number of a word's stem, when some text has it. Asking adds nothing. */
  stem(word: string): number | undefined;
  gram(gram: string): number | undefined;
  /** How many there are so far. */
  size(): { stems: number; grams: number };
}

export function createVocabulary(): Vocabulary {
  const words = createNumbering();
  const stems = createNumbering();
  const grams = createNumbering();
  const languagesOf: number[] = [];
  const stemsOf: number[][] = [];
  const gramsOfWord: number[][] = [];

  const numberOf = (word: string): number => {
    const number = words.number(word);
    if (number === stemsOf.length) {
      languagesOf.push(functionWordIn(word));
      stemsOf.push([stems.number(stemOf(word))]);
      gramsOfWord.push(gramsOf(word).map(grams.number));
    }
    return number;
  };

  return {
    words(text, language) {
      const { parts, compounds } = wordsOf(text);
      for (const word of parts) {
        const number = numberOf(word);
        if (((languagesOf[number]! >> language) & 1) === 0) words.count(number, 1);
      }
      for (const { word } of compounds) words.count(numberOf(word), 1);
      return words.take();
    },
    stems: (bags) => recount(bags, stemsOf, stems),
    grams: (bags) => recount(bags, gramsOfWord, grams),
    stem: (word) => stems.known(stemOf(word)),
    gram: grams.known,
    size: () => ({ stems: stems.size(), grams: grams.size() }),
  };
}

interface Numbering {
  number(text: string): number;
  known(text: string): number | undefined;
  size(): number;
  count(number: number, times: number): void;
  /** What was counted since the last time. */
  take(): Bag;
}

function createNumbering(): Numbering {
  const numbers = new Map<string, number>();
  const tally: number[] = [];
  const counted: number[] = [];
  return {
    number(text) {
      const known = numbers.get(text);
      if (known !== undefined) return known;
      numbers.set(text, tally.length);
      tally.push(0);
      return tally.length - 1;
    },
    known: (text) => numbers.get(text),
    size: () => tally.length,
    count(number, times) {
      if (tally[number] === 0) counted.push(number);
      tally[number]! += times;
    },
    take() {
      const bag = { numbers: new Int32Array(counted.length), counts: new Int32Array(counted.length) };
      for (let at = 0; at < counted.length; at += 1) {
        const number = counted[at]!;
        bag.numbers[at] = number;
        bag.counts[at] = tally[number]!;
        tally[number] = 0;
      }
      counted.length = 0;
      return bag;
    },
  };
}

function recount(bags: readonly Bag[], into: readonly (readonly number[])[], numbering: Numbering): Bag {
  for (const { numbers, counts } of bags) {
    for (let at = 0; at < numbers.length; at += 1) {
      const others = into[numbers[at]!]!;
      for (let other = 0; other < others.length; other += 1) numbering.count(others[other]!, counts[at]!);
    }
  }
  return numbering.take();
}
