/**
 * The changes that make the links of a text harmless: what is marked as a link, what is shown as a picture, HTML, and
 * addresses that programs make clickable by themselves. Code is left alone. Every change is a piece of the text and what
 * stands there instead, so that everything else stays as it was, byte for byte.
 */
import type { Code, Definition, Link, LinkReference, Nodes, Parents, Root, Text } from "mdast";
import { parseWithPlaces } from "../../markdown.ts";
import type { Addresses } from "./addresses.ts";
import { type BareLink, bareLinksIn } from "./bare-links.ts";

export interface Edit {
  from: number;
  to: number;
  put: string;
}

const removed = "(link removed)";

/**
 * None when nothing has to change; undefined when the text is beyond reading. They do not overlap: a link with something
 * to change in it waits for the next round.
 */
export function linkEdits(text: string, addresses: Addresses): Edit[] | undefined {
  const root = parseWithPlaces(text);
  if (!root) return undefined;
  const definitions = definitionsIn(root);

  /** @param linked inside of a link, whose own address counts and not its words */
  function editsIn(node: Nodes, linked = false): Edit[] {
    const links = linked || node.type === "link" || node.type === "linkReference";
    const inner = "children" in node ? node.children.flatMap((child) => editsIn(child as Nodes, links)) : [];
    if (inner.length > 0) return inner;
    switch (node.type) {
      case "text":
        return linked ? [] : editText(node);
      case "code":
        return editIndented(node);
      case "link":
        return editLink(node, node.url);
      case "linkReference":
        return editReference(node);
      case "definition":
        return isKept(node) ? [] : [replace(node, "")];
      case "image":
      case "imageReference":
        return [replace(node, "")];
      case "html":
        return [replace(node, withoutTags(node.value))];
      case "paragraph":
      case "heading":
      case "tableCell":
        return editPieces(node);
      default:
        return [];
    }
  }

  function editText(node: Text): Edit[] {
    const { from, to } = placeOf(node);
    const raw = text.slice(from, to);
    const links = bareLinksIn(node.value).flatMap((link) => {
      const put = bareInstead(link, addresses);
      return put === undefined ? [] : [{ from: link.from, to: link.to, put }];
    });
    if (links.length > 0 && raw !== node.value) return [{ from, to, put: rewritten(node.value, links) }];
    return [...links, ...sleepingMarks(raw)].map((edit) => ({
      ...edit,
      from: edit.from + from,
      to: edit.to + from,
    }));
  }

  /** Code that only its indentation makes code is text as soon as that is lost. */
  function editIndented(node: Code): Edit[] {
    const { from, to } = placeOf(node);
    const raw = text.slice(from, to);
    if (/^[`~]{3}/.test(raw)) return [];
    return bareLinksIn(raw)
      .filter((link) => bareInstead(link, addresses) !== undefined)
      .map((link) => ({ from: from + link.from, to: from + link.to, put: removed }));
  }

  function editLink(node: Link | LinkReference, url: string): Edit[] {
    const { from } = placeOf(node);
    const marked = text[from] === "[";
    const label = marked ? labelOf(node, text) : undefined;
    const judged = addresses.judge(url);
    switch (judged.may) {
      case "stay":
        return label === undefined || !misleads(node, url) ? [] : [replace(node, `<${url}>`)];
      case "become":
        return [
          replace(
            node,
            label === undefined || misleads(node, judged.href)
              ? `<${judged.href}>`
              : `[${label}](<${judged.href}>)`,
          ),
        ];
      case "be_read": {
        const shown = `\`${judged.shown}\``;
        return [replace(node, label === undefined || misleads(node, url) ? shown : `${label} (${shown})`)];
      }
      case "go":
        return [replace(node, label ?? removed)];
    }
  }

  /** `[1]` is a citation, even where the text defines it as a link. */
  function editReference(node: LinkReference): Edit[] {
    if (node.referenceType !== "full" && /^\d{1,2}$/.test(node.identifier)) return [];
    const definition = definitions.get(node.identifier);
    if (!definition) return [];
    const edits = editLink(node, definition.url);
    if (edits.length > 0 || isKept(definition)) return edits;
    return [replace(node, `[${labelOf(node, text)}](<${definition.url}>)`)];
  }

  function isKept(definition: Definition): boolean {
    return addresses.judge(definition.url).may === "stay" && !/^\d{1,2}$/.test(definition.identifier);
  }

  /** The words' own address is another one than where they lead. */
  function misleads(node: Link | LinkReference, url: string): boolean {
    const target = addresses.hostOf(url);
    return bareLinksIn(textOf(node)).some(
      ({ address, kind }) => kind !== "mail" && addresses.hostOf(address) !== target,
    );
  }

  /** An address in pieces, half of it bold, is whole again where the marks are not shown: then the marks go. */
  function editPieces(node: Parents): Edit[] {
    const whole = new Set(textsIn(node as Nodes).flatMap(writtenIn));
    const joined = textOf(node);
    const uncited = joined.replace(/[ \t]?\[\d{1,2}\]/g, "");
    if ([joined, uncited].flatMap(writtenIn).every((written) => whole.has(written))) return [];
    const first = placeOf(node.children[0] as Nodes);
    const last = placeOf(node.children.at(-1) as Nodes);
    return [{ from: first.from, to: last.to, put: unmarked(node) }];
  }

  function unmarked(node: Nodes): string {
    if (node.type === "text") return escaped(node.value);
    if (node.type === "emphasis" || node.type === "strong" || node.type === "delete" || !isSpan(node)) {
      return "children" in node ? node.children.map((child) => unmarked(child as Nodes)).join("") : "";
    }
    const { from, to } = placeOf(node);
    return text.slice(from, to);
  }

  return editsIn(root);
}

/** What would be a tag, a definition or code, were something before or behind it left out. */
function sleepingMarks(raw: string): Edit[] {
  return Array.from(raw.matchAll(/(?<!\\)(?:<(?=[a-z/!?])|`)|(?<=\]):/gi), ({ index, 0: sign }) => ({
    from: index,
    to: index + 1,
    put: `\\${sign}`,
  }));
}

/** What stands instead of a bare address; undefined when it may stay. */
function bareInstead(link: BareLink, addresses: Addresses): string | undefined {
  const judged = addresses.judge(link.address);
  switch (judged.may) {
    case "stay":
      return link.kind === "web" && link.open ? `<${link.address}>` : undefined;
    case "become": {
      if (link.kind !== "host") return `<${judged.href}>`;
      const shorter = judged.href.replace(/^https:\/\//, "");
      return shorter === link.written.replace(/\/$/, "") ? undefined : shorter;
    }
    case "be_read":
      return `\`${judged.shown}\``;
    case "go":
      // A name alone carries nothing anywhere.
      return link.kind === "host" && /^[^/?#:@]+$/.test(link.written) ? `\`${link.written}\`` : removed;
  }
}

function definitionsIn(root: Root): ReadonlyMap<string, Definition> {
  const found = new Map<string, Definition>();
  const visit = (node: Nodes): void => {
    if (node.type === "definition" && !found.has(node.identifier)) found.set(node.identifier, node);
    if ("children" in node) for (const child of node.children) visit(child as Nodes);
  };
  visit(root);
  return found;
}

function placeOf(node: Nodes): { from: number; to: number } {
  return { from: node.position?.start.offset ?? 0, to: node.position?.end.offset ?? 0 };
}

function replace(node: Nodes, put: string): Edit {
  return { ...placeOf(node), put };
}

/** The words of a link as they are written, marks and all. */
function labelOf(node: Link | LinkReference, text: string): string {
  const first = node.children[0];
  const last = node.children.at(-1);
  return first && last ? text.slice(placeOf(first).from, placeOf(last).to) : "";
}

const isSpan = (node: Nodes): boolean =>
  [
    "inlineCode",
    "link",
    "linkReference",
    "break",
    "footnoteReference",
    "image",
    "imageReference",
    "html",
  ].includes(node.type);

/** The visible text; code and links stand for themselves. */
function textOf(node: Nodes): string {
  if (node.type === "text") return node.value;
  if (node.type === "inlineCode" || node.type === "break") return "\n";
  if (!("children" in node)) return "\n";
  return node.children
    .map((child) => (child.type === "link" || child.type === "linkReference" ? "\n" : textOf(child as Nodes)))
    .join("");
}

function textsIn(node: Nodes): string[] {
  if (node.type === "text") return [node.value];
  if (node.type === "link" || node.type === "linkReference" || !("children" in node)) return [];
  return node.children.flatMap((child) => textsIn(child as Nodes));
}

const writtenIn = (text: string): string[] => bareLinksIn(text).map(({ written }) => written);

/** Words without their tags; scripts and styles go with what is in them. */
function withoutTags(html: string): string {
  return html
    .replace(/<(script|style|iframe|svg|object)\b[\s\S]*?(?:<\/\1\s*>|$)/gi, "")
    .replace(/<!--[\s\S]*?(?:-->|$)/g, "")
    .replace(/<[^<>]*>/g, "")
    .replaceAll("<", "\\<");
}

function rewritten(value: string, edits: readonly Edit[]): string {
  let rest = 0;
  let put = "";
  for (const edit of edits) {
    put += escaped(value.slice(rest, edit.from)) + edit.put;
    rest = edit.to;
  }
  return put + escaped(value.slice(rest));
}

/** A text that reads as itself in Markdown; citations stay citations. */
function escaped(text: string): string {
  return text
    .replace(/\[\d{1,2}\]|[\\`*_[\]<>&~|!]/g, (found) => (found.length > 1 ? found : `\\${found}`))
    .replace(/^([ \t]*)([-+#=]|\d{1,9}(?=[.)]))/gm, (_, space: string, mark: string) =>
      /\d/.test(mark) ? `${space}${mark}\\` : `${space}\\${mark}`,
    );
}
