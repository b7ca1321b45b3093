/**
 * Ranks passages by the words of a question. Two sides of BM25 scores are added up: the stems of its words in the
 * article's title, in the whole article and in the passage; and the character grams of its words in title and passage.
 * Stems say exactly what is spoken of; grams find compounds, inflections and misspellings; the whole article counts
 * because the passage with the answer often leaves the subject to its neighbours. Each side is divided by the idf that
 * the question asks for, so that neither outweighs the other. The constants are the usual ones, not fitted ones.
 */
import { mapGivingWay } from "./give-way.ts";
import { createPostings, type Postings } from "./postings.ts";
import { languageOf, weightOf } from "./stop-words.ts";
import type { Bag, Vocabulary } from "./vocabulary.ts";
import { gramsOf, stemOf, wordsOf } from "./words.ts";

/** As much of a question as is read. */
export const questionCharactersMax = 4_000;
const questionWordsMax = 150;
/** A word that is not there counts by its grams when it has so many, and so many of them are there. */
const likeGramsMin = 3;
const likeShareMin = 2 / 3;
/** Of the two scores of its stems, the passage's and the whole article's. */
const articleShare = 0.5;

/** An article taken apart; each passage with its headings. */
export interface ArticleBags {
  title: Bag;
  passages: readonly Bag[];
}

/** A question taken apart. */
export interface Asked {
  words: AskedWord[];
  /** Stems that the vocabulary has, and how much each counts. */
  stems: Map<number, number>;
  grams: Map<number, number>;
}

interface AskedWord {
  word: string;
  weight: number;
  /** Undefined when the vocabulary does not have it. */
  stem: number | undefined;
  /** The stem of the joined word that it is part of. */
  whole: number | undefined;
  grams: readonly (number | undefined)[];
}

export interface LexicalIndex {
  ask(question: string): Asked;
  /** One for each passage, in the order of the articles; 0 where nothing is shared with the question. */
  scores(asked: Asked): Float32Array;
  /**
   * How much of the question a passage and its title speak about, 0 to 1, and which of its words they have. Words count
   * by the square root of their idf: its full weight would let one rare word decide. Half an unknown word is added to
   * what is asked, so that a single common word in a short question does not look like certainty.
   */
  coverage(asked: Asked, passage: number): { coverage: number; words: string[] };
}

export async function createLexicalIndex(
  vocabulary: Vocabulary,
  articles: readonly ArticleBags[],
): Promise<LexicalIndex> {
  const { stems, grams } = vocabulary;
  const size = vocabulary.size();
  const passages = articles.flatMap((article) => article.passages);
  const owners = articles.flatMap((article, number) => article.passages.map(() => number));
  const titleStems = await mapGivingWay(articles, ({ title }) => stems([title]));
  const passageStems = await mapGivingWay(passages, (words) => stems([words]));
  const articleStems = await mapGivingWay(articles, (article) => stems(article.passages));
  const inTitle = await createPostings(titleStems, size.stems);
  const inArticle = await createPostings(articleStems, size.stems);
  const inPassage = await createPostings(passageStems, size.stems);
  const titleGrams = await mapGivingWay(articles, ({ title }) => grams([title]));
  const passageGrams = await mapGivingWay(passages, (words) => grams([words]));
  const gramsInTitle = await createPostings(titleGrams, size.grams);
  const gramsInPassage = await createPostings(passageGrams, size.grams);

  return {
    ask: (question) => ask(question, vocabulary),

    scores(asked) {
      const articleScores = new Float32Array(articles.length);
      const scores = new Float32Array(passages.length);
      const stemsIdf = idfOf(asked.stems, inPassage, inTitle);
      for (const [stem, weight] of asked.stems) {
        inTitle.add(stem, weight / stemsIdf, articleScores);
        inArticle.add(stem, (articleShare * weight) / stemsIdf, articleScores);
        inPassage.add(stem, ((1 - articleShare) * weight) / stemsIdf, scores);
      }
      const gramsIdf = idfOf(asked.grams, gramsInPassage, gramsInTitle);
      for (const [gram, weight] of asked.grams) {
        gramsInTitle.add(gram, weight / gramsIdf, articleScores);
        gramsInPassage.add(gram, weight / gramsIdf, scores);
      }
      for (let passage = 0; passage < scores.length; passage += 1) {
        scores[passage]! += articleScores[owners[passage]!]!;
      }
      return scores;
    },

    coverage({ words }, passage) {
      const title = owners[passage]!;
      const stemsThere = new Set<number | undefined>(passageStems[passage]!.numbers);
      for (const stem of titleStems[title]!.numbers) stemsThere.add(stem);
      const gramsThere = new Set<number | undefined>(
        grams([passages[passage]!, articles[title]!.title]).numbers,
      );
      let asked = Math.sqrt(inPassage.idf(undefined)) / 2;
      let found = 0;
      const spoken: string[] = [];
      for (const { word, weight, stem, whole, grams } of words) {
        const worth = weight * Math.sqrt(inPassage.idf(stem));
        const there = stemsThere.has(stem) || stemsThere.has(whole) ? 1 : likeness(grams, gramsThere);
        asked += worth;
        found += worth * there;
        if (there > 0) spoken.push(word);
      }
      return { coverage: found / asked, words: spoken };
    },
  };
}

/** The share of a word's grams that are there, 0 when that is too little for the word to be there in another form. */
function likeness(grams: readonly (number | undefined)[], there: ReadonlySet<number | undefined>): number {
  if (grams.length < likeGramsMin) return 0;
  const share = grams.filter((gram) => there.has(gram)).length / grams.length;
  return share >= likeShareMin ? share : 0;
}

function ask(question: string, vocabulary: Vocabulary): Asked {
  const { parts, compounds } = wordsOf(question.slice(0, questionCharactersMax));
  const language = languageOf(parts);
  const asked: Asked = { words: [], stems: new Map(), grams: new Map() };
  const add = (word: string, weight: number): Pick<AskedWord, "stem" | "grams"> => {
    const stem = vocabulary.stem(word);
    const grams = gramsOf(word).map(vocabulary.gram);
    if (stem !== undefined) raise(asked.stems, stem, weight);
    for (const gram of grams) if (gram !== undefined) raise(asked.grams, gram, weight);
    return { stem, grams };
  };
  const wholes = new Map<number, number | undefined>();
  for (const { word, from, to } of compounds.slice(0, questionWordsMax)) {
    const { stem } = add(word, 1);
    for (let part = from; part < to; part += 1) wholes.set(part, stem);
  }
  const seen = new Set<string>();
  for (const [at, word] of parts.entries()) {
    const weight = weightOf(word, language);
    if (weight === 0 || seen.has(stemOf(word)) || seen.size === questionWordsMax) continue;
    seen.add(stemOf(word));
    asked.words.push({ word, weight, ...add(word, weight), whole: wholes.get(at) });
  }
  return asked;
}

/** Of two weights for the same thing the higher one holds: saying it twice makes it no more important. */
function raise(weights: Map<number, number>, key: number, weight: number): void {
  weights.set(key, Math.max(weights.get(key) ?? 0, weight));
}

/** What the vocabulary knows from articles outside this index must not be felt in it. */
function idfOf(weights: ReadonlyMap<number, number>, passages: Postings, titles: Postings): number {
  let sum = 0;
  for (const [term, weight] of weights) {
    if (passages.has(term) || titles.has(term)) sum += weight * passages.idf(term);
  }
  return sum || 1;
}
