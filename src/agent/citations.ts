/** The numbers in a draft that stand for passages: `[1]`, `[2][3]`. */
import type { Passage } from "../knowledge-base.ts";
import type { Source } from "../platform.ts";

const marker = /[ \t]?\[(\d{1,2})\](?![(:])/g;
/** Other ways in which models write them: `[1, 2]`, `【1】`, `【1†source】`, `[^1]`. */
const others =
  /\[\^?(\d{1,2}(?:\s?[,;]\s?\d{1,2})*)\](?![(:])|【(\d{1,2}(?:\s?[,;]\s?\d{1,2})*)(?:†[^】\n]{0,60})?】(?![(:])/g;

/** Each number in brackets of its own, where all of them stand for passages. */
function inOurForm(text: string, shown: number): string {
  return text.replace(others, (match, square?: string, round?: string) => {
    const numbers = (square ?? round ?? "").split(/[,;]/).map(Number);
    return numbers.every((number) => number >= 1 && number <= shown)
      ? numbers.map((number) => `[${number}]`).join("")
      : match;
  });
}

/** The passages a draft cites, by their numbers (from 1), in the order of first use; only ones that were shown. */
export function citedIn(text: string, shown: number): number[] {
  const cited = new Set<number>();
  for (const part of outsideCode(text)) {
    if (part.code) continue;
    for (const match of inOurForm(part.text, shown).matchAll(marker)) {
      const number = Number(match[1]);
      if (number >= 1 && number <= shown) cited.add(number);
    }
  }
  return [...cited];
}

/** The draft with its citations numbered from 1 in the order of the sources; a number that stands for nothing is dropped. */
export function withSources(text: string, passages: readonly Passage[]): { text: string; sources: Source[] } {
  const cited = citedIn(text, passages.length);
  const places = new Map<string, number>();
  const sources: Source[] = [];
  const placeOf = (number: number): number | undefined => {
    const passage = passages[number - 1];
    if (!passage || !cited.includes(number)) return undefined;
    const known = places.get(passage.article);
    if (known) return known;
    sources.push({ title: passage.title, ...(passage.url ? { url: passage.url } : {}) });
    places.set(passage.article, sources.length);
    return sources.length;
  };
  const rebuilt = outsideCode(text)
    .map((part) => (part.code ? part.text : renumber(inOurForm(part.text, passages.length), placeOf)))
    .join("");
  return { text: rebuilt.trim(), sources };
}

function renumber(text: string, placeOf: (number: number) => number | undefined): string {
  let last = "";
  return text.replace(marker, (match, number: string, at: number) => {
    const place = placeOf(Number(number));
    const mark = place ? `${match.startsWith("[") ? "" : match[0]}[${place}]` : "";
    // Two passages of one article side by side are one source.
    if (mark.trim() === last && text.slice(Math.max(0, at - last.length), at).endsWith("]")) return "";
    last = mark.trim();
    return mark;
  });
}

/** A text in parts, code spans and fences apart. */
function outsideCode(text: string): { code: boolean; text: string }[] {
  return text
    .split(/(```[\s\S]*?(?:```|$)|`[^`\n]*`)/)
    .map((part, position) => ({ code: position % 2 === 1, text: part }));
}
