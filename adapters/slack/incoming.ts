/**
 * What Slack's Events API says, as the core knows it. Pure: the same event always gives the same result, and names come
 * from the `people` that the caller has looked up.
 *
 * What is dropped: what bots wrote (this one too), joins and other noise, edits that only resolve a preview, and top
 * messages of channels where nobody spoke to the bot.
 */
import type { FileRef, Incoming, Message, Person } from "../../src/message.ts";
import { toUnicode } from "./emoji.ts";
import { at, type Json, listAt, textAt } from "./payload.ts";
import { mentions, toMarkdown } from "./slack-markup.ts";
import { channelId, isDirect, messageId, platformName, threadId, userId } from "./thread-id.ts";

/** Where an event belongs: the installation that it is for, and the channels the desk knows. */
export interface Where {
  team: string;
  /** The bot's own user. */
  bot: string;
  supportChannels: ReadonlySet<string>;
  deskChannel?: string;
  /** Whether a thread of direct messages belongs to the one long conversation; see `direct-threads.ts`. */
  isFlat?(channel: string, root: string): boolean;
}

/** Who a user is, as far as it is known; asking for somebody unknown gives a stand-in. */
export type People = (user: string) => Person;

/** @param body the `event_callback` envelope */
export function incomingFrom(body: Json, where: Where, people: People): Incoming | undefined {
  const event = at(body, "event");
  const eventId = textAt(body, "event_id");
  const keys = eventId === undefined ? [] : [`${platformName}:event:${eventId}`];
  switch (textAt(event, "type")) {
    case "message":
      return event && messageEvent(event, keys, where, people);
    case "app_mention":
      return event && newMessage(event, keys, where, people);
    case "reaction_added":
    case "reaction_removed":
      return event && reaction(event, keys, where, people);
    case "app_home_opened":
      return event && homeOpened(event, keys, where, people);
    case undefined:
      return undefined;
    default:
      return event && trouble(event, keys, where);
  }
}

function messageEvent(event: Json, keys: string[], where: Where, people: People): Incoming | undefined {
  switch (textAt(event, "subtype")) {
    case undefined:
    case "file_share":
    case "thread_broadcast":
    case "me_message":
      return newMessage(event, keys, where, people);
    case "message_changed":
      return changed(event, keys, where, people);
    case "message_deleted":
      return deleted(event, keys, where, at(event, "previous_message"), textAt(event, "deleted_ts"));
    default:
      return undefined;
  }
}

function newMessage(event: Json, keys: string[], where: Where, people: People): Incoming | undefined {
  const message = messageFrom(event, where, people);
  if (!message || !concernsDesk(message, event, where)) return undefined;
  const clientId = textAt(event, "client_msg_id");
  const more = clientId === undefined ? [] : [`${platformName}:client:${where.team}:${clientId}`];
  return { kind: "message", keys: [message.id, ...keys, ...more], message };
}

/**
 * A message in a place that is not the desk's concerns it when the bot is mentioned, or when it may continue a thread in
 * which it was; whether it does, the core knows.
 */
function concernsDesk(message: Message, event: Json, where: Where): boolean {
  if (message.addressed || textAt(event, "channel") === where.deskChannel) return true;
  const root = textAt(event, "thread_ts");
  return root !== undefined && root !== textAt(event, "ts");
}

/** A preview that resolves changes a message too: only another text counts. A tombstone stands where one was deleted. */
function changed(event: Json, keys: string[], where: Where, people: People): Incoming | undefined {
  const now = at(event, "message");
  const before = at(event, "previous_message");
  if (!now) return undefined;
  if (textAt(now, "subtype") === "tombstone") return deleted(event, keys, where, before, textAt(now, "ts"));
  const [text, old] = [textAt(now, "text"), textAt(before, "text")];
  if (before ? text === old : at(now, "edited") === undefined) return undefined;
  const place = { channel: event.channel, channel_type: event.channel_type, thread_ts: threadTsOf(now) };
  const placed = { ...now, ...place };
  const message = messageFrom(placed, where, people);
  if (!message) return undefined;
  const didConcern = old !== undefined && mentions(old, where.bot);
  if (!didConcern && !concernsDesk(message, placed, where)) return undefined;
  // When it was edited Slack says in whole seconds, when it tells of it in finer ones.
  const edited = textAt(now, "edited", "ts") ?? "";
  const told = textAt(event, "event_ts") ?? textAt(event, "ts") ?? "";
  return { kind: "edit", keys: [`${message.id}:edit:${edited}:${told}`, ...keys], message };
}

/** Wherever it was: nothing of it is told but that it is gone, and the desk may have it by a shortcut. */
function deleted(
  event: Json,
  keys: string[],
  where: Where,
  before: Json | undefined,
  ts: string | undefined,
): Incoming | undefined {
  const channel = textAt(event, "channel");
  if (!channel || !ts || (before && isFromBot(before, where))) return undefined;
  const message = messageId(where.team, channel, ts);
  return {
    kind: "deletion",
    keys: [`${message}:deleted`, ...keys],
    message,
    thread: threadOf(where, channel, rootOf(where, channel, threadTsOf(before)), ts),
    channel: channelId(where.team, channel),
  };
}

/** A message as the core knows it; undefined when a bot wrote it or a field that it cannot be without is missing. */
export function messageFrom(event: Json, where: Where, people: People): Message | undefined {
  const channel = textAt(event, "channel");
  const ts = textAt(event, "ts");
  const user = textAt(event, "user");
  if (!channel || !ts || !user || isFromBot(event, where)) return undefined;
  const own = textAt(event, "text") ?? "";
  const markup = `${own}${forwarded(event)}`;
  const root = rootOf(where, channel, textAt(event, "thread_ts"));
  const direct = isDirect(channel) || textAt(event, "channel_type") === "im";
  const thread = direct ? threadId(where.team, channel, root) : threadOf(where, channel, root, ts);
  return {
    id: messageId(where.team, channel, ts),
    thread,
    channel: channelId(where.team, channel),
    author: people(user),
    text: toMarkdown(markup, (id) => (id === where.bot ? undefined : people(id).name), where.bot),
    sentAt: Math.round(Number(ts) * 1000) || 0,
    order: ts,
    visibility: direct ? "private" : "shared",
    addressed: direct || where.supportChannels.has(channel) || mentions(own, where.bot),
    files: listAt(event, "files").flatMap((file) => fileFrom(file, where.team)),
  };
}

/** A message below which there are answers names itself as its thread; it stands where it stood before. */
function threadTsOf(message: Json | undefined): string | undefined {
  const root = textAt(message, "thread_ts");
  return root === textAt(message, "ts") ? undefined : root;
}

/** The first message of the Slack thread; undefined outside of any, and for one that is part of a longer conversation. */
export function rootOf(where: Where, channel: string, root: string | undefined): string | undefined {
  return root !== undefined && where.isFlat?.(channel, root) ? undefined : root;
}

function threadOf(where: Where, channel: string, root: string | undefined, ts: string) {
  return threadId(where.team, channel, root ?? (isDirect(channel) ? undefined : ts));
}

function isFromBot(message: Json, where: Where): boolean {
  const user = textAt(message, "user");
  return (
    textAt(message, "bot_id") !== undefined ||
    at(message, "bot_profile") !== undefined ||
    textAt(message, "subtype") === "bot_message" ||
    user === where.bot ||
    user === "USLACKBOT"
  );
}

/** Messages that were forwarded into this one, quoted. */
function forwarded(event: Json): string {
  return listAt(event, "attachments")
    .filter((one) => one.is_share === true || one.is_msg_unfurl === true)
    .slice(0, 5)
    .map((one) => `\n${(textAt(one, "text") ?? textAt(one, "fallback") ?? "").replace(/^/gm, "&gt; ")}`)
    .join("");
}

/** Files that are gone, hidden or kept elsewhere have nothing to fetch; nor has one that is only named, see `shared-files.ts`. */
export function fileFrom(file: Json, team: string): FileRef[] {
  const id = textAt(file, "id");
  const source = textAt(file, "url_private_download") ?? textAt(file, "url_private");
  const mode = textAt(file, "mode");
  if (!id || mode === "tombstone" || mode === "hidden_by_limit") return [];
  const mediaType = textAt(file, "mimetype") ?? "application/octet-stream";
  const voice = textAt(file, "subtype") === "slack_audio" || mediaType.startsWith("audio/");
  return [
    {
      id: `${platformName}:${team}:${id}`,
      name:
        textAt(file, "name") ?? textAt(file, "title") ?? (mode === "file_access" ? `shared file ${id}` : id),
      mediaType,
      bytes: typeof file.size === "number" ? file.size : 0,
      ...(source === undefined ? {} : { source }),
      ...(voice ? { voice: true } : {}),
    },
  ];
}

/** Slack does not say in which thread a reaction happened; outside of direct messages the message's own is given. */
function reaction(event: Json, keys: string[], where: Where, people: People): Incoming | undefined {
  const channel = textAt(event, "item", "channel");
  const ts = textAt(event, "item", "ts");
  const user = textAt(event, "user");
  const emoji = textAt(event, "reaction");
  if (!channel || !ts || !user || !emoji || user === where.bot) return undefined;
  const message = messageId(where.team, channel, ts);
  const added = event.type === "reaction_added";
  const when = textAt(event, "event_ts") ?? "";
  return {
    kind: "reaction",
    keys: [`${message}:${emoji}:${user}:${added ? "added" : "removed"}:${when}`, ...keys],
    message,
    thread: threadOf(where, channel, undefined, ts),
    channel: channelId(where.team, channel),
    by: people(user),
    emoji: toUnicode(emoji),
    added,
  };
}

function homeOpened(event: Json, keys: string[], where: Where, people: People): Incoming | undefined {
  const user = textAt(event, "user");
  if (!user || (textAt(event, "tab") ?? "home") !== "home") return undefined;
  const when = textAt(event, "event_ts") ?? "";
  const channel = textAt(event, "channel") ?? user;
  return {
    kind: "home",
    keys: [`${userId(where.team, user)}:home:${when}`, ...keys],
    interaction: "",
    by: people(user),
    channel: channelId(where.team, channel),
  };
}

/** What staff read; `where` is the workspace's or the channel's id. */
const troubles: Readonly<Record<string, (where: string) => string>> = {
  tokens_revoked: (where) =>
    `The Slack workspace ${where} has revoked the app's tokens. Install the app again.`,
  app_uninstalled: (where) => `The app was removed from the Slack workspace ${where}. Install it again.`,
  channel_left: (where) => `The bot was removed from the desk's channel ${where}. Invite it again.`,
  group_left: (where) => `The bot was removed from the desk's channel ${where}. Invite it again.`,
  channel_archive: (where) => `The desk's channel ${where} was archived.`,
  group_archive: (where) => `The desk's channel ${where} was archived.`,
  channel_deleted: (where) => `The desk's channel ${where} was deleted.`,
  group_deleted: (where) => `The desk's channel ${where} was deleted.`,
};

function trouble(event: Json, keys: string[], where: Where): Incoming | undefined {
  const code = textAt(event, "type") ?? "";
  const told = troubles[code];
  if (told === undefined || !tellsOfBot(event)) return undefined;
  const channel = textAt(event, "channel");
  const text = told(channel ?? where.team);
  if (channel !== undefined && channel !== where.deskChannel && !where.supportChannels.has(channel)) {
    return undefined;
  }
  const when = textAt(event, "event_ts") ?? "";
  const main = `${platformName}:${where.team}:${code}:${channel ?? ""}:${when}`;
  return {
    kind: "trouble",
    keys: keys[0] === undefined ? [main] : [keys[0], ...keys.slice(1)],
    code,
    text,
    ...(channel === undefined ? {} : { channel: channelId(where.team, channel) }),
  };
}

/** `tokens_revoked` also tells of users' own tokens, which are none of the desk's. */
function tellsOfBot(event: Json): boolean {
  const tokens = at(event, "tokens");
  return !tokens || !("bot" in tokens) || (Array.isArray(tokens.bot) && tokens.bot.length > 0);
}

/** Whether the event says that this workspace's token is of no use any more. */
export function endsInstallation(incoming: Incoming): boolean {
  return (
    incoming.kind === "trouble" && (incoming.code === "tokens_revoked" || incoming.code === "app_uninstalled")
  );
}
