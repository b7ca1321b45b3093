/**
 * A post as Slack messages: text split into parts that Slack takes whole, everything else as Block Kit below the last
 * part. Pure and deterministic: the same post always gives the same parts, so that a retry can go on where it stopped.
 */
import type { types } from "@slack/bolt";
import type { Paragraph, Root } from "mdast";
import { parseMarkdown, splitMarkdown } from "../../src/markdown.ts";
import type { Button, Card, Menu, Post, Source } from "../../src/platform.ts";
import { definitionsOf, link, toMrkdwn } from "./mrkdwn.ts";
import { cut, escapeText, oneLine } from "./plain-text.ts";

/** Slack's limits, with room for what is added around a text. All in characters as they are sent. */
export const limits = {
  /** One section's text; Slack takes 3,000. */
  section: 2_900,
  /** One message's text; Slack recommends 4,000. */
  message: 3_900,
  header: 150,
  /** Slack takes 2,000; facts are short. */
  field: 200,
  fieldsPerSection: 10,
  cardFields: 20,
  /** All of a card together; Slack takes about 13,200 characters of blocks. */
  card: 11_000,
  cardSections: 12,
  context: 1_500,
  buttonLabel: 75,
  elementsPerActions: 25,
  menuOptions: 100,
  optionValue: 150,
  modalTitle: 24,
  modalLabel: 2_000,
  reason: 2_000,
} as const;

/** One Slack message. */
export interface Part {
  /** Shown in notifications, and where blocks cannot be. */
  text: string;
  blocks: types.KnownBlock[];
}

/** How a workspace shows feedback buttons: Slack's own element, or plain buttons where it is refused. */
export type FeedbackStyle = "native" | "plain";

export function toParts(post: Post, feedback: FeedbackStyle): [Part, ...Part[]] {
  const tail = tailOf(post, feedback);
  if (post.card) return [cardPart(post.card, post.text, tail)];
  const [first, ...rest] = textParts(post);
  const last = rest.at(-1) ?? first;
  last.blocks.push(...tail);
  return [first, ...rest];
}

/** The post as one message, for places where there can be no second one; what does not fit is cut. */
export function toOnePart(post: Post, feedback: FeedbackStyle): Part {
  return toSome(post, feedback, 1)[0];
}

/**
 * The post as so many messages at most, for places where there can be no further one: the last of them is as long as
 * Slack takes it, and what does not fit is cut.
 */
export function toSome(post: Post, feedback: FeedbackStyle, most: number): [Part, ...Part[]] {
  const parts = toParts(post, feedback);
  if (parts.length <= most) return parts;
  const tail = tailOf(post, feedback);
  const [first, ...rest] = parts.splice(most - 1);
  const blocks = [...(first?.blocks ?? [])];
  let room = limits.card - JSON.stringify([blocks, tail]).length;
  const further = rest.flatMap((part) => part.blocks).slice(0, -tail.length || undefined);
  for (const block of further) {
    room -= JSON.stringify(block).length + 1;
    if (room < 0) {
      blocks.push(context("…"));
      break;
    }
    blocks.push(block);
  }
  parts.push({ text: `${first?.text}\n…`, blocks: [...blocks, ...tail] });
  return parts;
}

/** What stands below the text: sources, choices, feedback. */
export function tailOf(post: Post, feedback: FeedbackStyle): types.KnownBlock[] {
  const blocks: types.KnownBlock[] = [];
  const sources = sourceLine(post.sources ?? []);
  if (sources) blocks.push(context(sources));
  const elements = [
    ...(post.buttons ?? []).map(buttonElement),
    ...(post.menus ?? []).flatMap((menu, n) => menuElement(menu, n)),
  ];
  for (let from = 0; from < elements.length; from += limits.elementsPerActions) {
    blocks.push({ type: "actions", elements: elements.slice(from, from + limits.elementsPerActions) });
  }
  if (post.feedback !== undefined) blocks.push(feedbackBlock(post.feedback, feedback));
  return blocks;
}

function textParts(post: Post): [Part, ...Part[]] {
  const [first = "…", ...rest] = piecesOf(post);
  const parts: [Part, ...Part[]] = [{ text: first, blocks: [section(first)] }];
  for (const piece of rest) {
    const open = parts.at(-1) as Part;
    if (open.text.length + piece.length + 2 <= limits.message) {
      open.text += `\n\n${piece}`;
      open.blocks.push(section(piece));
    } else {
      parts.push({ text: piece, blocks: [section(piece)] });
    }
  }
  return parts;
}

/** The text in pieces of a section each. */
function piecesOf(post: Post): string[] {
  const text = textOf(post);
  if (post.as === undefined && isPlainProse(text)) return [escapeText(text)];
  const root = parseMarkdown(text);
  if (post.as !== undefined) putNameInFront(root, post.as);
  const definitions = definitionsOf(root);
  const pieces = splitMarkdown(root, (piece) => toMrkdwn(piece, definitions), limits.section);
  return pieces.filter((piece) => piece.trim() !== "");
}

/** One short paragraph in which nothing means anything in CommonMark: most replies are, and parsing costs the most. */
function isPlainProse(text: string): boolean {
  return (
    text.length < limits.section / 5 &&
    /^[^\s\d+\-=~]/.test(text) &&
    /\S$/.test(text) &&
    !/[\\`*[\]<>&#|~\n\r@]|(?<!\w)_|_(?!\w)|:\/\/|www\./i.test(text)
  );
}

/** A post of nothing but files says their names, so that there is a message to find it by. */
function textOf(post: Post): string {
  if (post.text.trim() !== "" || !post.files?.length) return post.text;
  return post.files.map((file) => `📎 ${oneLine(file.name)}`).join("\n");
}

/** `*Maya:* …`: a name in the text needs no further permission, and stays when the message is edited. */
function putNameInFront(root: Root, name: string): void {
  const value = `${cut(oneLine(name) || "Staff", 80)}:`;
  const label: Paragraph["children"][number] = { type: "strong", children: [{ type: "text", value }] };
  const first = root.children[0];
  if (first?.type === "paragraph") first.children.unshift(label, { type: "text", value: " " });
  else root.children.unshift({ type: "paragraph", children: [label] });
}

function cardPart(card: Card, fallback: string, tail: types.KnownBlock[]): Part {
  const title = plain(card.title, limits.header);
  const blocks: types.KnownBlock[] = [{ type: "header", text: title }];
  const fields = card.facts.map(({ label, value }) =>
    mrkdwn(cut(`*${escapeText(oneLine(label)) || "–"}*\n${escapeText(value) || "–"}`, limits.field)),
  );
  for (let from = 0; from < Math.min(fields.length, limits.cardFields); from += limits.fieldsPerSection) {
    blocks.push({ type: "section", fields: fields.slice(from, from + limits.fieldsPerSection) });
  }
  let room = limits.card - JSON.stringify([blocks, tail]).length;
  for (const { label, text } of card.sections.slice(0, limits.cardSections)) {
    const whole = `*${escapeText(oneLine(label)) || "–"}*\n${toMrkdwn(parseMarkdown(text)) || "–"}`;
    const shown = cut(whole, Math.min(limits.section, Math.max(room, 40)));
    room -= shown.length;
    blocks.push(section(shown));
  }
  if (card.footer) blocks.push(context(escapeText(oneLine(card.footer))));
  const text = cut(toMrkdwn(parseMarkdown(fallback)) || title.text, limits.section);
  return { text, blocks: [...blocks, ...tail] };
}

/** `verbatim`: Slack makes no links or mentions out of words. `expand`: it hides nothing behind "see more". */
function section(text: string): types.SectionBlock {
  return { type: "section", text: mrkdwn(text), expand: true };
}

function mrkdwn(text: string): types.MrkdwnElement {
  return { type: "mrkdwn", text, verbatim: true };
}

/** Slack refuses empty texts. */
function plain(text: string, max: number): types.PlainTextElement {
  return { type: "plain_text", text: cut(escapeText(oneLine(text)), max) || "–", emoji: true };
}

function context(text: string): types.ContextBlock {
  return { type: "context", elements: [mrkdwn(cut(text, limits.context) || "–")] };
}

function sourceLine(sources: Source[]): string {
  return sources
    .map(({ title, url }, n) => `[${n + 1}] ${url ? link(url, title || url) : escapeText(oneLine(title))}`)
    .join("  ·  ");
}

/** What a button carries back: `do:N:NAME` or, when a text is asked for first, `ask:N:NAME`. */
function buttonElement(button: Button, n: number): types.Button {
  const { ask, style } = button;
  return {
    type: "button",
    text: plain(button.label, limits.buttonLabel),
    action_id: `${ask ? "ask" : "do"}:${n}:${button.action}`,
    value: ask ? JSON.stringify({ value: button.value, ...ask }) : button.value,
    ...(style ? { style } : {}),
  };
}

function menuElement(menu: Menu, n: number): types.StaticSelect[] {
  const options = menu.options
    .filter((option) => option.value.length <= limits.optionValue)
    .slice(0, limits.menuOptions)
    .map((option) => ({ text: plain(option.label, limits.buttonLabel), value: option.value }));
  if (options.length === 0) return [];
  const placeholder = plain(menu.label, limits.header);
  return [{ type: "static_select", action_id: `pick:${n}:${menu.action}`, placeholder, options }];
}

function feedbackBlock(turn: string, style: FeedbackStyle): types.KnownBlock {
  if (style === "plain") {
    const press = (label: string, value: string, n: number) =>
      buttonElement({ label, action: "feedback", value }, 90 + n);
    return { type: "actions", elements: [press("👍", `up ${turn}`, 0), press("👎", `down ${turn}`, 1)] };
  }
  const button = (label: string, value: string, says: string) => ({
    text: plain(label, limits.buttonLabel),
    accessibility_label: says,
    value,
  });
  return {
    type: "context_actions",
    elements: [
      {
        type: "feedback_buttons",
        action_id: "do:90:feedback",
        positive_button: button("👍", `up ${turn}`, "This was helpful"),
        negative_button: button("👎", `down ${turn}`, "This was not helpful"),
      },
    ],
  };
}

/** The modal of a button that asks for a text. `returns` comes back with the text, at most 3,000 characters. */
export function askModal(ask: { title: string; label: string }, returns: string): types.ModalView {
  return {
    type: "modal",
    callback_id: "ask",
    private_metadata: returns,
    title: plain(ask.title, limits.modalTitle),
    submit: plain("OK", limits.modalTitle),
    close: plain("Cancel", limits.modalTitle),
    blocks: [
      {
        type: "input",
        block_id: "reason",
        label: plain(ask.label, limits.modalLabel),
        element: {
          type: "plain_text_input",
          action_id: "reason",
          multiline: true,
          min_length: 1,
          max_length: limits.reason,
        },
      },
    ],
  };
}

/** A person's own page: the same blocks as in a message. */
export function homeView(post: Post): types.HomeView {
  const blocks = toParts(post, "plain").flatMap((part) => part.blocks);
  return { type: "home", blocks: blocks.slice(0, 100) };
}
