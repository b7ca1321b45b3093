/** A post as lines of plain text. Pure. */
import type { Card, Post } from "../../src/platform.ts";
import { plain } from "./plain-text.ts";
import { wrapped } from "./wrap.ts";

/** What stands before everything that staff see. */
const deskPrefix = "[desk] ";

/** @param columns of the terminal; undefined: no line is broken */
export function linesForStaff(post: Post, columns?: number): string[] {
  const room = columns === undefined ? undefined : columns - deskPrefix.length;
  return linesOf(post, room).map((line) => `${deskPrefix}${line}`);
}

/** Nothing that is said to a customer can pass for what staff see. */
export function linesForCustomer(post: Post, columns?: number): string[] {
  return linesOf(post, columns).map((line) =>
    line.trimStart().startsWith(deskPrefix.trim()) ? `> ${line}` : line,
  );
}

/** A card that has changed: its head and its foot. */
export function changeOf(card: Card): string {
  return `${deskPrefix}${plain(card.title)}${card.footer ? ` — ${plain(card.footer)}` : ""}`;
}

function linesOf(post: Post, columns: number | undefined): string[] {
  const lines = post.card ? cardLines(post.card) : textLines(post);
  const sources = post.sources ?? [];
  if (sources.length > 0) {
    const named = sources.map(
      (source, at) => `[${at + 1}] ${source.title}${source.url ? ` (${source.url})` : ""}`,
    );
    lines.push(`Sources: ${named.join(", ")}`);
  }
  for (const file of post.files ?? []) lines.push(`(file: ${file.name})`);
  if (post.buttons && post.buttons.length > 0)
    lines.push(post.buttons.map((button) => `[${button.label}]`).join(" "));
  return lines.flatMap((line) => wrapped(plain(line), columns));
}

function textLines(post: Post): string[] {
  return `${post.as ? `${post.as}: ` : ""}${post.text}`.split("\n");
}

function cardLines(card: Card): string[] {
  const lines = [card.title, card.facts.map((fact) => `${fact.label}: ${fact.value}`).join(" · ")];
  for (const section of card.sections) {
    const [first = "", ...rest] = section.text.split("\n");
    if (rest.length === 0) lines.push(`${section.label}: ${first.replace(/^[->] /, "")}`);
    else lines.push(`${section.label}:`, ...section.text.split("\n").map((line) => `  ${line}`));
  }
  if (card.footer) lines.push(`— ${card.footer}`);
  return lines;
}
