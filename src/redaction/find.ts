/** A place in a text that must not be kept: the characters from `from` up to, not including, `to`. */
export interface Find {
  /** As it is shown in the mark: `card number`, `GitHub token`. */
  kind: string;
  from: number;
  to: number;
}

/** Pure, and linear in the length of the text, whatever the text is. */
export type Finder = (text: string) => Find[];

/** The finds of one pattern: group 1 where it takes part, otherwise the whole match. The pattern has the flags `g` and `d`. */
export function findAll(text: string, pattern: RegExp, kind: string): Find[] {
  return Array.from(text.matchAll(pattern), (match) => {
    const [from, to] = match.indices?.[1] ?? [match.index, match.index + match[0].length];
    return { kind, from, to };
  });
}
