/** One document model for everything that is written: CommonMark with GFM, as mdast. Adapters render it their way. */
import type { BlockContent, Code, List, Paragraph, PhrasingContent, Root, RootContent, Table } from "mdast";
import { fromMarkdown } from "mdast-util-from-markdown";
import { gfmFromMarkdown } from "mdast-util-gfm";
import { gfm } from "micromark-extension-gfm";

/** Bounded: a parser takes minutes for what nobody writes, thousands of quotes or brackets in each other. */
export function parseMarkdown(text: string): Root {
  if (isPlain(text)) return plainRoot(text);
  return fromMarkdown(shallow(text), { extensions: [gfm()], mdastExtensions: [gfmFromMarkdown()] });
}

const plainLine =
  /^\p{L}(?:(?:[\p{L}\p{N}.,;:?!'’"“”()/#%$€£+=…–— -]|(?<=[\p{L}\p{N}])_(?=[\p{L}\p{N}]))*[\p{L}\p{N}.,;:?!'’"”()/#%$€£+=…–—-])?$/u;
const address = /www\.|:\/\//i;

/**
 * Sentences, as most of what is said: nothing in them means anything to the parser, which takes half a millisecond to
 * find that out.
 */
function isPlain(text: string): boolean {
  return (
    !address.test(text) && text.split("\n").every((line, n) => (line === "" ? n > 0 : plainLine.test(line)))
  );
}

/** What the parser makes of sentences, without their places. */
function plainRoot(text: string): Root {
  const paragraphs = text.split(/\n{2,}/).map((one) => one.replace(/\n$/, ""));
  const children = paragraphs
    .filter((value) => value !== "")
    .map((value): Paragraph => ({ type: "paragraph", children: [{ type: "text", value }] }));
  return { type: "root", children };
}

/** Beyond any use: what is nested deeper is flattened, brackets in such numbers are plain text. */
const deepMarks =
  /^((?:[ \t]*(?:>|(?:[-+*]|\d{1,9}[.)])(?=[ \t]))){20})(?:[ \t]*(?:>|(?:[-+*]|\d{1,9}[.)])(?=[ \t])))+/gm;
const bracketsMax = 2000;

function shallow(text: string): string {
  const flat = text.replace(deepMarks, "$1");
  let brackets = 0;
  for (const character of flat) if (character === "[" || character === "]") brackets += 1;
  return brackets > bracketsMax ? flat.replace(/[[\]]/g, "\\$&") : flat;
}

/**
 * The same with every node's place in the text: addresses that only look like links stay text, as they were written.
 * Undefined for a text beyond those bounds.
 */
export function parseWithPlaces(text: string): Root | undefined {
  if (shallow(text) !== text) return undefined;
  const extensions = gfmFromMarkdown().map(({ transforms: _, ...extension }) => extension);
  return fromMarkdown(text, { extensions: [gfm()], mdastExtensions: extensions });
}

/**
 * The document in pieces, each of which `render`s to at most `max` characters: between blocks where that is enough,
 * otherwise between list items, lines of code, table rows, sentences, words, and only then anywhere.
 */
export function splitMarkdown(root: Root, render: (piece: Root) => string, max: number): string[] {
  const pieces: string[] = [];
  let open: RootContent[] = [];
  let rendered = "";
  const add = (block: RootContent): void => {
    const longer = render({ type: "root", children: [...open, block] });
    if (longer.length <= max) {
      open.push(block);
      rendered = longer;
      return;
    }
    if (open.length > 0) {
      pieces.push(rendered);
      open = [];
      rendered = "";
      add(block);
      return;
    }
    const halves = halve(block);
    if (halves) halves.forEach(add);
    else pieces.push(...slice(render({ type: "root", children: [block] }), max));
  };
  root.children.forEach(add);
  if (open.length > 0) pieces.push(rendered);
  return pieces;
}

/** A block as smaller ones, or undefined when it cannot be divided. What is in code, or emphasized, stays so. */
function halve(block: RootContent): RootContent[] | undefined {
  switch (block.type) {
    case "list":
      return block.children.length > 1 ? halveList(block) : halveItem(block);
    case "code":
      return halveCode(block);
    case "table":
      return block.children.length > 2 ? halveTable(block) : undefined;
    case "blockquote":
    case "footnoteDefinition": {
      if (block.children.length > 1) {
        const middle = block.children.length >> 1;
        return [
          { ...block, children: block.children.slice(0, middle) },
          { ...block, children: block.children.slice(middle) },
        ];
      }
      const inner = block.children[0] && halve(block.children[0]);
      return inner?.map((one) => ({ ...block, children: [one as BlockContent] }));
    }
    case "paragraph":
      return halveParagraph(block);
    case "heading": {
      const halves = halveParagraph({ type: "paragraph", children: block.children });
      return halves && [{ ...block, children: halves[0].children }, halves[1]];
    }
    default:
      return undefined;
  }
}

/** The only item of a list: its beginning, and the rest behind the list. */
function halveItem(list: List): RootContent[] | undefined {
  const [item] = list.children;
  const [first, ...rest] = item?.children ?? [];
  if (!item || !first) return undefined;
  const [beginning, ...more] = rest.length > 0 ? [first, ...rest] : (halve(first) ?? []);
  if (!beginning) return undefined;
  return [{ ...list, children: [{ ...item, children: [beginning as BlockContent] }] }, ...more];
}

function halveList(list: List): [List, List] {
  const middle = list.children.length >> 1;
  const second: List = { ...list, children: list.children.slice(middle) };
  if (list.ordered) second.start = (list.start ?? 1) + middle;
  return [{ ...list, children: list.children.slice(0, middle) }, second];
}

function halveCode(code: Code): [Code, Code] | undefined {
  const { value } = code;
  const cut = value.lastIndexOf("\n", value.length >> 1);
  const at = cut > 0 ? cut : value.indexOf("\n", value.length >> 1);
  const halves = at > 0 ? [value.slice(0, at), value.slice(at + 1)] : halveWord(value);
  return (
    halves && [
      { ...code, value: halves[0] as string },
      { ...code, value: halves[1] as string },
    ]
  );
}

function halveTable(table: Table): [Table, Table] {
  const [head, ...rows] = table.children;
  const middle = rows.length >> 1;
  const heading = head ? [head] : [];
  return [
    { ...table, children: [...heading, ...rows.slice(0, middle)] },
    { ...table, children: [...heading, ...rows.slice(middle)] },
  ];
}

function halveParagraph(paragraph: Paragraph): [Paragraph, Paragraph] | undefined {
  const { children } = paragraph;
  if (children.length > 1) {
    const middle = children.length >> 1;
    return [
      { ...paragraph, children: children.slice(0, middle) },
      { ...paragraph, children: children.slice(middle) },
    ];
  }
  const halves = children[0] && halveSpan(children[0]);
  if (!halves) return undefined;
  return [
    { ...paragraph, children: [halves[0]] },
    { ...paragraph, children: [halves[1]] },
  ];
}

function halveSpan(span: PhrasingContent): [PhrasingContent, PhrasingContent] | undefined {
  switch (span.type) {
    case "text": {
      const at = cutOf(span.value, span.value.length >> 1);
      if (at === undefined) return undefined;
      const part = (value: string): PhrasingContent => ({ ...span, value: value.trim() });
      return [part(span.value.slice(0, at)), part(span.value.slice(at))];
    }
    case "inlineCode": {
      const at = cutOf(span.value, span.value.length >> 1);
      const halves =
        at === undefined ? halveWord(span.value) : [span.value.slice(0, at), span.value.slice(at)];
      return (
        halves && [
          { ...span, value: halves[0] as string },
          { ...span, value: halves[1] as string },
        ]
      );
    }
    case "strong":
    case "emphasis":
    case "delete": {
      const { children } = span;
      const middle = children.length >> 1;
      const inner = children.length === 1 && children[0] ? halveSpan(children[0]) : undefined;
      if (children.length > 1) {
        return [
          { ...span, children: children.slice(0, middle) },
          { ...span, children: children.slice(middle) },
        ];
      }
      return (
        inner && [
          { ...span, children: [inner[0]] },
          { ...span, children: [inner[1]] },
        ]
      );
    }
    default:
      return undefined;
  }
}

/** A text without joints in two, not inside of a surrogate pair. */
function halveWord(text: string): [string, string] | undefined {
  const middle = text.length >> 1;
  const at = /[\uD800-\uDBFF]/.test(text[middle - 1] ?? "") ? middle - 1 : middle;
  return at > 0 ? [text.slice(0, at), text.slice(at)] : undefined;
}

/** Where to cut near the middle: after a sentence, else at a space. */
function cutOf(text: string, middle: number): number | undefined {
  for (const mark of ["\n", ". ", "! ", "? ", " "]) {
    const before = text.lastIndexOf(mark, middle);
    if (before > 0) return before + mark.length - 1 || undefined;
  }
  const after = text.indexOf(" ", middle);
  return after > 0 ? after : undefined;
}

/** Cuts a text that has no joints, never inside a surrogate pair. */
function slice(text: string, max: number): string[] {
  const parts: string[] = [];
  for (let from = 0; from < text.length; ) {
    let to = Math.min(from + max, text.length);
    if (to < text.length && /[\uD800-\uDBFF]/.test(text[to - 1] ?? "")) to -= 1;
    parts.push(text.slice(from, to));
    from = to;
  }
  return parts;
}
