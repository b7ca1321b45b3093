/** A post as what a program reads. Pure. */
import type { Card, Post } from "../../src/platform.ts";
import type { Answer, Conversation, MessageOut } from "./schemas.ts";
import type { Line, Session } from "./sessions.ts";
import { bareId } from "./thread-id.ts";

/** Something that was posted, with its outbox id. */
export interface Shown {
  id: string;
  at: number;
  post: Post;
}

/** What became of a request. */
export interface End {
  reply: Shown | undefined;
  /** What else was posted while it was open. */
  others: readonly Shown[];
}

/** The text of a post; a card is written out in CommonMark. */
function textOf(post: Post): string {
  return clean(post.card ? cardText(post.card) : post.text);
}

/** No control characters but tabs and line ends, no half surrogate pairs: any reader of JSON can take it. */
export function clean(text: string): string {
  return text.replace(/[\u0000-\u0008\u000B-\u001F\u007F-\u009F]/g, "").replace(/\p{Cs}/gu, "\uFFFD");
}

function cardText(card: Card): string {
  const parts = [
    card.title && `**${card.title}**`,
    card.facts.map((fact) => `- ${fact.label}: ${fact.value}`).join("\n"),
    ...card.sections.map((section) => [section.label && `**${section.label}**`, section.text].join("\n\n")),
    card.footer ?? "",
  ];
  return parts.filter(Boolean).join("\n\n");
}

type Extras = Pick<MessageOut, "sources" | "confirmation">;

function extrasOf(post: Post): Extras {
  const { sources = [], confirmation } = post;
  const extras: Extras = {};
  if (sources.length > 0) {
    extras.sources = sources.map(({ title, url }) => ({ title: clean(title), ...(url ? { url } : {}) }));
  }
  if (confirmation) {
    extras.confirmation = {
      id: confirmation.id,
      text: clean(confirmation.text),
      expires_at: new Date(confirmation.expiresAt).toISOString(),
    };
  }
  return extras;
}

function messageOf({ id, at, post }: Shown, from: "bot" | "staff"): MessageOut {
  return {
    id,
    from,
    ...(post.as ? { name: clean(post.as) } : {}),
    text: textOf(post),
    at: new Date(at).toISOString(),
    ...extrasOf(post),
  };
}

/** Posts under a name are staff's words. */
export const otherOf = (shown: Shown): MessageOut => messageOf(shown, shown.post.as ? "staff" : "bot");

function lineOf(line: Line): MessageOut {
  switch (line.from) {
    case "customer": {
      const { from, id, text } = line;
      return { id: bareId(id), from, text: clean(text), at: new Date(line.at).toISOString() };
    }
    case "bot":
    case "staff":
      return messageOf(line, line.from);
  }
}

/** @param session as it is after the reply; undefined when it could not be looked up */
export function answerOf(sessionId: string, end: End, session: Session | undefined): Answer {
  const { reply, others } = end;
  const turn = reply?.post.turn;
  return {
    session_id: sessionId,
    status: reply ? "answered" : session?.withStaff ? "with_staff" : "no_reply",
    response: reply ? textOf(reply.post) : null,
    reply_id: reply?.id ?? null,
    agent: turn?.specialist || session?.specialist || null,
    turn: turn?.number ?? session?.turns ?? 0,
    ...(reply ? extrasOf(reply.post) : {}),
    ...(session?.ticket === undefined ? {} : { ticket: session.ticket }),
    ...(others.length > 0 ? { messages: others.map(otherOf) } : {}),
  };
}

export function conversationOf(
  sessionId: string,
  customer: string | undefined,
  session: Session,
  lines: readonly Line[],
): Conversation {
  return {
    session_id: sessionId,
    customer_id: customer ?? null,
    current_agent: session.specialist ?? null,
    total_turns: session.turns,
    history_items: session.items,
    with_staff: session.withStaff,
    ...(session.ticket === undefined ? {} : { ticket: session.ticket }),
    messages: lines.map(lineOf),
  };
}
