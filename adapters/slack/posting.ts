/**
 * Posting, so that nothing is shown twice. Each part of a post carries its outbox key as message metadata, and an id made
 * of it for servers that keep none. How far a post came is remembered while the program runs; after a doubt, or in a new
 * process, `find` reads it off the channel, and the next `post` goes on from there:
 *
 *   post ──▶ part 1 ──▶ part 2 ──▶ … ──▶ files ──▶ posted
 *              │ error: thrown; what is known to have arrived is remembered
 *              ▼ no answer: thrown as ambiguous; `find` (or the next `post`) looks first
 */
import { createHash } from "node:crypto";
import { codeOf, DeskError } from "../../src/errors.ts";
import type { Log } from "../../src/log.ts";
import type { Post, Posted, Sought, Target } from "../../src/platform.ts";
import type { MessageId } from "../../src/thread.ts";
import type { Belongings } from "./belongings.ts";
import type { DirectThreads } from "./direct-threads.ts";
import { slackErrorOf } from "./faults.ts";
import { type FeedbackStyle, type Part, tailOf, toParts, toSome } from "./outgoing.ts";
import { type Found, type Metadata, metadataOf, type Search, type Wanted } from "./reading-back.ts";
import { isDirect, messageId, type Place, placeOf, threadId } from "./thread-id.ts";
import type { Upload } from "./upload.ts";
import type { ArgumentsOf, WebApi } from "./web-api.ts";

export interface Posting {
  post(target: Target, post: Post, key: string): Promise<Posted>;
  find(target: Target, key: string, sent?: Sought): Promise<Posted | undefined>;
  edit(message: MessageId, post: Post): Promise<void>;
  remove(message: MessageId): Promise<void>;
  /** What a finished stream shows below its text. */
  tail(team: string, post: Post): ReturnType<typeof tailOf>;
  /** Says that something may be shown under this key from now on. */
  begin(place: Place, key: string): void;
  /** A stream in this place is this process's own until `over`: what has no such guardian was left by a dead one. */
  guard(place: Place): { shownAt(ts: string): void; over(): void };
  /** Deletes what `leave` left. */
  takeBack(place: Place, key: string): Promise<void>;
  /** Nothing is left of this key. */
  forget(key: string): void;
  /** The first part of the post is this message already. */
  adopt(place: Place, key: string, ts: string): void;
  /** Something unfinished is visible under this key: the next `post` deletes it first. `undefined` ts: to be looked for. */
  leave(place: Place, key: string, ts: string | undefined, text: string): void;
  /** Slack's clock in this channel as it was last seen: what is posted from now on is later. */
  saw(team: string, channel: string, ts: string): void;
}

/** How far a post has come. */
interface Progress {
  /** The ts of each part that has arrived. */
  parts: Map<number, string>;
  filesDone: boolean;
  /** The ids of what was shared; undefined where that is not known. */
  files: string[] | undefined;
  /** A send ended without an answer: look before the next. */
  doubtful: boolean;
  /** Everything of this post is later than this. */
  after: string | undefined;
  /** Unfinished things to be deleted first. */
  remnant: { ts: string | undefined; text: string } | undefined;
}

/** What tells one part of a post from everything else. */
interface Label {
  metadata: Metadata;
  id: string;
  n: number;
}

/** What was posted under a key, and what is known of other posts. */
type Sent = Pick<Sought, "post"> & Partial<Sought>;

const rememberedMax = 5_000;
/** What Slack says of blocks that it does not take; the words alone it takes. */
const refusingBlocks = new Set([
  "invalid_blocks",
  "invalid_blocks_format",
  "msg_blocks_too_long",
  "msg_blocks_too_many",
]);
/** The desk's clock may be ahead of the server's by so much. */
const clockSkewMs = 120_000;

interface PostingParts {
  api: WebApi;
  readingBack: (search: Search) => Promise<Found>;
  directThreads: DirectThreads;
  belongings: Belongings;
  upload: Upload;
  log: Log;
}

export function createPosting(given: PostingParts): Posting {
  const { api, readingBack, directThreads, belongings, upload, log } = given;
  const progress = new Map<string, Progress>();
  const lastSeen = new Map<string, string>();
  const plainFeedback = new Set<string>();
  /** Whose messages are known, by where they stand. */
  const owners = new Map<string, string>();
  /** The streams that this process is writing, by place. */
  const guards = new Map<string, { ts: string | undefined }[]>();

  const styleOf = (team: string): FeedbackStyle => (plainFeedback.has(team) ? "plain" : "native");

  /** @param after what is known to be earlier than everything of this post */
  function progressOf(key: string, after: string | undefined): Progress {
    const known = progress.get(key);
    if (known) return known;
    const fresh: Progress = {
      parts: new Map(),
      filesDone: false,
      files: [],
      doubtful: false,
      after,
      remnant: undefined,
    };
    keep(progress, key, fresh);
    return fresh;
  }

  const begin = ({ team, channel }: Place, key: string) =>
    progressOf(key, lastSeen.get(`${team} ${channel}`));

  async function post(target: Target, content: Post, key: string): Promise<Posted> {
    const place = placeOfTarget(target);
    const done = begin(place, key);
    if (done.doubtful) await readBack(place, key, done, { post: content });
    await deleteRemnant(place, key, done);
    const parts = toParts(content, styleOf(place.team));
    const files = content.files ?? [];
    try {
      for (const [n, part] of parts.entries()) {
        if (done.parts.has(n)) continue;
        const metadata = metadataOf(key, n, parts.length, files.length);
        const id = idOf(key, n);
        done.parts.set(n, await postPart(threaded(place, done), part, content, { metadata, id, n }));
      }
      if (files.length > 0 && !done.filesDone) {
        done.files = await upload(shownIn(threaded(place, done)), files);
        done.filesDone = true;
      }
    } catch (error) {
      done.doubtful = codeOf(error) === "platform_ambiguous";
      throw error;
    }
    return concluded(place, key, done);
  }

  function concluded(place: Place, key: string, done: Progress): Posted {
    progress.delete(key);
    for (const ts of done.parts.values()) keep(owners, `${place.team} ${place.channel} ${ts}`, key);
    return posted(place, done);
  }

  function shownIn(place: Place): Place {
    const ts = place.ts ?? directThreads.surfaceOf(place);
    return ts === undefined ? place : { ...place, ts };
  }

  /** In a channel the later parts of a post stand in the first one's thread. */
  function threaded(place: Place, done: Pick<Progress, "parts">): Place {
    const first = done.parts.get(0);
    if (place.ts !== undefined || first === undefined || isDirect(place.channel)) return place;
    return { ...place, ts: first };
  }

  function posted({ team, channel, ts }: Place, done: Progress): Posted {
    const first = done.parts.get(0) ?? "";
    const id = messageId(team, channel, first);
    const later = [...done.parts].filter(([n]) => n > 0).map(([, one]) => one);
    if (done.files) belongings.keep(id, { parts: later, files: done.files });
    return { id, thread: threadId(team, channel, ts ?? (isDirect(channel) ? undefined : first)) };
  }

  /** A workspace that does not know an element of ours gets a plainer message, not none. */
  async function postPart(place: Place, part: Part, content: Post, label: Label): Promise<string> {
    try {
      return await send(place, part, label);
    } catch (error) {
      if (!refusingBlocks.has(slackErrorOf(error) ?? "")) throw error;
      log.warn("slack.blocks_refused", { team: place.team, error });
      if (content.feedback !== undefined && styleOf(place.team) === "native") {
        keep(plainFeedback, place.team);
        return postPart(place, toParts(content, "plain")[label.n] ?? part, content, label);
      }
      return send(place, { text: part.text, blocks: [] }, label);
    }
  }

  async function send(place: Place, part: Part, { metadata, id }: Label): Promise<string> {
    const { team, channel, ts } = shownIn(place);
    const message: ArgumentsOf<"chat.postMessage"> & { client_msg_id: string } = {
      channel,
      ...(ts === undefined ? {} : { thread_ts: ts }),
      text: part.text,
      ...(part.blocks.length === 0 ? {} : { blocks: part.blocks }),
      unfurl_links: false,
      unfurl_media: false,
      metadata,
      client_msg_id: id,
    };
    const answer = await api.call(team, "chat.postMessage", message);
    const shown = answer.ts ?? answer.message?.ts;
    if (!shown) throw new DeskError("platform_ambiguous", "chat.postMessage: an answer without a ts");
    saw(team, channel, shown);
    if (ts === undefined && isDirect(channel)) directThreads.posted(team, channel, shown);
    return shown;
  }

  /** Reads off the channel how far the post has come. */
  async function readBack(place: Place, key: string, done: Progress, sent?: Sent): Promise<Found> {
    const streamText = done.remnant && done.remnant.ts === undefined ? done.remnant.text : undefined;
    const wanted = sent && wantedOf(place, key, done, sent);
    const found = await readingBack({ place, key, after: done.after, wanted, streamText });
    if (streamText !== undefined) {
      done.remnant = found.stream === undefined ? undefined : { ts: found.stream, text: streamText };
    }
    done.parts = found.parts;
    done.filesDone = found.filesDone;
    if (found.filesDone) done.files = undefined;
    done.doubtful = false;
    return found;
  }

  function wantedOf({ team, channel }: Place, key: string, { after }: Progress, sent: Sent): Wanted {
    const { since } = sent;
    return {
      parts: toParts(sent.post, styleOf(team)).map(({ text }, n) => ({ id: idOf(key, n), text })),
      files: sent.post.files?.length ?? 0,
      since: after ?? (since === undefined ? undefined : String((since - clockSkewMs) / 1000)),
      async taken(ts) {
        const owner = owners.get(`${team} ${channel} ${ts}`);
        if (owner !== undefined) return owner !== key;
        return (await sent.taken?.(messageId(team, channel, ts))) ?? false;
      },
    };
  }

  /** Streams that a process which has died was writing stay half-written for ever: they are taken back when seen. */
  async function takeBackDead({ team, channel }: Place, unfinished: string[]): Promise<void> {
    const own = guards.get(`${team} ${channel}`) ?? [];
    if (own.some((stream) => stream.ts === undefined)) return;
    for (const ts of unfinished) {
      if (own.some((stream) => stream.ts === ts)) continue;
      await api.call(team, "chat.stopStream", { channel, ts }).catch(() => undefined);
      await deleteMessage(team, channel, ts);
      log.info("slack.stream_taken_back", { team, channel, ts });
    }
  }

  async function deleteRemnant(place: Place, key: string, done: Progress): Promise<void> {
    if (done.remnant && done.remnant.ts === undefined) await readBack(place, key, done);
    if (done.remnant?.ts !== undefined) {
      const { team, channel } = place;
      await deleteMessage(team, channel, done.remnant.ts).catch((error: unknown) => {
        // It stays: no reason to keep the whole answer from the customer, or to try for ever.
        if (codeOf(error) !== "platform_refused") throw error;
        log.warn("slack.remnant_left", { team, channel, error });
      });
    }
    done.remnant = undefined;
  }

  async function change(message: MessageId, content: Post): Promise<void> {
    const { team, channel, ts = "" } = placeOf(message);
    // A card is one message.
    const rest = content.card ? undefined : await belongings.of(message);
    const parts = rest?.parts ?? [];
    const shown = toSome(content, styleOf(team), 1 + parts.length);
    for (const [n, one] of [ts, ...parts].entries()) {
      const part = shown[n];
      if (part) await api.call(team, "chat.update", { channel, ts: one, ...part });
      else await deleteMessage(team, channel, one);
    }
    if (rest) belongings.keep(message, { ...rest, parts: parts.slice(0, shown.length - 1) });
  }

  async function takeBackParts({ team, channel }: Place, done: Progress): Promise<void> {
    for (const [n, ts] of [...done.parts].reverse()) {
      await deleteMessage(team, channel, ts);
      done.parts.delete(n);
    }
  }

  async function deleteMessage(team: string, channel: string, ts: string): Promise<void> {
    try {
      await api.call(team, "chat.delete", { channel, ts });
    } catch (error) {
      if (slackErrorOf(error) !== "message_not_found") throw error;
    }
  }

  async function deleteFile(team: string, file: string): Promise<void> {
    try {
      await api.call(team, "files.delete", { file });
    } catch (error) {
      if (!["file_not_found", "file_deleted"].includes(slackErrorOf(error) ?? "")) throw error;
    }
  }

  function saw(team: string, channel: string, ts: string): void {
    const place = `${team} ${channel}`;
    const before = lastSeen.get(place);
    if (before === undefined || before < ts) keep(lastSeen, place, ts);
  }

  return {
    post,
    saw,
    tail: (team, content) => tailOf(content, styleOf(team)),
    async find(target, key, sent) {
      const place = placeOfTarget(target);
      // Where another process may have begun it, nothing bounds the search.
      const done = progressOf(key, undefined);
      const { whole, unfinished } = await readBack(place, key, done, sent);
      const isWhole = whole && done.parts.size >= whole.of && (whole.files === 0 || done.filesDone);
      if (!done.remnant) await takeBackDead(place, unfinished);
      else if (!isWhole) await deleteRemnant(place, key, done);
      if (!isWhole) {
        // Without a post nobody means to go on with it.
        if (!sent) await takeBackParts(place, done);
        return undefined;
      }
      return concluded(place, key, done);
    },
    async edit(message, content) {
      try {
        await change(message, content);
      } catch (error) {
        // Another process may have made it shorter since this one has looked.
        if (slackErrorOf(error) !== "message_not_found" || !belongings.forget(message)) throw error;
        await change(message, content);
      }
    },
    async remove(message) {
      const { team, channel, ts = "" } = placeOf(message);
      const { parts, files } = await belongings.of(message);
      for (const file of files) await deleteFile(team, file);
      // By the first one the others are found: it goes last.
      for (const one of [...parts, ts]) await deleteMessage(team, channel, one);
      belongings.forget(message);
    },
    begin,
    guard({ team, channel }) {
      const where = `${team} ${channel}`;
      const own: { ts: string | undefined } = { ts: undefined };
      guards.set(where, [...(guards.get(where) ?? []), own]);
      return {
        shownAt(ts) {
          own.ts = ts;
        },
        over() {
          const others = (guards.get(where) ?? []).filter((one) => one !== own);
          if (others.length > 0) guards.set(where, others);
          else guards.delete(where);
        },
      };
    },
    adopt: (place, key, ts) => void begin(place, key).parts.set(0, ts),
    leave(place, key, ts, text) {
      begin(place, key).remnant = { ts, text };
    },
    async takeBack(place, key) {
      const done = progress.get(key);
      if (done) await deleteRemnant(place, key, done);
      progress.delete(key);
    },
    forget: (key) => void progress.delete(key),
  };
}

export function placeOfTarget(target: Target): Place {
  return placeOf("thread" in target ? target.thread : target.channel);
}

/** What a part of a post is sent with as its `client_msg_id`. */
const idOf = (key: string, part: number): string => uuidFrom(`${key}/${part}`);

/** The same words always give the same UUID. */
function uuidFrom(words: string): string {
  const hex = createHash("sha256").update(words).digest("hex");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-5${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

/** Puts it last, and forgets the first when there are too many. */
function keep<V>(all: Map<string, V>, key: string, value: V): void;
function keep(all: Set<string>, key: string): void;
function keep<V>(all: Map<string, V> | Set<string>, key: string, value?: V): void {
  all.delete(key);
  if (all.size >= rememberedMax) all.delete(all.keys().next().value ?? "");
  if (all instanceof Set) all.add(key);
  else all.set(key, value as V);
}
