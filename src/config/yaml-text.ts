/** YAML that people write: its data, every mistake with line and column, and the line of any value in it. */
import { type Document, isAlias, isNode, LineCounter, parseDocument, visit } from "yaml";
import type { Problem } from "../platform.ts";

export type Path = readonly PropertyKey[];

export interface YamlText {
  /** Plain data without keys that have no value; undefined when the text is empty or is not YAML. */
  data: unknown;
  problems: Problem[];
  /** `FILE:LINE` of a value, or only `FILE` where it has no line. */
  at(path: Path): string;
}

/**
 * @param file how the file is called in problems
 * @param lineBefore lines of the file above the text, for front matter
 */
export function readYaml(text: string, file: string, lineBefore = 0): YamlText {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const faults = document.errors.map(({ pos, message }) => ({ at: pos[0], message }));
  const problems = (faults.length > 0 ? faults : strayAliases(document)).map(({ at, message }) => {
    const { line, col } = lines.linePos(at);
    return {
      where: `${file}:${line + lineBefore}:${col}`,
      fault: `is not valid YAML: ${message.replace(/\s+/g, " ")}`,
      remedy: "Correct the line; indent with spaces, and put text with special characters in quotes.",
    };
  });
  const read = problems.length === 0 ? plainData(document.toJS.bind(document), file) : { problems };
  return {
    data: read.data,
    problems: read.problems,
    at(path) {
      for (let length = path.length; length > 0; length--) {
        const node = document.getIn(path.slice(0, length), true);
        if (isNode(node) && node.range) return `${file}:${lines.linePos(node.range[0]).line + lineBefore}`;
      }
      return file;
    },
  };
}

/** What begins with a star is an alias to YAML, as in `[*.example.com]`. */
function strayAliases(document: Document.Parsed): { at: number; message: string }[] {
  const anchors = new Set<string>();
  const stray: { at: number; message: string }[] = [];
  visit(document, (_key, node) => {
    if (isAlias(node) && !anchors.has(node.source)) {
      const message = `*${node.source} stands for what was named &${node.source} before, and nothing was`;
      stray.push({ at: node.range?.[0] ?? 0, message });
    } else if (isNode(node) && "anchor" in node && node.anchor !== undefined)
      anchors.add(String(node.anchor));
  });
  return stray;
}

/** Aliases that would fill the memory are refused by the parser only when the data is built. */
function plainData(build: () => unknown, file: string): { data?: unknown; problems: Problem[] } {
  try {
    return { data: withoutEmpty(build()), problems: [] };
  } catch {
    const fault = "has aliases that refer to too much";
    return { problems: [{ where: file, fault, remedy: "Write the values out instead of using & and *." }] };
  }
}

/** A key with nothing behind it (all below it commented out, or null) means its default. */
function withoutEmpty(value: unknown): unknown {
  if (value === null) return undefined;
  if (Array.isArray(value)) return value.map((item: unknown) => item);
  if (typeof value !== "object") return value;
  const kept = Object.entries(value).flatMap(([key, item]) => {
    const inner = withoutEmpty(item);
    return inner === undefined ? [] : [[key, inner] as const];
  });
  return Object.fromEntries(kept);
}
