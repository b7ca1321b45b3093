/**
 * An answer out of the passages, or none: the sentences that speak of what the question asks, cited. Whether a passage
 * covers a question is decided by the share of the question's terms that stand in the sentences to be quoted, and in
 * the headings above them.
 */
import type { Passage } from "../knowledge-base.ts";
import { type Sentence, sentencesOf } from "./offline-sentences.ts";
import { plainWords, shared, termOf, termsOf } from "./offline-words.ts";

export interface Quote {
  /** The sentences with their citation, e.g. `Express takes 1-2 business days. [1]`. */
  text: string;
  /** The passage's place, from 1. */
  source: number;
  /** 0 to 1: how much of the question it speaks of. */
  share: number;
  /** It holds the kind of thing asked for: a time for "how long", an amount for "how much". */
  fits: boolean;
}

const sentencesMax = 3;
const itemsMax = 8;
const charactersMax = 900;
const windowCharactersMax = 450;
/** "How long" answered without any time is hardly an answer. */
const misfit = 0.75;
/** The part of a question that must be spoken of, by its number of terms. */
const shareMin = (terms: number): number => (terms <= 7 ? 0.75 : 0.65);
/** What only describes the thing in question ("a refund for my keyboard") matters less. */
const sideWeight = 0.4;
/** What stands in every help centre says little of a topic. */
const plainWeight = 0.5;
const plain: ReadonlySet<string> = new Set(
  "day date time number name person people list part type kind option page site website info information detail details service services product products item items customer customers company business system user users address add set new old first last section click button days week month year today order orders account app offer different available"
    .split(" ")
    .map(termOf),
);
/** A later passage must be better, not equal. */
const rankCost = 0.02;

interface Question {
  weights: ReadonlyMap<string, number>;
  total: number;
  kind: AnswerKind | undefined;
  /** What this message says and the one that it goes on from did not. */
  news: ReadonlySet<string>;
}

type AnswerKind = "time" | "amount";

/** The thing that a sentence is about: "the mug arrived broken". */
const subject =
  /\b(?:my|our|the|this|these) (\w+(?: \w+)?) (?:has |have |just |only )*(?:arrived|arrives|came|comes|is|was|are|were|isn't|wasn't|does|doesn't|did|didn't|won't|stopped|keeps|broke|looks|got)\b/g;

function questionOf(text: string, passages: readonly Passage[], about: string): Question {
  const bare = withoutIds(text);
  const words = plainWords(bare);
  const side = new Set(
    [
      ...words.matchAll(
        /\b(?:for|on|with|to|into|from|in|of|about) (?:my|our|the|an?|this|these) (\w+(?: \w+)?)/g,
      ),
    ].flatMap((match) => (match[1] ?? "").split(" ").map(termOf)),
  );
  const before = termsOf(withoutIds(about));
  const own = termsOf(bare);
  for (const term of unspoken(words, passages)) side.add(term);
  const terms = [...new Set([...own, ...before])];
  const main = terms.filter((term) => !side.has(term));
  const weights = new Map(
    terms.map((term) => [
      term,
      side.has(term) && main.length > 0 ? sideWeight : plain.has(term) ? plainWeight : 1,
    ]),
  );
  const news = new Set(own.filter((term) => !before.includes(term)));
  return { weights, total: sum(terms, weights), kind: kindOf(words), news };
}

function withoutIds(text: string): string {
  return text.replace(/\S+/g, (word) => (/\d/.test(word) && /[-_#]/.test(word) ? " " : word));
}

/** What a sentence is about and no passage knows by name: articles speak of an item, customers of their mug. */
function unspoken(words: string, passages: readonly Passage[]): string[] {
  const things = [...words.matchAll(subject)].flatMap((match) => termsOf(match[1] ?? ""));
  if (things.length === 0) return [];
  const known = new Set(
    passages.flatMap(({ title, headings, text }) => termsOf([title, ...headings, text].join(" "))),
  );
  return things.filter((term) => !known.has(term));
}

function kindOf(words: string): AnswerKind | undefined {
  if (
    /\bhow (?:long|soon|fast|quick|many (?:days|weeks|hours|months))|\bwhen\b|\bopeninghours\b|\bopen(?:ing)?\b|\bhours\b|\bwie lange\b|\bcuanto tarda|\bcombien de temps/.test(
      words,
    )
  )
    return "time";
  if (/\bhow much\b|\bcosts?\b|\bprices?\b|\bfees?\b|\bwie viel\b|\bcuanto cuesta|\bcombien cout/.test(words))
    return "amount";
  return undefined;
}

const kinds: Readonly<Record<AnswerKind, RegExp>> = {
  time: /\d\s*(?:-|–|to|bis|a)?\s*\d*\s*(?:business |working |calendar )?(?:minute|hour|day|week|month|year|tag|woche|stunde|jour|heure|semaine|dia|hora|semana|giorn|dag|uur)|\b(?:same|next|one|two|three) (?:business |working )?(?:day|week|hour)|\bimmediately\b|\binstantly\b|\bat once\b|\b\d{1,2}[:.]\d{2}\b|\b\d{1,2} ?(?:am|pm)\b/i,
  amount: /[$€£¥]\s?\d|\d\s?(?:[$€£¥]|usd|eur|gbp|dollars?|euros?|cents?|percent|%)|\bfree\b/i,
};

/**
 * The best quote for a question; undefined when the passages do not cover it.
 * @param about words of an earlier message that this one goes on from ("and if it's lost?"): then both are asked for, and
 *   what is quoted must speak of something that only this one says
 */
export function quoteFor(text: string, passages: readonly Passage[], about = ""): Quote | undefined {
  const question = questionOf(text, passages, about);
  if (question.weights.size === 0 || (about !== "" && question.news.size === 0)) return undefined;
  let best: (Quote & { worth: number; headed: boolean }) | undefined;
  passages.forEach((passage, place) => {
    const quote = quoteFrom(passage, place + 1, question);
    if (!quote) return;
    const worth = quote.share + (quote.fits ? 0.15 : 0) + (quote.headed ? 0.2 : 0) - rankCost * place;
    if (!best || worth > best.worth) best = { ...quote, worth };
  });
  if (!best) return undefined;
  const { worth: _, headed: _headed, ...quote } = best;
  return quote;
}

interface Scored extends Sentence {
  terms: ReadonlySet<string>;
  fits: boolean;
}

function quoteFrom(
  passage: Passage,
  number: number,
  question: Question,
): (Quote & { headed: boolean }) | undefined {
  const above = new Set(termsOf([passage.title, ...passage.headings].join(" ")));
  const sentences = sentencesOf(passage.text).map((sentence): Scored => {
    const terms = new Set(termsOf(`${sentence.heading} ${sentence.text}`));
    const fits = question.kind !== undefined && kinds[question.kind].test(sentence.text);
    return { ...sentence, terms, fits };
  });
  const window = bestWindow(sentences, above, question);
  if (!window || window.share < shareMin(question.weights.size)) return undefined;
  if (question.total <= 1 && !isTopic(question, sentences, above)) return undefined;
  const chosen = withEquals(withItems(window.lines, sentences, question), sentences, question);
  const lines = chosen.map((at) => sentences[at] as Scored);
  if (
    question.news.size < question.weights.size &&
    !lines.some(({ terms }) => shared(question.news, terms).length > 0)
  )
    return undefined;
  return {
    text: `${written(lines)} [${number}]`,
    source: number,
    share: window.share,
    fits: lines.some((line) => line.fits),
    headed: question.total <= 1 && [...question.weights.keys()].every((term) => above.has(term)),
  };
}

/** A question of one word is about a passage's topic, not about a word that happens to stand in it. */
function isTopic(question: Question, sentences: readonly Scored[], above: ReadonlySet<string>): boolean {
  const terms = [...question.weights.keys()];
  if (terms.every((term) => above.has(term))) return true;
  const term = terms.find((one) => question.weights.get(one) === 1);
  if (term === undefined) return false;
  // "How much does it cost?" names no thing.
  if (question.kind !== undefined && !above.has(term) && kindOf(term) === question.kind) return false;
  const count = sentences.filter((sentence) => sentence.terms.has(term)).length;
  return above.has(term) || count >= 2 || count * 2 >= sentences.length;
}

interface Window {
  lines: number[];
  share: number;
  worth: number;
}

/** The neighbouring sentences that speak of most of the question, the fewer the better. */
function bestWindow(
  sentences: readonly Scored[],
  above: ReadonlySet<string>,
  question: Question,
): Window | undefined {
  const headed = weigh(above, question) / question.total;
  let best: Window | undefined;
  for (let first = 0; first < sentences.length; first++) {
    const known = new Set(above);
    const own = new Set<string>();
    let length = 0;
    for (let last = first; last < Math.min(first + sentencesMax, sentences.length); last++) {
      const sentence = sentences[last] as Scored;
      length += sentence.text.length;
      // Items of a list stand each for itself.
      const joins = sentence.item ? sentences[last - 1]?.opens : !sentences[last - 1]?.item;
      if (last > first && (length > windowCharactersMax || !joins)) break;
      for (const term of sentence.terms) {
        known.add(term);
        own.add(term);
      }
      const lines = range(first, last);
      const fits = question.kind === undefined || lines.some((at) => sentences[at]?.fits);
      if (weigh(own, question) === 0 && headed < shareMin(2)) continue;
      const share = (weigh(known, question) / question.total) * (fits ? 1 : misfit);
      const worth = share + worthOf(weigh(own, question) / question.total, first, last, length);
      if (!best || worth > best.worth) best = { lines, share, worth };
    }
  }
  return best;
}

/** Among windows of one share: more of the question in their own words, and fewer words; under a heading, its beginning. */
function worthOf(own: number, first: number, last: number, length: number): number {
  if (own === 0) return Math.min(last - first, 1) * 0.02 - first * 0.03;
  return own / 10 - (last - first) * 0.06 - length / 10_000;
}

/** A line that ends with a colon brings its list; a row brings its table when its neighbours say as much. */
function withItems(
  chosen: readonly number[],
  sentences: readonly Scored[],
  question: Question,
): readonly number[] {
  const places = new Set(chosen);
  for (const at of chosen) {
    if (!(sentences[at] as Scored).opens) continue;
    for (let next = at + 1; next <= at + itemsMax && sentences[next]?.item; next++) places.add(next);
  }
  const only = chosen.length === 1 ? sentences[chosen[0] as number] : undefined;
  if (only?.item) {
    const weight = weigh(only.terms, question);
    const equal = sentences.flatMap((one, at) =>
      one.item && weigh(one.terms, question) === weight ? [at] : [],
    );
    for (const at of equal.slice(0, itemsMax)) places.add(at);
  }
  return [...places].sort((a, b) => a - b);
}

/**
 * "How long does shipping take?": where neighbours say as much of what is asked, standard and express, one alone would be
 * half of the answer.
 */
function withEquals(
  chosen: readonly number[],
  sentences: readonly Scored[],
  question: Question,
): readonly number[] {
  const only = chosen.length === 1 ? sentences[chosen[0] as number] : undefined;
  if (!only || only.item) return chosen;
  const numbers = [...question.weights.keys()].filter((term) => /^\d+$/.test(term));
  const said = weigh(only.terms, question);
  const isEqual = (at: number): boolean => {
    const one = sentences[at];
    if (one === undefined || one.item) return false;
    // "After 30 days?": what is said of the same number.
    if (numbers.length > 0 && numbers.every((number) => one.terms.has(number))) return true;
    return question.kind !== undefined && only.fits && one.fits && weigh(one.terms, question) === said;
  };
  let first = chosen[0] as number;
  let last = first;
  while (last - first + 1 < sentencesMax && isEqual(first - 1)) first--;
  while (last - first + 1 < sentencesMax && isEqual(last + 1)) last++;
  return range(first, last);
}

function written(lines: readonly Sentence[]): string {
  let text = "";
  for (const line of lines) {
    const marked =
      line.item && lines.length > 1 && !/^(?:[-*+]|\d+[.)])\s/.test(line.text) ? `- ${line.text}` : line.text;
    if (text.length + marked.length > charactersMax && text !== "") break;
    const gap = line.item ? "\n" : text.includes("\n") ? "\n\n" : " ";
    text += text === "" ? marked : `${gap}${marked}`;
  }
  return text.length > charactersMax ? `${text.slice(0, charactersMax).replace(/\s\S*$/, "")} …` : text;
}

function weigh(terms: ReadonlySet<string>, question: Question): number {
  return sum(shared(question.weights.keys(), terms), question.weights);
}

function sum(terms: readonly string[], weights: ReadonlyMap<string, number>): number {
  return terms.reduce((total, term) => total + (weights.get(term) ?? 0), 0);
}

function range(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, at) => first + at);
}
