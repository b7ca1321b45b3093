/** What Discord tells, as the core knows it. Pure: the same event always gives the same `Incoming`, or undefined. */
import type {
  APIAttachment,
  APIMessage,
  APIUser,
  GatewayMessageReactionAddDispatchData,
  GatewayMessageReactionRemoveDispatchData,
} from "discord.js";
import type { FileRef, Incoming, Message, Person } from "../../src/message.ts";
import type { MessageId, ThreadId } from "../../src/thread.ts";
import { type Names, oneLine, readText } from "./inbound-text.ts";
import { type Place, type Scope, situate, threadOf } from "./place.ts";
import {
  channelIdOf,
  messageIdOf,
  orderOf,
  tenant,
  threadIdOf,
  timeOfSnowflake,
  userIdOf,
} from "./thread-id.ts";

/** A message as the gateway, the REST API or an interaction gives it; servers leave out what is empty. */
export type RawMessage = Pick<APIMessage, "id" | "channel_id"> &
  Partial<APIMessage> & {
    guild_id?: string;
    member?: { nick?: string | null; roles?: string[] };
  };
export type RawReaction = GatewayMessageReactionAddDispatchData | GatewayMessageReactionRemoveDispatchData;
export interface RawDeletion {
  id: string;
  channel_id: string;
}

/** What is known around an event. */
export interface Surroundings {
  place: Place;
  scope: Scope;
  /** Names of channels and roles, for mentions. */
  names: Pick<Names, "channel" | "role">;
}

const kind = { default: 0, reply: 19 } as const;
const flag = { hasThread: 1 << 5, voice: 1 << 13 } as const;

/** A new message. Undefined: written by a program, by Discord itself, or not for us. */
export function messageIn(raw: RawMessage, around: Surroundings): Incoming | undefined {
  const message = readMessage(raw, around);
  return message && { kind: "message", keys: [message.id], message };
}

/** A changed message. Undefined also when its words have not changed, e.g. when a preview was added. */
export function editIn(raw: RawMessage, around: Surroundings): Incoming | undefined {
  const message = raw.edited_timestamp ? readMessage(raw, around) : undefined;
  return message && { kind: "edit", keys: [`${message.id}:edit:${raw.edited_timestamp}`], message };
}

export function deletionIn(raw: RawDeletion, { place, scope }: Surroundings): Incoming | undefined {
  const situation = situate(place, scope);
  if (!situation || !(situation.heard || scope.knows(raw.id))) return undefined;
  const message = messageIdOf(raw.channel_id, raw.id);
  return {
    kind: "deletion",
    keys: [`${message}:deletion`],
    message,
    thread: threadOf(place, situation, raw.id),
    channel: channelIdOf(situation.channel),
  };
}

/**
 * A reaction has no id of its own: `at` makes its key unique among those of the same person to the same message.
 * @param by the person's name, where the event does not carry it
 */
export function reactionIn(
  raw: RawReaction,
  added: boolean,
  at: string,
  by: string | undefined,
  { place, scope }: Surroundings,
): Incoming | undefined {
  const situation = situate(place, scope);
  if (!situation || raw.user_id === scope.self) return undefined;
  if (!(situation.heard || scope.knows(raw.message_id))) return undefined;
  const { member } = raw as GatewayMessageReactionAddDispatchData;
  if (member?.user?.bot) return undefined;
  const message = messageIdOf(raw.channel_id, raw.message_id);
  const emoji = raw.emoji.id ? `:${raw.emoji.name ?? "emoji"}:` : (raw.emoji.name ?? "");
  return {
    kind: "reaction",
    keys: [`${message}:reaction:${raw.user_id}:${emoji}:${added ? "added" : "removed"}:${at}`],
    message,
    thread: threadOf(place, situation, raw.message_id),
    channel: channelIdOf(situation.channel),
    by: member?.user
      ? personOf(member.user, member.nick)
      : { id: userIdOf(raw.user_id), tenant, name: by ?? "someone" },
    emoji,
    added,
  };
}

/** The message, if a person wrote it and it is for us. */
function readMessage(raw: RawMessage, around: Surroundings): Message | undefined {
  const { place, scope } = around;
  const situation = situate(place, scope);
  if (!situation || !writtenByPerson(raw)) return undefined;
  const mentioned = mentions(raw, scope);
  if (!situation.heard && !mentioned && !scope.knows(raw.id)) return undefined;
  const message = readWords(raw, around);
  if (message.text === "" && message.files.length === 0 && !mentioned) return undefined;
  const { repliesToThread } = referenceOf(raw, place);
  return {
    ...message,
    thread: repliesToThread ?? threadOf(place, situation, raw.id),
    channel: channelIdOf(situation.channel),
    visibility: situation.visibility,
    addressed: situation.addressed || mentioned,
  };
}

/** A message that somebody points at ("Open a ticket"), wherever it stands and whoever wrote it. */
export function messageAt(raw: RawMessage, around: Surroundings): Message | undefined {
  const { place } = around;
  if (!raw.author) return undefined;
  const inThread = place.kind === "thread" || place.kind === "private_thread";
  const channel = (inThread ? place.parent : undefined) ?? place.id;
  const own = inThread || place.kind === "direct" ? place.id : raw.id;
  return {
    ...readWords(raw, around),
    thread: threadIdOf(place.kind === "direct" ? "@me" : channel, own),
    channel: channelIdOf(channel),
    visibility: place.kind === "direct" ? "private" : "shared",
    addressed: true,
  };
}

function readWords(
  raw: RawMessage,
  { place, scope, names }: Surroundings,
): Omit<Message, "thread" | "channel" | "visibility" | "addressed"> {
  const called = new Map((raw.mentions ?? []).map((user) => [user.id, nameOf(user)]));
  const text = wordsOf(raw)
    .map((words) => readText(words, scope.self, { ...names, user: (id) => called.get(id) }))
    .filter((words) => words !== "");
  if (opensPost(raw, place)) text.unshift(oneLine(place.name, 100));
  const { repliesTo } = referenceOf(raw, place);
  return {
    id: messageIdOf(raw.channel_id, raw.id),
    author: personOf(raw.author ?? { id: "0", username: "someone" }, raw.member?.nick),
    text: text.join("\n\n"),
    sentAt: (raw.timestamp && Date.parse(raw.timestamp)) || timeOfSnowflake(raw.id),
    order: orderOf(raw.id),
    files: [raw, ...forwardedIn(raw)].flatMap(filesOf),
    ...(repliesTo === undefined ? {} : { replyTo: repliesTo }),
  };
}

/** Its content, and what stands in place of content: forwarded messages and stickers. */
function wordsOf(raw: RawMessage): string[] {
  const words = [raw.content ?? ""];
  for (const message of forwardedIn(raw)) {
    const quoted = message.content ? [message.content.replace(/^/gm, "> ")] : [];
    const shown = [...quoted, ...stickersIn(message)];
    const bare = shown.length === 0 && filesOf(message).length === 0;
    words.push(...(bare ? ["(forwarded message)"] : shown));
  }
  words.push(...stickersIn(raw));
  if (raw.poll?.question.text) words.push(`(poll: ${oneLine(raw.poll.question.text, 300)})`);
  return words;
}

/** What stands in a message, or in one that it forwards. */
type Shown = Partial<Pick<APIMessage, "content" | "attachments" | "flags" | "sticker_items">>;

const forwardedIn = (raw: RawMessage): Shown[] =>
  (raw.message_snapshots ?? []).map(({ message }) => message ?? {});

const stickersIn = (shown: Shown): string[] =>
  (shown.sticker_items ?? []).map(({ name }) => `(sticker: ${oneLine(name, 50)})`);

const filesOf = (shown: Shown): FileRef[] =>
  (shown.attachments ?? []).map((file) => fileOf(file, ((shown.flags ?? 0) & flag.voice) !== 0));

/** A forum post's first message has the post's id, and the title is part of what is asked. */
const opensPost = (raw: RawMessage, place: Place): boolean =>
  place.kind === "thread" && raw.id === place.id && place.name !== "";

function writtenByPerson(raw: RawMessage): boolean {
  if (!raw.author || raw.author.bot || raw.author.system || raw.webhook_id) return false;
  return raw.type === undefined || raw.type === kind.default || raw.type === kind.reply;
}

function mentions(raw: RawMessage, scope: Scope): boolean {
  return (
    (raw.mentions ?? []).some((user) => user.id === scope.self) ||
    (raw.mention_roles ?? []).some((role) => scope.isBotRole(role))
  );
}

/** A reply in the channel to a question that has a thread belongs into that thread. */
function referenceOf(raw: RawMessage, place: Place): { repliesTo?: MessageId; repliesToThread?: ThreadId } {
  const reference = raw.type === kind.reply ? raw.message_reference : undefined;
  if (!reference?.message_id) return {};
  const channel = reference.channel_id ?? raw.channel_id;
  const target = raw.referenced_message;
  const hasThread = target && (target.thread || ((target.flags ?? 0) & flag.hasThread) !== 0);
  const opens = hasThread && place.kind === "text" && channel === place.id;
  return {
    repliesTo: messageIdOf(channel, reference.message_id),
    ...(opens ? { repliesToThread: threadIdOf(place.id, reference.message_id) } : {}),
  };
}

function fileOf(file: APIAttachment, voice: boolean): FileRef {
  return {
    id: file.id,
    name: oneLine(file.filename ?? "file", 200),
    mediaType: (file.content_type ?? "application/octet-stream").split(";")[0]?.trim() ?? "",
    bytes: file.size ?? 0,
    source: file.url,
    ...(voice ? { voice: true } : {}),
  };
}

type RawUser = Pick<APIUser, "id"> & Partial<APIUser>;

export function personOf(user: RawUser, nick?: string | null, locale?: string): Person {
  return {
    id: userIdOf(user.id),
    tenant,
    name: oneLine(nick || nameOf(user), 80) || "someone",
    ...(locale === undefined ? {} : { locale }),
  };
}

const nameOf = (user: RawUser): string => user.global_name || user.username || "someone";
