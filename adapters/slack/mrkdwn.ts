/**
 * CommonMark as Slack's mrkdwn. Every text is escaped, so that nothing in it becomes a mention, a link or a preview;
 * the only live things are the links that the document itself has.
 */
import type { Definition, List, ListItem, PhrasingContent, Root, RootContent, Table } from "mdast";
import { toString as plainText } from "mdast-util-to-string";
import { escapeText, oneLine } from "./plain-text.ts";

export type Definitions = ReadonlyMap<string, Definition>;

/** The link targets that a document defines apart from where it uses them. */
export function definitionsOf(root: Root): Definitions {
  const found = new Map<string, Definition>();
  for (const node of root.children) if (node.type === "definition") found.set(node.identifier, node);
  return found;
}

/** @param definitions of the whole document, when `root` is a piece of it */
export function toMrkdwn(root: Root, definitions: Definitions = definitionsOf(root)): string {
  return blocks(root.children, definitions);
}

function blocks(nodes: RootContent[], defined: Definitions): string {
  return nodes
    .map((node) => block(node, defined))
    .filter((text) => text !== "")
    .join("\n\n");
}

function block(node: RootContent, defined: Definitions): string {
  switch (node.type) {
    case "paragraph":
      return inline(node.children, defined);
    case "heading":
      return wrap("*", plain(node.children));
    case "code":
      return fence(node.value);
    case "blockquote":
      return blocks(node.children, defined).replace(/^/gm, "> ");
    case "list":
      return list(node, defined, 0);
    case "listItem":
      return item(node, "• ", defined, 0);
    case "table":
      return fence(grid(node));
    case "tableRow":
      return node.children.map((cell) => plain(cell.children)).join(" | ");
    case "tableCell":
      return inline(node.children, defined);
    case "thematicBreak":
      return "──────────";
    case "html":
      return escapeText(node.value);
    case "footnoteDefinition":
      return `[${escapeText(node.label ?? node.identifier)}] ${blocks(node.children, defined)}`;
    case "definition":
    case "yaml":
      return "";
    case "text":
    case "strong":
    case "emphasis":
    case "delete":
    case "inlineCode":
    case "break":
    case "link":
    case "linkReference":
    case "image":
    case "imageReference":
    case "footnoteReference":
      return phrase(node, defined);
  }
}

function list(node: List, defined: Definitions, depth: number): string {
  return node.children
    .map((one, n) => {
      const bullet = depth % 2 === 0 ? "•" : "◦";
      return item(one, node.ordered ? `${(node.start ?? 1) + n}. ` : `${bullet} `, defined, depth);
    })
    .join("\n");
}

function item(node: ListItem, marker: string, defined: Definitions, depth: number): string {
  const box = typeof node.checked === "boolean" ? (node.checked ? "☑ " : "☐ ") : "";
  const parts = node.children.map((child) =>
    child.type === "list" ? list(child, defined, depth + 1) : block(child, defined),
  );
  return `${marker}${box}${parts.join("\n").replace(/\n/g, "\n    ")}`;
}

/** A table in fixed width; cells as plain text. */
function grid(table: Table): string {
  const rows = table.children.map((row) => row.children.map((cell) => oneLine(plainText(cell))));
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.min(60, Math.max(...rows.map((row) => row[column]?.length ?? 0))),
  );
  const line = (row: string[]) =>
    widths
      .map((width, column) => (row[column] ?? "").padEnd(width))
      .join("  ")
      .trimEnd();
  const [head, ...body] = rows;
  return [line(head ?? []), widths.map((width) => "─".repeat(width)).join("  "), ...body.map(line)].join(
    "\n",
  );
}

/** A code block; the fence inside it is broken so that it cannot end it. */
function fence(code: string): string {
  return `\`\`\`\n${escapeText(code).replaceAll("```", "``\u200b`")}\n\`\`\``;
}

function inline(nodes: PhrasingContent[], defined: Definitions): string {
  return nodes.map((node) => phrase(node, defined)).join("");
}

function phrase(node: PhrasingContent, defined: Definitions): string {
  switch (node.type) {
    case "text":
      return defuse(escapeText(node.value));
    case "strong":
      return wrap("*", inline(node.children, defined));
    case "emphasis":
      return wrap("_", inline(node.children, defined));
    case "delete":
      return wrap("~", inline(node.children, defined));
    case "inlineCode":
      return `\`${escapeText(node.value).replaceAll("`", "'").replaceAll("\n", " ")}\``;
    case "break":
      return "\n";
    case "link":
      return link(node.url, plainText(node));
    case "image":
      return link(node.url, node.alt ?? "");
    case "linkReference":
    case "imageReference": {
      const target = defined.get(node.identifier);
      const label = node.type === "imageReference" ? (node.alt ?? "") : plainText(node);
      return target ? link(target.url, label) : defuse(escapeText(label));
    }
    case "html":
      return escapeText(node.value);
    case "footnoteReference":
      return `[${escapeText(node.label ?? node.identifier)}]`;
  }
}

const plain = (nodes: PhrasingContent[]) =>
  nodes.map((node) => escapeText(oneLine(plainText(node)))).join("");

/** A live link; what is not an address of the web or of mail, or holds what an address cannot hold, stays text. */
export function link(url: string, label: string): string {
  const shown = escapeText(oneLine(label)).replaceAll("|", "¦");
  if (!/^(https?:\/\/|mailto:|tel:)[^\s<>|"\p{Cc}]+$/iu.test(url)) return shown || escapeText(oneLine(url));
  const target = escapeText(url);
  return shown === "" || shown === target ? `<${target}>` : `<${target}|${shown}>`;
}

/** Puts the mark around the words, not around the spaces beside them. */
function wrap(mark: string, text: string): string {
  const [, before = "", words = "", after = ""] = /^(\s*)([\s\S]*?)(\s*)$/.exec(text) ?? [];
  if (words === "" || words.includes("\n\n")) return text;
  return `${before}${mark}${words}${mark}${after}`;
}

/** Keeps characters that were meant literally from being read as formatting: a pair of them gets a joiner inside. */
function defuse(text: string): string {
  return text.replace(/(^|[\s(])([*_~`])(?=\S(?:[^\n]{0,200}?\S)?\2(?:$|[\s).,;:!?]))/g, "$1$2\u2060");
}
