/**
 * What people press, choose, submit and call, as the core knows it. Pure. A button that asks for a text first is not
 * yet an event: it opens a modal, and what the modal returns is the event.
 */
import type { Incoming } from "../../src/message.ts";
import { messageFrom, type People, rootOf, type Where } from "./incoming.ts";
import { at, type Json, listAt, textAt } from "./payload.ts";
import { channelId, isDirect, messageId, platformName, threadId, userId } from "./thread-id.ts";

export type Interacted =
  | { kind: "incoming"; incoming: Incoming }
  | { kind: "ask"; trigger: string; title: string; label: string; returns: string }
  | { kind: "ignored"; why: string };

/** Where something was pressed. */
interface Spot {
  channel: string;
  thread?: string;
  message?: string;
}

/** What a modal hands back from the button that opened it; Slack keeps at most 3,000 characters. */
interface Returned extends Spot {
  name: string;
  value: string;
  /** Where to answer. */
  url?: string;
}

/**
 * @param body a slash command's fields, or an interactive payload
 * @param interaction what `Platform.answer` will be given
 */
export function interactionFrom(body: Json, where: Where, people: People, interaction: string): Interacted {
  if (textAt(body, "command") !== undefined) return command(body, where, people, interaction);
  switch (textAt(body, "type")) {
    case "block_actions":
      return pressed(body, where, people, interaction);
    case "view_submission":
      return submitted(body, where, people, interaction);
    case "message_action":
      return shortcut(body, where, people, interaction);
    default:
      return { kind: "ignored", why: `unknown interaction ${textAt(body, "type") ?? "without a type"}` };
  }
}

/** The address at which an interaction is answered, wherever it stands in the payload. */
export function answerAddressOf(body: Json): string | undefined {
  const direct = textAt(body, "response_url");
  if (direct !== undefined || textAt(body, "type") !== "view_submission") return direct;
  return textAt(listAt(body, "response_urls")[0], "response_url") ?? returnedBy(body)?.url;
}

/** Whose interaction it is, and where. */
export interface Whereabouts {
  user: string;
  channel: string;
  /** The first message of the thread that its message is in, or begins. */
  root?: string;
  /**
   * The thread where its answer is seen: that which the message is part of. In the one that begins with the message
   * nobody need look, and Slack shows such an answer only where there is one.
   */
  thread?: string;
}

export function spotOf(body: Json): Whereabouts {
  const user = textAt(body, "user_id") ?? textAt(body, "user", "id") ?? "";
  const { channel, thread: root, message } = returnedBy(body) ?? spot(body, user);
  if (root === undefined) return { user, channel };
  return { user, channel, root, ...(root === message ? {} : { thread: root }) };
}

function spot(body: Json, user: string): Spot {
  const channel =
    textAt(body, "channel", "id") ??
    textAt(body, "container", "channel_id") ??
    textAt(body, "channel_id") ??
    user;
  const message =
    textAt(body, "container", "message_ts") ?? textAt(body, "message", "ts") ?? textAt(body, "message_ts");
  const root = textAt(body, "message", "thread_ts") ?? textAt(body, "container", "thread_ts");
  const thread = root ?? (isDirect(channel) ? undefined : message);
  return {
    channel,
    ...(thread === undefined ? {} : { thread }),
    ...(message === undefined ? {} : { message }),
  };
}

function pressed(body: Json, where: Where, people: People, interaction: string): Interacted {
  const action = listAt(body, "actions")[0];
  const [, how, name] = /^(do|ask|pick):\d{1,3}:(.{1,90})$/s.exec(textAt(action, "action_id") ?? "") ?? [];
  const user = textAt(body, "user", "id");
  if (!action || !how || !name || !user) return { kind: "ignored", why: "not one of the desk's buttons" };
  const here = spot(body, user);
  const value = textAt(action, "selected_option", "value") ?? textAt(action, "value") ?? "";
  if (how === "ask") return ask(body, { ...here, name, value });
  const when = textAt(action, "action_ts") ?? textAt(body, "trigger_id") ?? "";
  return {
    kind: "incoming",
    incoming: {
      kind: "action",
      keys: [keyOf(where, "action", here.channel, here.message ?? "", user, name, value, when)],
      ...common(where, here, people, user, interaction),
      name,
      value,
      ...(here.message === undefined ? {} : { message: messageId(where.team, here.channel, here.message) }),
    },
  };
}

/** The modal's words and the button's own value stand in the button; see `outgoing.ts`. */
function ask(body: Json, button: Returned): Interacted {
  const trigger = textAt(body, "trigger_id");
  const wrapped = parsed(button.value);
  const [title, label, value] = ["title", "label", "value"].map((key) => textAt(wrapped, key));
  if (!trigger || !title || !label) return { kind: "ignored", why: "a button whose value is not the desk's" };
  const url = textAt(body, "response_url");
  const returns = JSON.stringify({ ...button, value: value ?? "", ...(url ? { url } : {}) });
  if (returns.length > 3_000) return { kind: "ignored", why: "a button whose value is too long" };
  return { kind: "ask", trigger, title, label, returns };
}

function submitted(body: Json, where: Where, people: People, interaction: string): Interacted {
  const user = textAt(body, "user", "id");
  const returned = returnedBy(body);
  const view = textAt(body, "view", "id");
  if (!user || !returned || !view) return { kind: "ignored", why: "not one of the desk's modals" };
  const reason = textAt(body, "view", "state", "values", "reason", "reason", "value") ?? "";
  const { name, value, message } = returned;
  return {
    kind: "incoming",
    incoming: {
      kind: "action",
      keys: [keyOf(where, "view", view)],
      ...common(where, returned, people, user, interaction),
      name,
      value,
      reason,
      ...(message === undefined ? {} : { message: messageId(where.team, returned.channel, message) }),
    },
  };
}

function returnedBy(body: Json): Returned | undefined {
  if (textAt(body, "view", "callback_id") !== "ask") return undefined;
  const metadata = parsed(textAt(body, "view", "private_metadata") ?? "");
  const [name, channel] = [textAt(metadata, "name"), textAt(metadata, "channel")];
  if (!name || !channel) return undefined;
  const [thread, message, url] = ["thread", "message", "url"].map((key) => textAt(metadata, key));
  return {
    name,
    channel,
    value: textAt(metadata, "value") ?? "",
    ...(thread === undefined ? {} : { thread }),
    ...(message === undefined ? {} : { message }),
    ...(url === undefined ? {} : { url }),
  };
}

function command(body: Json, where: Where, people: People, interaction: string): Interacted {
  const user = textAt(body, "user_id");
  const channel = textAt(body, "channel_id");
  if (!user || !channel) return { kind: "ignored", why: "a command without a user or channel" };
  const text = (textAt(body, "text") ?? "").trim();
  const trigger = textAt(body, "trigger_id") ?? textAt(body, "response_url") ?? "";
  return {
    kind: "incoming",
    incoming: {
      kind: "command",
      keys: [keyOf(where, "command", channel, user, trigger)],
      ...common(where, spot(body, user), people, user, interaction),
      name: (textAt(body, "command") ?? "").replace(/^\//, ""),
      text: wordsOf(text, where.team),
    },
  };
}

/** A command's text comes escaped, with people by their ids. */
function wordsOf(text: string, team: string): string {
  return text
    .replace(/<@([UW][A-Z0-9]+)(?:\|[^>]*)?>/g, (_, named: string) => userId(team, named))
    .replace(/&(lt|gt|amp);/g, (_, name: "lt" | "gt" | "amp") => ({ lt: "<", gt: ">", amp: "&" })[name]);
}

function shortcut(body: Json, where: Where, people: People, interaction: string): Interacted {
  const user = textAt(body, "user", "id");
  const name = textAt(body, "callback_id");
  const message = at(body, "message");
  if (!user || !name || !message) return { kind: "ignored", why: "a shortcut without its message" };
  const here = spot(body, user);
  const about = messageFrom({ ...message, channel: here.channel }, where, people);
  const when = textAt(body, "action_ts") ?? textAt(body, "trigger_id") ?? "";
  return {
    kind: "incoming",
    incoming: {
      kind: "command",
      keys: [keyOf(where, "shortcut", here.channel, here.message ?? "", user, when)],
      ...common(where, here, people, user, interaction),
      name,
      text: "",
      ...(about ? { about } : {}),
    },
  };
}

function common(where: Where, { channel, thread }: Spot, people: People, user: string, interaction: string) {
  const inThread = thread !== undefined || isDirect(channel);
  return {
    interaction,
    by: people(user),
    channel: channelId(where.team, channel),
    ...(inThread ? { thread: threadId(where.team, channel, rootOf(where, channel, thread)) } : {}),
  };
}

const keyOf = (where: Where, ...parts: string[]) => [platformName, where.team, ...parts].join(":");

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}
