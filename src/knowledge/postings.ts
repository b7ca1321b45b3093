/**
 * An inverted index: which numbered units (articles or passages) have a term, and what that is worth by BM25. All but
 * the question's side is worked out when it is built, into flat arrays.
 */
import { eachGivingWay } from "./give-way.ts";
import type { Bag } from "./vocabulary.ts";

export interface Postings {
  /** How telling a term is: its inverse document frequency, the highest for what occurs nowhere (undefined). */
  idf(term: number | undefined): number;
  has(term: number): boolean;
  /** Adds `weight` × the term's BM25 score to each unit that has it. */
  add(term: number, weight: number, scores: Float32Array): void;
}

/** The usual constants: how soon repetition stops to count, and how much a unit's length does. */
const k1 = 1.2;
const b = 0.75;

/** No unit scores more than this times the idf for one term. */
const termScoreMax = k1 + 1;

/**
 * @param bags one for each unit
 * @param termsCount one more than the highest number in them
 */
export async function createPostings(bags: readonly Bag[], termsCount: number): Promise<Postings> {
  // Closures must not hold on to `bags`: they are as large as the index.
  const unitsCount = bags.length;
  const offsets = new Int32Array(termsCount + 1);
  await eachGivingWay(bags, ({ numbers }) => {
    for (let at = 0; at < numbers.length; at += 1) offsets[numbers[at]! + 1]! += 1;
  });
  for (let term = 0; term < termsCount; term += 1) offsets[term + 1]! += offsets[term]!;

  const frequency = (term: number): number => (term < termsCount ? offsets[term + 1]! - offsets[term]! : 0);
  const idf = (term: number | undefined): number => {
    const units = term === undefined ? 0 : frequency(term);
    return Math.log(1 + (unitsCount - units + 0.5) / (units + 0.5));
  };
  const idfs = Float32Array.from({ length: termsCount }, (_, term) => idf(term));
  const lengths = bags.map(({ counts }) => sumOf(counts));
  const averageLength = sumOf(lengths) / unitsCount || 1;

  const units = new Int32Array(offsets[termsCount]!);
  const worths = new Float32Array(offsets[termsCount]!);
  const next = offsets.slice();
  await eachGivingWay(bags, ({ numbers, counts }, unit) => {
    const damping = k1 * (1 - b + (b * lengths[unit]!) / averageLength);
    for (let at = 0; at < numbers.length; at += 1) {
      const term = numbers[at]!;
      const count = counts[at]!;
      const place = next[term]!++;
      units[place] = unit;
      worths[place] = (idfs[term]! * termScoreMax * count) / (count + damping);
    }
  });

  return {
    idf,
    has: (term) => frequency(term) > 0,
    add(term, weight, scores) {
      if (term >= termsCount) return;
      for (let at = offsets[term]!; at < offsets[term + 1]!; at += 1) {
        scores[units[at]!]! += weight * worths[at]!;
      }
    },
  };
}

function sumOf(values: ArrayLike<number>): number {
  let sum = 0;
  for (let at = 0; at < values.length; at += 1) sum += values[at]!;
  return sum;
}
