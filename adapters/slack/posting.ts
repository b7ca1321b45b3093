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
import { codeOf } from "../../src/errors.ts";
import type { Log } from "../../src/log.ts";
import type { Post, Posted, Sought, Target } from "../../src/platform.ts";
import type { Belongings } from "./belongings.ts";
import { deleteMessage } from "./deleting.ts";
import type { Guards } from "./guards.ts";
import { toParts } from "./outgoing.ts";
import { type Found, metadataOf, type Search, type Wanted } from "./reading-back.ts";
import { keepRecent } from "./recent.ts";
import type { Sending } from "./sending.ts";
import { isDirect, messageId, type Place, placeOf, threadId } from "./thread-id.ts";
import type { Upload } from "./upload.ts";
import type { WebApi } from "./web-api.ts";

export interface Posting {
  post(target: Target, post: Post, key: string): Promise<Posted>;
  find(target: Target, key: string, sent?: Sought): Promise<Posted | undefined>;
  /** Says that something may be shown under this key from now on. */
  begin(place: Place, key: string): void;
  /** Deletes what `leave` left. */
  takeBack(place: Place, key: string): Promise<void>;
  /** Nothing is left of this key. */
  forget(key: string): void;
  /** The first part of the post is this message already. */
  adopt(place: Place, key: string, ts: string): void;
  /** Something unfinished is visible under this key: the next `post` deletes it first. `undefined` ts: to be looked for. */
  leave(place: Place, key: string, ts: string | undefined, text: string): void;
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

/** What was posted under a key, and what is known of other posts. */
type Sent = Pick<Sought, "post"> & Partial<Sought>;

const rememberedMax = 5_000;
/** The desk's clock may be ahead of the server's by so much. */
const clockSkewMs = 120_000;

interface PostingParts {
  api: WebApi;
  sending: Sending;
  guards: Guards;
  readingBack: (search: Search) => Promise<Found>;
  belongings: Belongings;
  upload: Upload;
  log: Log;
}

export function createPosting(given: PostingParts): Posting {
  const { api, sending, guards, readingBack, belongings, upload, log } = given;
  const { shownIn, styleOf } = sending;
  const progress = new Map<string, Progress>();
  /** Whose messages are known, by where they stand. */
  const owners = new Map<string, string>();

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
    keepRecent(progress, key, fresh, rememberedMax);
    return fresh;
  }

  const begin = (place: Place, key: string) => progressOf(key, sending.lastSeen(place));

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
        done.parts.set(n, await sending.send(threaded(place, done), part, content, { metadata, id, n }));
      }
      if (files.length > 0 && !done.filesDone) {
        done.files = await upload(await shownIn(threaded(place, done)), files);
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
    for (const ts of done.parts.values())
      keepRecent(owners, `${place.team} ${place.channel} ${ts}`, key, rememberedMax);
    return posted(place, done);
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

  async function deleteRemnant(place: Place, key: string, done: Progress): Promise<void> {
    if (done.remnant && done.remnant.ts === undefined) await readBack(place, key, done);
    if (done.remnant?.ts !== undefined) {
      const { team, channel } = place;
      await deleteMessage(api, team, channel, done.remnant.ts).catch((error: unknown) => {
        // It stays: no reason to keep the whole answer from the customer, or to try for ever.
        if (codeOf(error) !== "platform_refused") throw error;
        log.warn("slack.remnant_left", { team, channel, error });
      });
    }
    done.remnant = undefined;
  }

  async function takeBackParts({ team, channel }: Place, done: Progress): Promise<void> {
    for (const [n, ts] of [...done.parts].reverse()) {
      await deleteMessage(api, team, channel, ts);
      done.parts.delete(n);
    }
  }

  return {
    post,
    async find(target, key, sent) {
      const place = placeOfTarget(target);
      // Where another process may have begun it, nothing bounds the search.
      const done = progressOf(key, undefined);
      const { whole, unfinished } = await readBack(place, key, done, sent);
      const isWhole = whole && done.parts.size >= whole.of && (whole.files === 0 || done.filesDone);
      if (!done.remnant) await guards.takeBackOthers(place, unfinished);
      else if (!isWhole) await deleteRemnant(place, key, done);
      if (!isWhole) {
        // Without a post nobody means to go on with it, either.
        if (!sent || sent.over) await takeBackParts(place, done);
        return undefined;
      }
      return concluded(place, key, done);
    },
    begin,
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
