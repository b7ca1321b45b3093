/**
 * A text as the eye reads it: invisible characters gone, full-width and foreign digits as plain ones, every space a
 * space, every dash a dash, escapes of Markdown and JSON undone. Formats are looked for there, and cut out of the
 * original.
 */

export interface Folded {
  text: string;
  /** The piece of the original that the characters from `from` up to `to` of the folded text stand for. */
  origin(from: number, to: number): [number, number];
}

const disguise =
  /\p{DI}|(?![0-9])\p{Nd}|(?! )\p{Zs}|(?!-)\p{Pd}|[\u2212\uFF01-\uFF5E\u{1D400}-\u{1D7FF}]|\\(?=[!-/:-@[-`{-~])/gu;

const plainText = /^[\t\n\r -[\]-~]*$/;

export function fold(text: string): Folded {
  if (plainText.test(text)) return { text, origin: (from, to) => [from, to] };
  let folded = "";
  let from = 0;
  /** Where the pieces between disguised characters begin, in the folded text and in the original. */
  const starts: number[] = [0];
  const origins: number[] = [0];
  for (const { 0: character, index } of text.matchAll(disguise)) {
    folded += text.slice(from, index);
    const plain = plainOf(character);
    if (plain !== "") {
      starts.push(folded.length);
      origins.push(index);
      folded += plain;
    }
    from = index + character.length;
    starts.push(folded.length);
    origins.push(from);
  }
  folded += text.slice(from);
  const originOf = (at: number): number => {
    let low = 0;
    let high = starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((starts[middle] as number) <= at) low = middle;
      else high = middle - 1;
    }
    return (origins[low] as number) + at - (starts[low] as number);
  };
  return {
    text: folded,
    origin: (first, last) => {
      const end = originOf(last - 1);
      return [originOf(first), end + String.fromCodePoint(text.codePointAt(end) ?? 0).length];
    },
  };
}

/** One plain character for one disguised, or none for one that is not seen. */
function plainOf(character: string): string {
  if (character === "\\" || /\p{DI}/u.test(character)) return "";
  if (/\p{Zs}/u.test(character)) return " ";
  if (/[\p{Pd}\u2212]/u.test(character)) return "-";
  const plain = character.normalize("NFKC");
  if (/^[!-~]$/.test(plain)) return plain;
  // The digits of every script stand in rows from nought to nine.
  const code = character.codePointAt(0) ?? 0;
  let value = 0;
  while (value < 9 && /\p{Nd}/u.test(String.fromCodePoint(code - value - 1))) value += 1;
  return String(value);
}
