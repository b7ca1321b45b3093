/**
 * The document model as Discord's markdown. What was text stays text: people's names and words cannot become mentions,
 * links, quotes or headings. Links are masked or in angle brackets, so that none grows a preview.
 */
import type {
  BlockContent,
  Definition,
  DefinitionContent,
  List,
  ListItem,
  Node,
  PhrasingContent,
  Root,
  RootContent,
  Table,
} from "mdast";
import { toString as plainText } from "mdast-util-to-string";
import { parseMarkdown, splitMarkdown } from "../../src/markdown.ts";

/** A text in pieces of at most `max` characters, none of them empty. */
export function writePieces(root: Root, max: number): string[] {
  const links = definitionsOf(root);
  const render = (piece: Root) => writeBlocks(piece.children, links);
  return splitMarkdown(root, render, max).filter((piece) => piece.trim() !== "");
}

/** A text in one piece, cut where it is longer. */
export function writeCut(text: string, max: number): string {
  const [first, ...more] = writePieces(parseText(text.slice(0, 4 * max)), max - 2);
  return more.length > 0 ? `${first} …` : (first ?? "");
}

/** CommonMark from anywhere: without characters that Discord refuses or that turn a line around. */
export function parseText(text: string): Root {
  return parseMarkdown(
    text
      .replace(/\p{Cs}/gu, "\uFFFD")
      .replace(/[\u0000-\u0008\u000B-\u001F\u007F\u202A-\u202E\u2066-\u2069]/g, ""),
  );
}

type Links = ReadonlyMap<string, string>;

function definitionsOf(root: Root): Links {
  const definitions = root.children.filter((node): node is Definition => node.type === "definition");
  return new Map(definitions.map((one) => [one.identifier, one.url]));
}

type Block = RootContent | BlockContent | DefinitionContent;

function writeBlocks(blocks: readonly Block[], links: Links): string {
  return blocks
    .map((block) => writeBlock(block, links))
    .filter((text) => text !== "")
    .join("\n\n");
}

function writeBlock(block: Block, links: Links): string {
  switch (block.type) {
    case "paragraph":
      return escapeLineStarts(writeInline(block.children, links)).trim();
    case "heading": {
      const text = writeInline(block.children, links).replace(/\n/g, " ").trim();
      return text === "" ? "" : block.depth <= 3 ? `${"#".repeat(block.depth)} ${text}` : `**${text}**`;
    }
    case "thematicBreak":
      return "⎯⎯⎯";
    case "blockquote":
      return writeBlocks(block.children, links).replace(/^/gm, "> ");
    case "list":
      return writeList(block, links);
    case "code":
      return writeCode(block.value, block.lang ?? "");
    case "table":
      return writeTable(block);
    case "html":
      return escapeLineStarts(escapeText(block.value));
    case "footnoteDefinition":
      return `\\[${escapeText(block.identifier)}\\] ${writeBlocks(block.children, links)}`;
    case "definition":
      return "";
    default:
      return writeInline([block as PhrasingContent], links);
  }
}

function writeList(list: List, links: Links): string {
  const first = list.start ?? 1;
  const item = (one: ListItem, n: number): string => {
    const mark = list.ordered ? `${first + n}. ` : "- ";
    const box = typeof one.checked === "boolean" ? (one.checked ? "☑ " : "☐ ") : "";
    const text = one.children.map((block) => writeBlock(block, links)).filter((block) => block !== "");
    return mark + box + text.join("\n").replace(/\n/g, `\n${" ".repeat(list.ordered ? 3 : 2)}`);
  };
  return list.children.map(item).join("\n");
}

function writeCode(value: string, language: string): string {
  const tongue = /^[\w+#.-]{1,20}$/.test(language) ? language : "";
  return `\`\`\`${tongue}\n${value.replace(/```/g, "`\u200B`\u200B`")}\n\`\`\``;
}

const tableWidthMax = 56;

/** Discord has no tables: a narrow one is set in columns, a wide one as a list. */
function writeTable(table: Table): string {
  const rows = table.children.map((row) => row.children.map((cell) => oneLineOf(cell)));
  const [head = [], ...body] = rows;
  const widths = head.map((_, n) => Math.max(...rows.map((row) => (row[n] ?? "").length)));
  if (widths.reduce((sum, width) => sum + width + 2, 0) <= tableWidthMax) {
    const line = (row: string[]) =>
      widths
        .map((width, n) => (row[n] ?? "").padEnd(width))
        .join("  ")
        .trimEnd();
    return writeCode(
      [line(head), widths.map((width) => "─".repeat(width)).join("  "), ...body.map(line)].join("\n"),
      "",
    );
  }
  const fact = (value: string, n: number) => `**${escapeText(head[n] ?? "")}:** ${escapeText(value)}`;
  return body.map((row) => `- ${row.map(fact).join(" · ")}`).join("\n");
}

const oneLineOf = (node: Node): string => plainText(node).replace(/\s+/g, " ").trim();

function writeInline(nodes: readonly PhrasingContent[], links: Links): string {
  return nodes.map((node) => writeSpan(node, links)).join("");
}

function writeSpan(node: PhrasingContent, links: Links): string {
  switch (node.type) {
    case "text":
      return escapeText(node.value);
    case "strong":
      return around("**", writeInline(node.children, links));
    case "emphasis":
      return around("*", writeInline(node.children, links));
    case "delete":
      return around("~~", writeInline(node.children, links));
    case "inlineCode":
      return writeInlineCode(node.value);
    case "break":
      return "\n";
    case "link":
      return writeLink(plainText(node), node.url);
    case "linkReference":
      return writeLink(plainText(node), links.get(node.identifier) ?? "");
    case "image":
      return writeLink(node.alt || "image", node.url);
    case "imageReference":
      return writeLink(node.alt || "image", links.get(node.identifier) ?? "");
    case "footnoteReference":
      return `\\[${escapeText(node.identifier)}\\]`;
    case "html":
      return escapeText(node.value);
  }
}

function around(mark: string, text: string): string {
  const [, before = "", inner = "", after = ""] = /^(\s*)([\s\S]*?)(\s*)$/.exec(text) ?? [];
  return inner === "" ? text : `${before}${mark}${inner}${mark}${after}`;
}

function writeInlineCode(value: string): string {
  const line = value.replace(/\n/g, " ");
  return line.includes("`") ? `\`\` ${line.replace(/``/g, "`\u200B`")} \`\`` : `\`${line}\``;
}

/** A clickable link with its words; only the words where the address is none of the web's. */
export function writeLink(words: string, address: string): string {
  const label = words.replace(/\s+/g, " ").trim();
  const url = webAddress(address);
  if (!url) return escapeText(label);
  const bare =
    label === "" || [label, `http://${label}`, `${label}/`].some((one) => one === address || one === url);
  if (bare) return `<${url}>`;
  // Discord shows a masked link whose words look like an address as it was typed.
  if (/:\/\/|^www\./i.test(label)) return `${escapeText(label)} <${url}>`;
  return `[${escapeText(label).replace(/[[\]]/g, "\\$&")}](<${url}>)`;
}

function webAddress(address: string): string | undefined {
  try {
    const url = new URL(address);
    if (url.protocol !== "https:" && url.protocol !== "http:") return undefined;
    return (url.href === `${address}/` ? address : url.href).replace(/[<>]/g, encodeURIComponent);
  } catch {
    return undefined;
  }
}

/** What would be a list, a quote or a heading at the beginning of a line stays text. */
function escapeLineStarts(text: string): string {
  return text.replace(/^(\s*)(#{1,3}\s|-#\s|>|[-+]\s)/gm, "$1\\$2").replace(/^(\s*\d+)([.)]\s)/gm, "$1\\$2");
}

/** Text that Discord shows as it is. Only what could be markup is escaped: ord_1002 stays ord_1002. */
export function escapeText(text: string): string {
  return text
    .replace(/\\(?=[!-/:-@[-`{-~]|$)/g, "\\\\")
    .replace(/[*`]/g, "\\$&")
    .replace(/_(?=_)|(?<=_)_|_(?![\p{L}\p{N}_])/gu, "\\_")
    .replace(/~(?=~)|(?<=~)~/g, "\\~")
    .replace(/\|(?=\|)|(?<=\|)\|/g, "\\|")
    .replace(/(?<=\])\(/g, "\\(")
    .replace(/<(?=[@#:/\p{L}])/gu, "\\<")
    .replace(/\b(https?|discord|steam):(?=\/\/)/gi, "$1\\:")
    .replace(/\b(discord)\.(?=gg\/|com\/invite|me\/|io\/|li\/)|\b(discordapp)\.(?=com\/invite)/gi, "$1$2\\.")
    .replace(/@(?=everyone|here)/g, "@\u200B");
}
