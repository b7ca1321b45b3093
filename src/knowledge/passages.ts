/**
 * Sections into passages of a size that a model can be shown several of: small sections joined with their neighbours,
 * long ones divided evenly between blocks, then list items, then sentences. Code and tables stay whole.
 */
import type { Block, Heading, Section } from "./sections.ts";

export interface PassageText {
  /** The slug of its first section's heading and a number, unique in the article: `express-1`; `1` before any heading. */
  slug: string;
  /** The headings above all of the text, outermost first. */
  headings: string[];
  text: string;
}

/** Least and most tokens of a passage. An article that has fewer is one passage; code and tables may have more. */
export type PassageTokens = readonly [min: number, max: number];

/** Code and tables longer than this many full passages are divided all the same, between lines. */
const solidPassagesMax = 8;

const slugCharactersMax = 60;

export function passagesOf(sections: readonly Section[], [min, max]: PassageTokens): PassageText[] {
  const pieces = sections.filter(saysSomething).flatMap((section) => divide(section, max));
  const slugs = new Map<string, number>();
  return joinSmall(pieces, min, max).map((group) => {
    const name = slugOf(group[0]!.headings.at(-1)?.text ?? "");
    const number = (slugs.get(name) ?? 0) + 1;
    slugs.set(name, number);
    return { slug: name === "" ? String(number) : `${name}-${number}`, ...render(group) };
  });
}

/**
 * Tokens by rule of thumb, good to about a quarter: four characters of plain Latin text are one token, two of other
 * alphabets, one of scripts like Chinese.
 */
export function tokensOf(text: string): number {
  if (!/[^\0-\x7f]/.test(text)) return Math.ceil(text.length / 4);
  let quarters = 0;
  for (let at = 0; at < text.length; at += 1) quarters += quartersOf(text.charCodeAt(at));
  return Math.ceil(quarters / 4);
}

function quartersOf(code: number): number {
  if (code < 0x80) return 1;
  return code < 0x2e80 ? 2 : 4;
}

/** Headings with nothing but smaller headings below them are told by those. */
function saysSomething({ headings, blocks }: Section, at: number, sections: readonly Section[]): boolean {
  const own = headings.at(-1);
  return blocks.length > 0 || (own !== undefined && !sections[at + 1]?.headings.includes(own));
}

/** A section, or a part of one that is too long. */
interface Piece {
  headings: Heading[];
  text: string;
  tokens: number;
}

function divide({ headings, blocks }: Section, max: number): Piece[] {
  const whole = blocks.map(textOf).join("\n\n");
  const tokens = tokensOf(whole);
  if (tokens <= max)
    return [{ headings, text: whole, tokens: tokens + tokensOf(headings.at(-1)?.text ?? "") }];
  const target = tokens / Math.ceil(tokens / max);
  const pieces: Piece[] = [];
  for (const unit of blocks.flatMap((block) => unitsOf(block, max))) {
    const last = pieces.at(-1);
    if (!last || last.tokens >= target || last.tokens + unit.tokens > max) {
      pieces.push({ headings, text: unit.text, tokens: unit.tokens });
    } else {
      last.text += unit.glue + unit.text;
      last.tokens += unit.tokens;
    }
  }
  return pieces;
}

function textOf(block: Block): string {
  return block.kind === "list" ? block.items.join("\n") : block.text;
}

/** A part of a section that is not divided, and what stands between it and the part before. */
interface Unit {
  text: string;
  tokens: number;
  glue: "\n\n" | "\n" | " ";
}

function unitsOf(block: Block, max: number): Unit[] {
  const text = textOf(block);
  if (tokensOf(text) <= max) return units([text], "\n\n");
  switch (block.kind) {
    case "solid": {
      const solidMax = solidPassagesMax * max;
      return units(tokensOf(text) <= solidMax ? [text] : solidParts(text, solidMax), "\n\n", "\n");
    }
    case "list":
      return block.items.flatMap((item, at) => {
        const parts = tokensOf(item) <= max ? [item] : sentences(item, max);
        return units(parts, at === 0 ? "\n\n" : "\n", " ");
      });
    case "text":
      return units(sentences(text, max), "\n\n", " ");
  }
}

function units(texts: string[], first: Unit["glue"], others = first): Unit[] {
  return texts.map((text, at) => ({ text, tokens: tokensOf(text), glue: at === 0 ? first : others }));
}

function sentences(text: string, max: number): string[] {
  return text
    .split(/(?<=[.!?…])\s+|(?<=[。！？])/)
    .flatMap((sentence) => (tokensOf(sentence) <= max ? [sentence] : slices(sentence, max)));
}

/** Between lines; each part of a table begins with the names of its columns. */
function solidParts(text: string, max: number): string[] {
  const head = /^[^\n]*\|[^\n]*\n[ \t|:-]*-[ \t|:-]*\n/.exec(text)?.[0] ?? "";
  const tokens = tokensOf(head);
  if (head === "" || tokens > max / 2) return slices(text, max);
  return slices(text.slice(head.length), max - tokens).map((part) => head + part);
}

/** Cuts what has no joints, after a line or a space where there is one in the second half. */
function slices(text: string, max: number): string[] {
  const parts: string[] = [];
  for (let from = 0; from < text.length; ) {
    let to = from;
    for (let quarters = 0; to < text.length && quarters < max * 4 - 3; to += 1) {
      quarters += quartersOf(text.charCodeAt(to));
    }
    if (to < text.length) {
      const part = text.slice(from, to);
      const cut = [part.lastIndexOf("\n"), part.lastIndexOf(" ")].find((at) => at > part.length / 2);
      if (cut !== undefined) to = from + cut + 1;
      else if (/[\uD800-\uDBFF]/.test(text[to - 1]!)) to += 1;
    }
    parts.push(text.slice(from, to).trimEnd());
    from = to;
  }
  return parts.filter((part) => part !== "");
}

/** Neighbours come together while one of them is too small and both fit. */
function joinSmall(pieces: readonly Piece[], min: number, max: number): Piece[][] {
  const groups: { pieces: Piece[]; tokens: number }[] = [];
  for (const piece of pieces) {
    const last = groups.at(-1);
    if (last && (last.tokens < min || piece.tokens < min) && last.tokens + piece.tokens <= max) {
      last.pieces.push(piece);
      last.tokens += piece.tokens;
    } else groups.push({ pieces: [piece], tokens: piece.tokens });
  }
  return groups.map((group) => group.pieces);
}

/** Headings that stand above everything go before the text, the others where they were. */
function render(group: readonly Piece[]): { headings: string[]; text: string } {
  const common = group.reduce<Heading[]>((shared, { headings }) => {
    const differs = shared.findIndex((heading, at) => heading !== headings[at]);
    return differs < 0 ? shared : shared.slice(0, differs);
  }, group[0]!.headings);
  const parts: string[] = [];
  let above = common;
  for (const { headings, text } of group) {
    for (const [at, heading] of headings.entries()) {
      if (heading !== above[at]) parts.push(`${"#".repeat(heading.level)} ${heading.text}`);
    }
    if (text !== "") parts.push(text);
    above = headings;
  }
  return { headings: common.map(({ text }) => text), text: parts.join("\n\n") || common.at(-1)!.text };
}

function slugOf(heading: string): string {
  const words = heading
    .toLowerCase()
    .normalize("NFC")
    .replace(/[^\p{L}\p{N}\p{M}]+/gu, "-");
  return [...words].slice(0, slugCharactersMax).join("").replace(/^-|-$/g, "");
}
