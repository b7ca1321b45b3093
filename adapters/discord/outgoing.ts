/** A post as Discord's messages, within all its limits. Pure. */
import type { APIEmbed } from "discord.js";
import type { PhrasingContent } from "mdast";
import type { Card, OutgoingFile, Post, Source } from "../../src/platform.ts";
import { type Row, rowsOf } from "./components.ts";
import { oneLine } from "./inbound-text.ts";
import { escapeText, parseText, writeCut, writeLink, writePieces } from "./outbound-text.ts";

/** The body of a create or an edit; files travel beside it. */
export interface Payload {
  content: string;
  embeds: APIEmbed[];
  components: Row[];
  flags: number;
  allowed_mentions: { parse: []; replied_user: false };
}

export interface OutgoingMessage {
  payload: Payload;
  files: readonly OutgoingFile[];
}

const messageMax = 2000;
const filesMax = 10;
const suppressEmbeds = 1 << 2;
/** Shares of the 6,000 characters that an embed may have in all. */
const share = { title: 256, description: 3600, names: 600, values: 1000, footer: 500 } as const;
const fieldsMax = 25;
const sourcesMax = 900;

/**
 * The messages that show a post, in order: the text in pieces, what is below it on the last one.
 * @param key the outbox id; it tags the buttons
 * @throws DeskError platform_refused when its buttons do not fit
 */
export function messagesOf(post: Post, key: string): OutgoingMessage[] {
  const rows = rowsOf(post, key);
  const pieces = post.card ? [writeCut(post.text, 300)] : withSources(textOf(post), post.sources ?? []);
  const files = post.files ?? [];
  const count = Math.max(pieces.length, 1, Math.ceil(files.length / filesMax));
  return Array.from({ length: count }, (_, n) => {
    const last = n === count - 1;
    // Files stand on the last messages, ten each.
    const from = files.length - (count - n) * filesMax;
    const some = files.slice(Math.max(0, from), Math.max(0, from + filesMax));
    const embeds = last && post.card ? [embedOf(post.card, post.sources ?? [])] : [];
    const content = pieces[n] ?? "";
    const empty = content === "" && embeds.length === 0 && some.length === 0;
    return {
      payload: payloadOf(empty ? "\u200B" : content, embeds, last ? rows : []),
      files: some,
    };
  });
}

/** What is left of a message whose words are gone and whose files stay. */
export const wordless: OutgoingMessage = { payload: payloadOf("", [], []), files: [] };

function payloadOf(content: string, embeds: APIEmbed[], components: Row[]): Payload {
  return {
    content,
    embeds,
    components,
    // A card is an embed, and the flag would hide it; its addresses stand in brackets and grow no preview either.
    flags: embeds.length > 0 ? 0 : suppressEmbeds,
    allowed_mentions: { parse: [], replied_user: false },
  };
}

function textOf(post: Post): string[] {
  const root = parseText(post.text);
  if (post.as !== undefined) {
    const name: PhrasingContent[] = [
      { type: "strong", children: [{ type: "text", value: `${oneLine(post.as, 80) || "Staff"}:` }] },
      { type: "text", value: " " },
    ];
    const first = root.children[0];
    if (first?.type === "paragraph") first.children.unshift(...name);
    else root.children.unshift({ type: "paragraph", children: name });
  }
  return writePieces(root, messageMax);
}

function withSources(pieces: string[], sources: readonly Source[]): string[] {
  if (sources.length === 0) return pieces;
  const line = sourcesLine(sources);
  const last = pieces.at(-1);
  if (last === undefined || last.length + 1 + line.length > messageMax) return [...pieces, line];
  return [...pieces.slice(0, -1), `${last}\n${line}`];
}

/** One small line; what does not fit in it is counted. */
function sourcesLine(sources: readonly Source[]): string {
  let line = "-#";
  for (const [n, source] of sources.entries()) {
    const title = oneLine(source.title, 100) || "source";
    const shown = `${n === 0 ? "" : " ·"} ${source.url ? writeLink(title, source.url) : escapeText(title)}`;
    if (line.length + shown.length > sourcesMax) return `${line} +${sources.length - n}`;
    line += shown;
  }
  return line;
}

function embedOf(card: Card, sources: readonly Source[]): APIEmbed {
  const facts = card.facts.slice(0, fieldsMax);
  const of = (budget: number) => Math.min(256, Math.floor(budget / Math.max(1, facts.length)));
  const footer = oneLine(card.footer ?? "", share.footer).replace(/@(?=everyone|here)/g, "@\u200B");
  const description = descriptionOf(card, sources);
  return {
    title: escapeWithin(card.title, share.title) || "\u200B",
    ...(description === "" ? {} : { description }),
    fields: facts.map((fact) => ({
      name: escapeWithin(fact.label, of(share.names)) || "\u200B",
      value: escapeWithin(fact.value, of(share.values)) || "\u200B",
      inline: true,
    })),
    ...(footer === "" ? {} : { footer: { text: footer } }),
  };
}

function descriptionOf(card: Card, sources: readonly Source[]): string {
  const small = sources.length > 0 ? sourcesLine(sources) : "";
  const room = share.description - small.length;
  const each = Math.floor(room / Math.max(1, card.sections.length));
  const sections = card.sections.map((section) => {
    const label = escapeWithin(section.label, 100);
    const text = writeCut(section.text, Math.max(40, each - label.length - 8));
    return [label === "" ? "" : `**${label}**`, text].filter((part) => part !== "").join("\n");
  });
  return [...sections, small]
    .filter((part) => part !== "")
    .join("\n\n")
    .slice(0, share.description);
}

/** Escaped text of at most `max` characters, escapes included. */
function escapeWithin(text: string, max: number): string {
  for (let length = max; length > 0; length = Math.floor(length * 0.8)) {
    const escaped = escapeText(oneLine(text, length));
    if (escaped.length <= max) return escaped;
  }
  return "";
}
