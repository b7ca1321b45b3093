/**
 * Markdown, read line by line, into sections and their blocks. Not a full document model: that takes ten times as long,
 * and for passages only headings, code, tables and lists matter. The source text is kept, so that what is quoted is what
 * the company wrote; comments (`<!-- … -->`) are not part of it.
 */

export interface Heading {
  level: number;
  text: string;
}

export interface Section {
  /** The headings above its blocks, outermost first; the last is its own. Empty before the first heading. */
  headings: Heading[];
  blocks: Block[];
}

/** `solid` is code or a table, which means little in parts. */
export type Block =
  | { kind: "text"; text: string }
  | { kind: "list"; items: string[] }
  | { kind: "solid"; text: string };

const headingMark = /^ {0,3}(#{1,6})(?=[ \t]|$)/;
const underline = /^ {0,3}(=+|-{2,})[ \t]*$/;
const fenceMark = /^([ \t]*)(`{3,}(?=[^`]*$)|~{3,})/;
const itemMark = /^([ \t]*)(?:[-*+]|\d{1,9}[.)])(?:[ \t]|$)/;
const headingCharactersMax = 300;
const indented = /^(?: {4}|\t)/;

export function sectionsOf(markdown: string): Section[] {
  const lines = markdown.split("\n");
  const builder = createBuilder();
  const lastCommentEnd = lines.findLastIndex((line) => line.includes("-->"));
  let comment = false;
  for (const [at, source] of lines.entries()) {
    if (!comment && builder.inFence(source)) continue;
    const [line, open] = uncomment(source, comment, at < lastCommentEnd);
    if (line.trim() === "" && line !== source) {
      comment = open;
      continue;
    }
    comment = open;
    const mark = headingMark.exec(line);
    if (mark) builder.heading(mark[1]!.length, line.slice(mark[0].length));
    else if (line.trim() === "") builder.blank();
    else if (underline.test(line) && builder.underlined(line)) continue;
    else if (fenceMark.test(line)) builder.openFence(line);
    else if (line.includes("|") && isTableRule(lines[at + 1])) builder.table(line);
    else builder.line(line);
  }
  return builder.finish();
}

/**
 * A line without what stands in comments, and whether one is open at its end.
 * @param closes a later line ends a comment; what is never closed is none
 */
function uncomment(line: string, inside: boolean, closes: boolean): [string, boolean] {
  let text = "";
  for (let at = 0; ; ) {
    if (inside) {
      const end = line.indexOf("-->", at);
      if (end < 0) return [text, true];
      at = end + 3;
    }
    const start = line.indexOf("<!--", at);
    if (start < 0 || !(closes || line.includes("-->", start))) return [text + line.slice(at), false];
    text += line.slice(at, start);
    at = start + 4;
    inside = true;
  }
}

function isTableRule(line: string | undefined): boolean {
  return line !== undefined && /^[ \t|:-]+$/.test(line) && line.includes("-") && line.includes("|");
}

/** What is being read: a block, perhaps with an open fence in it. */
interface Open {
  kind: "text" | "list" | "code" | "table" | "indented";
  lines: string[];
  /** For lists: the finished items. */
  items: string[];
  /** For lists: how far its items are indented. */
  indent: number;
  /** What closes the open fence. */
  fence: string | undefined;
  /** A blank line came last. */
  gap: boolean;
}

function createBuilder() {
  const sections: Section[] = [{ headings: [], blocks: [] }];
  let open: Open | undefined;

  const start = (kind: Open["kind"], line: string, indent = 0): Open => {
    close();
    open = { kind, lines: [line], items: [], indent, fence: undefined, gap: false };
    return open;
  };
  const close = (): void => {
    if (!open) return;
    const text = open.lines.join("\n").trimEnd();
    const blocks = sections.at(-1)!.blocks;
    if (open.kind === "list") blocks.push({ kind: "list", items: [...open.items, text] });
    else blocks.push({ kind: open.kind === "text" ? "text" : "solid", text });
    open = undefined;
  };
  const continues = (line: string): void => {
    if (open?.gap) open.lines.push("");
    open?.lines.push(line);
    if (open) open.gap = false;
  };
  const heading = (level: number, text: string): void => {
    close();
    const above = sections.at(-1)!.headings.filter((other) => other.level < level);
    sections.push({ headings: [...above, { level, text: plain(text) }], blocks: [] });
  };

  return {
    heading,
    /** Takes the line when a fence is open. */
    inFence(line: string): boolean {
      if (open?.fence === undefined) return false;
      open.lines.push(line);
      const mark = fenceMark.exec(line)?.[2];
      if (mark?.startsWith(open.fence) && line.trim() === mark) {
        open.fence = undefined;
        if (open.kind === "code") close();
      }
      return true;
    },
    openFence(line: string): void {
      const [, indent, mark] = fenceMark.exec(line)!;
      if (open?.kind === "list" && indent!.length > open.indent) continues(line);
      else start("code", line);
      open!.fence = mark!;
    },
    table: (line: string): void => void start("table", line),
    /** A paragraph that the line makes a heading of; false when there is none. */
    underlined(line: string): boolean {
      if (open?.kind !== "text" || open.gap) return false;
      const text = open.lines.join(" ");
      open = undefined;
      heading(line.trim().startsWith("=") ? 1 : 2, text);
      return true;
    },
    blank(): void {
      if (open?.kind === "list" || open?.kind === "indented") open.gap = true;
      else close();
    },
    line(line: string): void {
      const mark = open?.kind === "table" ? null : itemMark.exec(line);
      if (mark && open?.kind === "list" && mark[1]!.length <= open.indent + 1) {
        open.items.push(open.lines.join("\n").trimEnd());
        open.lines = [line];
        open.gap = false;
      } else if (mark && mark[1]!.length <= 3 && open?.kind !== "list") start("list", line, mark[1]!.length);
      else if (open?.kind === "list" && open.gap && !/^[ \t]{2}/.test(line)) start("text", line);
      else if (indented.test(line) && open?.kind !== "list" && open?.kind !== "text") {
        if (open?.kind === "indented") continues(line);
        else start("indented", line);
      } else if (!open || open.kind === "indented") start("text", line);
      else continues(line);
    },
    finish(): Section[] {
      close();
      return sections.filter(({ headings, blocks }) => headings.length > 0 || blocks.length > 0);
    },
  };
}

/** A heading's words without their markup. */
function plain(heading: string): string {
  return heading
    .trim()
    .slice(0, headingCharactersMax)
    .replace(/[ \t]#+$/, "")
    .replace(/\{#[\w-]{1,100}\}$/, "")
    .replace(/!?\[([^\]]{0,500})\]\([^)]{0,1000}\)/g, "$1")
    .replace(/[*`]|(?<![\p{L}\p{N}])_|_(?![\p{L}\p{N}])/gu, "")
    .trim();
}
