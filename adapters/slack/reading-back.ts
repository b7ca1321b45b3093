/**
 * Reading off a channel what of a post has arrived. Everything that the desk posts carries its outbox key, which part of
 * the post it is, and of how many: as message metadata, which only the bot's own messages are believed. Slack keeps that;
 * a server that does not may give back the `client_msg_id` that each part has. Where it keeps neither, a part is told by
 * its very text, if that came after the post was begun and is no other post's.
 */
import { DeskError } from "../../src/errors.ts";
import { type DirectThreads, metadataType } from "./direct-threads.ts";
import { at, type Json, listAt, record, textAt } from "./payload.ts";
import { isDirect, type Place } from "./thread-id.ts";
import type { ArgumentsOf, WebApi } from "./web-api.ts";
import type { Workspace, Workspaces } from "./workspaces.ts";

/** What stands in the metadata; other apps can read it, so it is an opaque key and numbers. */
export interface Label {
  id: string;
  part: number;
  of: number;
  files: number;
}

export type Metadata = NonNullable<ArgumentsOf<"chat.stopStream">["metadata"]>;

export function metadataOf(key: string, part: number, of: number, files: number): Metadata {
  return { event_type: metadataType, event_payload: { id: key, part, of, files } };
}

/** What is looked for. */
export interface Search {
  place: Place;
  key: string;
  /** Everything of the post is later than this; undefined: nothing is known. */
  after: string | undefined;
  /** What was posted; undefined: it is told by its key alone. */
  wanted?: Wanted | undefined;
  /** The text of a stream of which it is not known whether it began. */
  streamText: string | undefined;
}

export interface Wanted {
  /** Each part's `client_msg_id` and its text, as they were sent. */
  parts: readonly { id: string; text: string }[];
  files: number;
  /** A message without label and id that is older than this is none of it; a ts. Undefined: none is. */
  since: string | undefined;
  /** Whether a message is known to be another post's, or one that is finished. */
  taken(ts: string): Promise<boolean>;
}

export interface Found {
  /** The ts of each part. */
  parts: Map<number, string>;
  /** How many parts there should be, and how many files; undefined when none of it is there. */
  whole: { of: number; files: number } | undefined;
  /** Whether files were shared after the last part. */
  filesDone: boolean;
  /** The stream that was looked for. */
  stream: string | undefined;
  /** Streams of the bot that were never finished. */
  unfinished: string[];
}

/** What has been read so far. */
interface Reading extends Found {
  files: string[];
  /** The bot's own that carry neither a label nor an id, by their text. */
  bare: { ts: string; text: string }[];
  /** The server gives back what messages were sent with. */
  keeps: boolean;
}

const pageSize = 200;
const pagesMax = 50;
/** Threads of a flat conversation that are looked through, the newest first. */
const rootsMax = 20;

export interface ReadingBackParts {
  api: WebApi;
  workspaces: Workspaces;
  directThreads: DirectThreads;
}

/** @throws DeskError platform_*; platform_ambiguous when there are too many messages to be certain */
export function createReadingBack(parts: ReadingBackParts): (search: Search) => Promise<Found> {
  const { api, workspaces, directThreads } = parts;

  return async (search) => {
    const { place, after } = search;
    const workspace = await workspaces.find(place.team);
    await directThreads.recall(place);
    const found: Reading = {
      parts: new Map(),
      whole: undefined,
      filesDone: false,
      stream: undefined,
      unfinished: [],
      files: [],
      bare: [],
      keeps: false,
    };
    const roots = new Set<string>();
    const notice = (message: Json) => {
      if (isOwn(message, workspace)) take(found, message, search);
    };
    for await (const message of messagesOf(api, place, after)) {
      notice(message);
      const answered = Number(message.reply_count) > 0 && isOwn(message, workspace) && labelOf(message);
      if (answered && roots.size < rootsMax) roots.add(textAt(message, "ts") ?? "");
    }
    await recognise(found, search.wanted);
    for (const root of threadsOf(place, found, roots, directThreads)) {
      for await (const message of messagesOf(api, { ...place, ts: root }, after)) {
        if (message.ts !== root) notice(message);
      }
    }
    await recognise(found, search.wanted);
    const last = found.parts.get((found.whole?.of ?? 1) - 1);
    found.filesDone = last !== undefined && found.files.some((ts) => ts > last);
    return found;
  };
}

export function isOwn(message: Json, workspace: Workspace | undefined): boolean {
  const user = textAt(message, "user");
  if (user !== undefined) return user === workspace?.bot;
  return workspace?.botId !== undefined && textAt(message, "bot_id") === workspace.botId;
}

function take(found: Reading, message: Json, { key, wanted, streamText }: Search): void {
  const ts = textAt(message, "ts");
  if (ts === undefined) return;
  const label = labelOf(message) ?? idIn(message, key, wanted);
  if (label) {
    found.keeps = true;
    if (label.id !== key) return;
    found.parts.set(label.part, ts);
    found.whole = { of: label.of, files: label.files };
  } else if (listAt(message, "files").length > 0) found.files.push(ts);
  else if (streamText !== undefined && isStreamOf(message, streamText)) found.stream = ts;
  else if (textAt(message, "streaming_state") !== undefined) found.unfinished.push(ts);
  else found.bare.push({ ts, text: textAt(message, "text") ?? "" });
}

/** The label of a message that has none, by the id that it was sent with. */
function idIn(message: Json, key: string, wanted: Wanted | undefined): Label | undefined {
  const id = textAt(message, "client_msg_id");
  if (id === undefined) return undefined;
  const part = wanted?.parts.findIndex((one) => one.id === id) ?? -1;
  if (!wanted || part < 0) return { id: "", part: 0, of: 1, files: 0 };
  return { id: key, part, of: wanted.parts.length, files: wanted.files };
}

/** By their texts, in their order, and no further than they are all there: the parts for which the server keeps no name. */
async function recognise(found: Reading, wanted: Wanted | undefined): Promise<void> {
  const since = wanted?.since;
  if (!wanted || since === undefined || found.keeps) return;
  const texts = new Set(wanted.parts.map(({ text }) => text));
  const free: { ts: string; text: string }[] = [];
  for (const one of found.bare.sort((a, b) => (a.ts < b.ts ? -1 : 1)))
    if (texts.has(one.text) && one.ts > since && !(await wanted.taken(one.ts))) free.push(one);
  let after = "";
  for (const [part, { text }] of wanted.parts.entries()) {
    const ts = free.find((one) => one.ts > after && one.text === text)?.ts;
    if (ts === undefined) return;
    found.parts.set(part, ts);
    found.whole = { of: wanted.parts.length, files: wanted.files };
    after = ts;
  }
}

/** What the desk has noted with a message of its own. */
export function labelOf(message: Json): Label | undefined {
  if (textAt(message, "metadata", "event_type") !== metadataType) return undefined;
  const payload = at(message, "metadata", "event_payload");
  const id = textAt(payload, "id");
  if (id === undefined) return undefined;
  const [part, of, files] = [payload?.part, payload?.of, payload?.files].map(Number);
  return { id, part: part || 0, of: of || 1, files: files || 0 };
}

function isStreamOf(message: Json, text: string): boolean {
  if (textAt(message, "streaming_state") === "in_progress") return true;
  const shown = textAt(message, "text") ?? "";
  return shown !== "" && text.startsWith(shown);
}

/** The further threads in which parts of a post to this place may stand. */
function threadsOf(
  place: Place,
  found: Found,
  answered: Set<string>,
  directThreads: DirectThreads,
): Set<string> {
  if (place.ts !== undefined) return new Set();
  if (isDirect(place.channel)) {
    const surface = directThreads.surfaceOf(place);
    return surface === undefined ? answered : answered.add(surface);
  }
  const { parts, whole } = found;
  const first = parts.get(0);
  return new Set(first !== undefined && whole && (whole.of > 1 || whole.files > 0) ? [first] : []);
}

/** Newest first in a channel, oldest first in a thread. */
export async function* messagesOf(
  api: WebApi,
  { team, channel, ts }: Place,
  after: string | undefined,
): AsyncGenerator<Json> {
  let cursor: string | undefined;
  for (let page = 0; page < pagesMax; page += 1) {
    const range = {
      channel,
      include_all_metadata: true,
      limit: pageSize,
      ...(after === undefined ? {} : { oldest: after }),
      ...(cursor ? { cursor } : {}),
    };
    const answer =
      ts === undefined
        ? await api.call(team, "conversations.history", range)
        : await api.call(team, "conversations.replies", { ...range, ts });
    for (const message of answer.messages ?? []) {
      const one = record(message);
      if (one) yield one;
    }
    cursor = answer.response_metadata?.next_cursor;
    if (!cursor) return;
  }
  throw new DeskError("platform_ambiguous", "there are too many messages to look through");
}
