/**
 * Takes out of a text what must not be kept: payment cards, bank accounts, keys, tokens, passwords. Every message goes
 * through here at receipt, before anything is stored, logged or shown to a model. Pure, linear in the length of the
 * text, and the same for a text that has been through it already.
 */
import { findCards } from "./cards.ts";
import { findCredentials } from "./credentials.ts";
import type { Find, Finder } from "./find.ts";
import { fold } from "./fold.ts";
import { findIbans } from "./ibans.ts";
import { findPasswords } from "./passwords.ts";
import { findPrivateKeys } from "./private-keys.ts";
import { findSpokenSecrets } from "./spoken-secrets.ts";
import { findTokens } from "./tokens.ts";

export interface Redacted {
  /** The very same text when nothing was found. */
  text: string;
  /** What was taken out, each kind once. Never the secrets themselves. */
  found: { kind: string; count: number }[];
}

/** Where two find the same place, the earlier one names it. */
const finders: readonly Finder[] = [
  findPrivateKeys,
  findTokens,
  findCards,
  findIbans,
  findCredentials,
  findPasswords,
  findSpokenSecrets,
];

/** Nothing that somebody types between such brackets is out of reach: at most two digits, as in names of makers. */
const mark = /\[removed: (?=[^\d\]]{0,30}\d{0,2}[^\d\]]{0,30}\])[\p{L}\d .]{1,40}\]/gu;
/** Stands in for a mark while finders look: no letter, no space, no part of any format. */
const blank = "\uFFFC";

/** What is taken out can bring two halves of something else together; it ends when nothing more is found. */
const passesMax = 5;

export function redact(text: string): Redacted {
  const counts = new Map<string, number>();
  let clean = text;
  for (let pass = 0; pass < passesMax; pass++) {
    const next = redactOnce(clean, counts);
    if (next === clean) break;
    clean = next;
  }
  return { text: clean, found: Array.from(counts, ([kind, count]) => ({ kind, count })) };
}

function redactOnce(text: string, counts: Map<string, number>): string {
  const folded = fold(text);
  const bare = folded.text.includes("[removed: ")
    ? folded.text.replace(mark, (whole) => blank.repeat(whole.length))
    : folded.text;
  const finds = finders.flatMap((finder) => finder(bare));
  if (finds.length === 0) return text;
  let rest = 0;
  let clean = "";
  for (const { kind, from, to } of merged(finds).flatMap((find) => besideBlanks(bare, find))) {
    const [first, last] = folded.origin(from, to);
    clean += `${text.slice(rest, first)}[removed: ${kind}]`;
    rest = last;
    counts.set(kind, (counts.get(kind) ?? 0) + 1);
  }
  return clean + text.slice(rest);
}

/** What of a find has not been taken out before. */
function besideBlanks(text: string, { kind, from, to }: Find): Find[] {
  const found = text.slice(from, to);
  if (!found.includes(blank)) return [{ kind, from, to }];
  return Array.from(
    found.matchAll(/[^\uFFFC]+/g),
    (match): Find => ({ kind, from: from + match.index, to: from + match.index + match[0].length }),
  ).filter((piece) => /[\p{L}\d]/u.test(text.slice(piece.from, piece.to)));
}

/** In the order of the text, without overlaps. */
function merged(finds: readonly Find[]): Find[] {
  const ranked = finds
    .filter(({ from, to }) => to > from)
    .map((find, rank) => ({ ...find, rank }))
    .sort((a, b) => a.from - b.from || a.rank - b.rank);
  const apart: (Find & { rank: number })[] = [];
  for (const find of ranked) {
    const last = apart.at(-1);
    if (!last || find.from >= last.to) apart.push({ ...find });
    else {
      if (find.rank < last.rank) Object.assign(last, { kind: find.kind, rank: find.rank });
      last.to = Math.max(last.to, find.to);
    }
  }
  return apart;
}
