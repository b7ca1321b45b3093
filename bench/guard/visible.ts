/** What a post comes to on a platform: where it can be clicked, whom it calls, and what it says. */
import { messagesOf } from "../../adapters/discord/outgoing.ts";
import { toParts } from "../../adapters/slack/outgoing.ts";
import type { Post } from "../../src/platform.ts";

export interface Visible {
  platform: "slack" | "discord";
  /** Addresses that can be clicked, or are fetched unasked. */
  addresses: string[];
  /** Mentions that reach somebody. */
  mentions: string[];
  /** All of it. */
  text: string;
}

export function visibleOf(post: Post): Visible[] {
  return [onSlack(post), onDiscord(post)];
}

/** Sections are verbatim: what is in angle brackets is a link or a mention, and nothing else is. */
function onSlack(post: Post): Visible {
  const text = textsIn(toParts(post, "plain")).join("\n");
  const marked = Array.from(text.matchAll(/<([^<>\n]+)>/g), (match) => match[1] ?? "");
  return {
    platform: "slack",
    addresses: marked.filter((one) => !/^[!@#]/.test(one)).map((one) => unescaped(one.split("|")[0] ?? "")),
    mentions: marked.filter((one) => /^[!@#]/.test(one)),
    text: unescaped(text),
  };
}

/** Outside of code, every address with a scheme is a link; nobody is called as long as no mention is allowed. */
function onDiscord(post: Post): Visible {
  const payloads = messagesOf(post, "o_1").map(({ payload }) => payload);
  const texts = payloads.flatMap(({ content, embeds }) => [content, ...textsIn(embeds)]);
  const plain = texts.map((one) => one.replace(/```[\s\S]*?```|``[^\n]*?``|`[^`\n]*`/g, " ")).join("\n");
  const calling = payloads.some((payload) => payload.allowed_mentions.parse.length > 0);
  return {
    platform: "discord",
    addresses: plain.match(/(?:https?|ftp|mailto|javascript|discord):[^\s<>"`\])]+/gi) ?? [],
    mentions: calling ? (plain.match(/@everyone|@here|<@[!&]?\d+>/g) ?? []) : [],
    text: texts.join("\n"),
  };
}

/** Every text in a value, keys of the platform's own left out. */
function textsIn(value: unknown): string[] {
  if (typeof value === "string") return [value];
  if (typeof value !== "object" || value === null) return [];
  const silent = new Set(["type", "action_id", "value", "emoji", "verbatim", "block_id"]);
  return Object.entries(value).flatMap(([key, inner]) => (silent.has(key) ? [] : textsIn(inner)));
}

function unescaped(text: string): string {
  return text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");
}
