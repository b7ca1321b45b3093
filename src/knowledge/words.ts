/**
 * Text into words, the same for articles and questions: folded (case, accents, width) and split at everything that is
 * neither letter nor digit. What a hyphen, dot, slash, colon or underscore joins (`sign-up`, `ORD-12345`, `og:image`) is
 * found by its parts and as a whole. Scripts that write no spaces are cut into overlapping pieces.
 */
import { stemmer } from "stemmer";

export interface Words {
  /** In the order of the text. */
  parts: string[];
  compounds: Compound[];
}

export interface Compound {
  /** The whole without its joints: `signup`, `ord12345`; numbers keep a dot: `3.5`. */
  word: string;
  /** Its parts are `parts.slice(from, to)`. */
  from: number;
  to: number;
}

const gramLength = 4;
const wordCharactersMax = 64;
const compoundPartsMax = 6;

const plainToken = /[a-z0-9]+(?:['._:/-][a-z0-9]+)*/g;
const anyToken = /[\p{L}\p{N}\p{M}]+(?:['._:/-][\p{L}\p{N}\p{M}]+)*/gu;
const joint = /['._:/-]/;
/** English endings belong to their word: `don't` is `dont`, `Anna's` is `anna`. */
const ending = /'(s|t|re|ve|ll|d|m)$/;
/**
 * Scripts that write no spaces, and Korean, whose particles grow onto the words: cut into overlapping pieces of two
 * characters, of three where the script is an alphabet.
 */
const cutRun =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}ー\p{Script=Hangul}]+|[\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]+/gu;
const alphabetsEnd = 0x1800;
/** Below this no script is cut; most texts never come above it. */
const beyondAlphabets = /[^\0-\u0dff]/;

export function wordsOf(text: string): Words {
  const words: Words = { parts: [], compounds: [] };
  const folded = fold(text);
  for (const token of folded.match(isAscii(folded) ? plainToken : anyToken) ?? []) {
    if (joint.test(token)) addJoined(token, words);
    else addWord(token, words.parts);
  }
  return words;
}

/** Runs of scripts that are cut become pieces; what stands between them are words. */
function addWord(word: string, parts: string[]): void {
  if (!beyondAlphabets.test(word)) {
    parts.push(word.length > wordCharactersMax ? word.slice(0, wordCharactersMax) : word);
    return;
  }
  let rest = 0;
  const addSpaced = (to: number): void => {
    if (to > rest) parts.push(word.slice(rest, Math.min(to, rest + wordCharactersMax)));
  };
  for (const run of word.matchAll(cutRun)) {
    addSpaced(run.index);
    rest = run.index + run[0].length;
    const characters = [...run[0]];
    const length = run[0].charCodeAt(0) < alphabetsEnd ? 3 : 2;
    for (const piece of overlapping(characters, length)) parts.push(piece.join(""));
  }
  addSpaced(word.length);
}

/** Every `length` neighbours; all of it when there are fewer. */
function overlapping<T>(items: readonly T[], length: number): T[][] {
  const pieces: T[][] = [];
  for (let at = 0; at === 0 || at + length <= items.length; at += 1)
    pieces.push(items.slice(at, at + length));
  return pieces;
}

function addJoined(token: string, { parts, compounds }: Words): void {
  const word = token.replace(ending, (_, letters: string) => (letters === "s" ? "" : letters));
  const pieces = word.split(joint);
  const from = parts.length;
  for (const piece of pieces) addWord(piece, parts);
  if (pieces.length === 1 || pieces.length > compoundPartsMax || word.includes("'")) return;
  const whole = pieces.join(pieces.every((piece) => /^\d+$/.test(piece)) ? "." : "");
  if (whole.length <= wordCharactersMax) compounds.push({ word: whole, from, to: parts.length });
}

const accents = /[\u0300-\u036f\u0591-\u05c7\u064b-\u065f\u0670\u0640]/g;
const ligatures: Record<string, string> = {
  ß: "ss",
  æ: "ae",
  œ: "oe",
  ø: "o",
  ł: "l",
  đ: "d",
  ð: "d",
  þ: "th",
  ı: "i",
};

/** Lower case, compatibility forms, no accents, no commas in thousands. Signs for vowels in Indic scripts stay. */
export function fold(text: string): string {
  const lower = text.toLowerCase().replace(/(\d),(?=\d{3}(?!\d))/g, "$1");
  if (isAscii(lower)) return lower;
  return lower
    .replace(/[’ʼ]/g, "'")
    .normalize("NFKD")
    .replace(accents, "")
    .normalize("NFC")
    .replace(/[ßæœøłđðþı]/g, (letter) => ligatures[letter] ?? letter);
}

function isAscii(text: string): boolean {
  return !/[^\0-\x7f]/.test(text);
}

/** The form in which an English word's inflections meet; other words are left as they are. */
export function stemOf(word: string): string {
  return /^[a-z]{3,}$/.test(word) ? stemmer(word) : word;
}

/**
 * Overlapping sequences of characters, by which related words meet where stems do not: compounds, other languages'
 * inflections, misspellings. A number, an id or a piece is only like itself: E1007 is not like E1008.
 */
export function gramsOf(word: string): string[] {
  if (/\p{N}/u.test(word)) return [word];
  if (beyondAlphabets.test(word) && word.search(cutRun) >= 0) return [word];
  const padded = `_${word}_`;
  const grams: string[] = [];
  for (let at = 0; at === 0 || at + gramLength <= padded.length; at += 1) {
    grams.push(padded.slice(at, at + gramLength));
  }
  return grams;
}
