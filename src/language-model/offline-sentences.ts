/** A passage as the sentences that can be quoted from it. Pure. */

export interface Sentence {
  /** CommonMark, on one line; a list item keeps its mark. */
  text: string;
  /** A line of a list. */
  item: boolean;
  /** Ends with a colon: what follows belongs to it. */
  opens: boolean;
  /** The nearest heading above, inside the passage. */
  heading: string;
}

const abbreviations =
  /(?:\b(?:e\.g|i\.e|etc|approx|no|nr|vs|incl|excl|mr|mrs|dr|st|z\.b|bzw|ca|p\.ex|sr|sra|ej)|\b\p{L})\.$/iu;

/** Text that speaks to a program, not to a reader, is never quoted. */
const instruction =
  /\b(?:ignore|disregard|forget|override)\b.{0,40}\b(?:previous|prior|above|earlier|all|your|any) .{0,20}\b(?:instructions?|rules?|prompts?|messages?)|\bsystem prompt\b|\byou are (?:now )?(?:an? )?(?:ai|assistant|language model|chatbot)\b|\b(?:assistant|chatbot|ai model|language model) (?:must|should|shall|will now)\b|<\/?[a-z_]*(?:information|instructions?|system|important|prompt)[a-z_]*>|\b(?:call|use|invoke|run) the (?:tool|function)\b|\[\/?(?:inst|system)\]/i;

const entities: Readonly<Record<string, string>> = {
  amp: "&",
  lt: "<",
  gt: ">",
  quot: '"',
  "#39": "'",
  nbsp: " ",
};

/** Articles that came out of another help centre have HTML in them, which is not for reading. Code in backticks stays. */
function withoutHtml(text: string): string {
  if (!/<[a-z!/]|&[a-z#]/i.test(text)) return text;
  return text
    .split(/(```[\s\S]*?(?:```|$)|`[^`\n]*`)/)
    .map((part, at) => (at % 2 === 1 ? part : unmarked(part)))
    .join("");
}

function unmarked(html: string): string {
  return html
    .replace(/<(script|style)\b[\s\S]*?(?:<\/\1>|$)/gi, " ")
    .replace(/<(?:h[1-6]|summary)\b[^<>]{0,500}>/gi, "\n\n# ")
    .replace(/<li\b[^<>]{0,500}>/gi, "\n- ")
    .replace(
      /<\/?(?:p|div|h[1-6]|summary|details|ul|ol|table|tr|section|blockquote)\b[^<>]{0,500}>/gi,
      "\n\n",
    )
    .replace(/<(?:br|hr|\/li)\b[^<>]{0,500}>/gi, "\n")
    .replace(/<\/?(?:t[dh]|tbody|thead)\b[^<>]{0,500}>/gi, " ")
    .replace(/<\/?(?:a|b|strong|i|em|u|span|code|small|sup|sub|font|kbd|mark|img)\b[^<>]{0,500}>/gi, "")
    .replace(/&(amp|lt|gt|quot|#39|nbsp);/gi, (_, name: string) => entities[name.toLowerCase()] ?? " ");
}

export function sentencesOf(markdown: string): Sentence[] {
  const text = withoutHtml(markdown);
  const found: Sentence[] = [];
  let heading = "";
  let fenced = false;
  let columns: string[] = [];
  for (const line of joinedLines(text)) {
    if (/^(?:```|~~~)/.test(line)) fenced = !fenced;
    const title = /^#{1,6}\s+(.*)$/.exec(line)?.[1];
    if (fenced || line === "" || /^(?:```|~~~|[-=*_|: ]{3,}$|!\[)/.test(line)) continue;
    if (title !== undefined) {
      heading = title;
      continue;
    }
    if (!/^\|.*\|$/.test(line)) columns = [];
    else if (columns.length === 0) {
      columns = cellsOf(line);
      continue;
    } else {
      const row = rowOf(cellsOf(line), columns);
      if (!instruction.test(row)) found.push({ text: row, item: true, opens: false, heading });
      continue;
    }
    const item = isItem(line);
    for (const part of item ? [line] : splitSentences(line)) {
      if (instruction.test(part)) continue;
      found.push({ text: part, item, opens: /:\W*$/.test(part), heading });
    }
  }
  return found;
}

function isItem(line: string): boolean {
  return /^(?:[-*+]|\d{1,3}[.)])\s+/.test(line);
}

function cellsOf(line: string): string[] {
  return line
    .slice(1, -1)
    .split("|")
    .map((cell) => cell.trim());
}

/** A row of a table as a sentence: `plan Pro — price: $19.99 a month · seats: 5`. */
function rowOf(cells: readonly string[], columns: readonly string[]): string {
  const facts = cells.slice(1).map((cell, at) => (columns[at + 1] ? `${columns[at + 1]}: ${cell}` : cell));
  return `${columns[0] ?? ""} ${cells[0] ?? ""} — ${facts.join(" · ")}`.trim();
}

/** Lines that were only wrapped become one; lists, headings, tables and blank lines separate. */
function joinedLines(text: string): string[] {
  const lines: string[] = [];
  let open = false;
  for (const raw of text.split(/\r?\n/)) {
    const line = raw.trim().replace(/^>\s?/, "").replace(/\s+/g, " ");
    const alone = line === "" || /^(?:#{1,6}\s|[-*+]\s|\d{1,3}[.)]\s|\||```|~~~)/.test(line);
    const last = lines.length - 1;
    if (open && !alone) lines[last] = `${lines[last]} ${line}`;
    else lines.push(line);
    open = line !== "" && !/^(?:#{1,6}\s|\||```|~~~)/.test(line);
  }
  return lines;
}

function splitSentences(line: string): string[] {
  const parts: string[] = [];
  for (const piece of line.split(/(?<=[.!?…。][)"'”’]?)\s+(?=\S)/u)) {
    const last = parts.length - 1;
    if (last >= 0 && abbreviations.test(parts[last] as string)) parts[last] = `${parts[last]} ${piece}`;
    else parts.push(piece);
  }
  return parts;
}
