/** The known word that somebody probably meant. */

/** The closest of the known words, undefined when none is close: at most a third of its letters differ. */
export function nearest(word: string, known: Iterable<string>): string | undefined {
  const wanted = plain(word);
  let best: string | undefined;
  let least = Number.POSITIVE_INFINITY;
  for (const candidate of known) {
    const other = plain(candidate);
    const distance = differences(wanted, other);
    if (distance < least && distance <= Math.max(1, Math.max(wanted.length, other.length) / 3)) {
      best = candidate;
      least = distance;
    }
  }
  return best;
}

/** A remedy for an unknown name: the nearest known one, or all of them. */
export function suggestion(word: string, known: readonly string[]): string {
  const close = nearest(word, known);
  if (close) return `Did you mean ${close}?`;
  return known.length > 0
    ? `Known here: ${known.join(", ")}.`
    : "Nothing is known by any name here; remove it.";
}

function plain(word: string): string {
  return word.toLowerCase().replace(/[-_ ]/g, "").slice(0, 100);
}

/** Levenshtein's distance, in which two letters that have changed places are one difference. */
function differences(a: string, b: string): number {
  let before: number[] = [];
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      const swapped = a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      const swap = swapped ? before[j - 2]! + 1 : Number.POSITIVE_INFINITY;
      next.push(Math.min(change, row[j]! + 1, next[j - 1]! + 1, swap));
    }
    before = row;
    row = next;
  }
  return row[b.length]!;
}
