/** Articles, ready to be asked: what `search` answers is decided here, wherever the articles come from. */
import type { Found, Passage, Retrieval } from "../knowledge-base.ts";
import { mapGivingWay } from "./give-way.ts";
import { type ArticleBags, createLexicalIndex } from "./lexical-index.ts";
import { languageOf } from "./stop-words.ts";
import { createVocabulary } from "./vocabulary.ts";
import { wordsOf } from "./words.ts";

export interface IndexedArticle {
  title: string;
  passages: readonly Passage[];
}

export interface CorpusIndex {
  /** Every article's passages, in the order given. */
  readonly passages: readonly Passage[];
  /** @param cosines of the question with each passage, where they are known */
  search(question: string, limit: number, cosines?: Float32Array): Retrieval;
}

export interface Indexer {
  /** Indexes the articles; those that were given before, as the same objects, are not taken apart again. */
  index(articles: readonly IndexedArticle[]): Promise<CorpusIndex>;
}

/** Coverage is the best of so many passages: the first one found need not be the one that speaks of most. */
const coveragePassages = 3;
const foundMax = 1_000;
const languageSampleCharacters = 500;

export function createIndexer(): Indexer {
  const vocabulary = createVocabulary();
  const known = new WeakMap<IndexedArticle, ArticleBags>();

  const bagsOf = (article: IndexedArticle): ArticleBags => {
    const before = known.get(article);
    if (before) return before;
    const sample = `${article.title}\n${article.passages[0]?.text ?? ""}`.slice(0, languageSampleCharacters);
    const language = languageOf(wordsOf(sample).parts);
    const bags = {
      title: vocabulary.words(article.title, language),
      passages: article.passages.map((passage) => vocabulary.words(wordedText(passage), language)),
    };
    known.set(article, bags);
    return bags;
  };

  return {
    async index(articles) {
      const lexical = await createLexicalIndex(vocabulary, await mapGivingWay(articles, bagsOf));
      const passages = articles.flatMap((article) => article.passages);
      return {
        passages,
        search(question, limitAsked, cosines) {
          const limit = Math.min(Math.max(0, Math.floor(limitAsked) || 0), foundMax);
          const asked = lexical.ask(question);
          const shares = toShares(lexical.scores(asked), 0);
          const meanings = cosines && toShares(cosines, mean(cosines));
          const scores = meanings ? shares.map((share, at) => (share + meanings[at]!) / 2) : shares;
          let coverage = 0;
          const found: Found[] = [];
          for (const at of best(scores, Math.max(limit, coveragePassages))) {
            const covered = lexical.coverage(asked, at);
            if (found.length < coveragePassages)
              coverage = Math.max(coverage, covered.coverage, cosines?.[at] ?? 0);
            const why: Found["why"] = { lexical: shares[at]!, terms: covered.words };
            if (cosines) why.semantic = cosines[at]!;
            found.push({ passage: passages[at]!, score: scores[at]!, why });
          }
          return { found: found.slice(0, limit), coverage };
        },
      };
    },
  };
}

function wordedText({ headings, text }: Passage): string {
  return headings.length === 0 ? text : `${headings.join("\n")}\n${text}`;
}

/**
 * Scores as shares of the way from `floor` to the best one, so that lists of different kinds can be added up. The floor of
 * cosines is their mean: some models give unrelated texts 0.1, others 0.7.
 */
function toShares(scores: Float32Array, floor: number): Float32Array {
  const highest = scores.reduce((high, score) => Math.max(high, score), 0);
  if (highest <= 0) return new Float32Array(scores.length);
  const span = highest - floor;
  return scores.map((score) => (span > 1e-6 ? Math.max(0, (score - floor) / span) : 1));
}

function mean(values: Float32Array): number {
  return values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** The places of the highest scores above 0, highest first, the earlier first among equals. */
function best(scores: Float32Array, count: number): number[] {
  const places: number[] = [];
  for (let at = 0; at < scores.length; at += 1) {
    const score = scores[at]!;
    if (score <= 0 || (places.length === count && score <= scores[places[count - 1]!]!)) continue;
    if (places.length === count) places.pop();
    let place = places.length;
    while (place > 0 && scores[places[place - 1]!]! < score) place -= 1;
    places.splice(place, 0, at);
  }
  return places;
}
