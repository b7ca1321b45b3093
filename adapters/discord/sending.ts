/**
 * One post, one set of messages, however often it is sent.
 *
 * Every message is created with a nonce made from the post's key and `enforce_nonce`: within a few minutes Discord
 * answers a second create with the first one's message. What of a post has arrived is remembered by its key, so that
 * another attempt goes on where the last one broke off, and a draft ends as the post it became.
 *
 * Later than the nonce, one looks: the bot's own messages in that place, by the tag in their buttons, else by their
 * words and the time since the first attempt, if they are not known to be another post's.
 */
import type { APIMessage } from "discord.js";
import type { Clock } from "../../src/clock.ts";
import { codeOf } from "../../src/errors.ts";
import type { Log } from "../../src/log.ts";
import type { Post, Sought } from "../../src/platform.ts";
import { behind, type DraftNote, markOf, readDraftNote, writeDraftNote } from "./draft-note.ts";
import { saysCode, unknownMessage } from "./faults.ts";
import { messagesOf, type OutgoingMessage, wordless } from "./outgoing.ts";
import { filesOf } from "./outgoing-files.ts";
import { createOwnMessages, noncesOf, type Part, sameWords, summaryOf } from "./own-messages.ts";
import { createRecent } from "./recent.ts";
import type { Rest } from "./rest.ts";
import { snowflakeAt } from "./thread-id.ts";
import type { Notes } from "./watermarks.ts";

export interface Sending {
  /**
   * Makes the messages under this key exactly those of the post, and returns their ids.
   * @param reply the message that is answered, in the same channel
   * @throws DeskError one of the platform_ codes; another call with this key goes on from there
   */
  show(channel: string, key: string, post: Post, reply?: string): Promise<string[]>;
  /**
   * The same for a draft, which is only on its way to be a post. Before anything of it is visible, or changes, it is
   * durable how it can be found.
   * @param since when it began, in milliseconds since 1970
   */
  grow(channel: string, key: string, pieces: readonly OutgoingMessage[], since: number): Promise<void>;
  /** Takes back what stands under this key. @throws DeskError */
  takeBack(key: string): Promise<void>;
  /**
   * The ids of the messages under this key, if all of them are there; what is there in part is gone on with.
   * @param sent the post, when it was first tried, and what is not its; without it, also a part of it, or of a draft, is found
   */
  find(channel: string, key: string, sent?: Sought): Promise<string[] | undefined>;
  /** Makes a message that was posted exactly this post. @throws DeskError */
  edit(channel: string, first: string, post: Post): Promise<void>;
  /** Deletes a message and those that belong to it. @throws DeskError */
  remove(channel: string, first: string): Promise<void>;
}

interface Attempt {
  channel: string;
  parts: Part[];
  /** What it should show. */
  wanted: readonly OutgoingMessage[];
  since: number;
  /** This process is showing it while it is written: it is no post yet. */
  growing: boolean;
}

const remembered = 2_000;
/** Clocks of two machines, and a first attempt that took its time. */
const clockSkewMs = 120_000;
const dayMs = 86_400_000;

export function createSending(parts: {
  rest: Rest;
  notes: Notes;
  clock: Clock;
  log: Log;
  self(): string;
}): Sending {
  const { rest, notes, clock, log } = parts;
  const attempts = createRecent<string, Attempt>(remembered);
  const own = createOwnMessages({ rest, self: parts.self, remembered: remembered * 2 });

  async function attemptOf(channel: string, key: string): Promise<Attempt> {
    const known = attempts.get(key);
    if (known?.channel === channel) return known;
    // Somebody else's, which may have grown since this process has read of it.
    if ((await notes.recall(`draft:${key}`)) !== undefined) await notes.reload();
    const ids = draftedIn(channel, key)?.messages ?? [];
    for (const id of ids) own.claim(id, key);
    const parts = ids.map((id) => ({ id, shows: undefined }));
    const attempt: Attempt = { channel, parts, wanted: [], since: clock.now(), growing: false };
    attempts.set(key, attempt);
    return attempt;
  }

  function draftedIn(channel: string, key: string): DraftNote | undefined {
    const note = readDraftNote(notes.get(`draft:${key}`));
    return note?.channel === channel ? note : undefined;
  }

  async function grow(
    channel: string,
    key: string,
    pieces: readonly OutgoingMessage[],
    since: number,
  ): Promise<void> {
    const attempt = await attemptOf(channel, key);
    attempt.growing = true;
    const { parts } = attempt;
    const after = behind(notes.get(`at:${channel}`), onDiscord(since) - clockSkewMs);
    const note = { channel, since, after: draftedIn(channel, key)?.after ?? after };
    const noteAs = (messages: readonly string[], words: readonly string[]) =>
      notes.set(`draft:${key}`, writeDraftNote({ ...note, messages, words }));
    if (pieces.length > parts.length) {
      const words = pieces.map(({ payload }) => markOf(payload.content));
      noteAs(
        parts.map((part) => part.id),
        words,
      );
    }
    await notes.flush();
    noteAs(await showPieces(channel, key, pieces), []);
  }

  /** A moment of this machine's clock by Discord's, not too late: a clock that is ahead, or was then, may be set at any time. */
  function onDiscord(moment: number): number {
    const now = rest.now();
    const then = moment - Math.max(0, clock.now() - now);
    return then <= now + clockSkewMs ? then : now - dayMs;
  }

  /** What a draft was about to show, and nobody has noted the ids of. */
  async function findDrafted(attempt: Attempt, key: string, taken?: Sought["taken"]): Promise<void> {
    const { channel } = attempt;
    const note = draftedIn(channel, key);
    if (!note || attempt.parts.length >= note.words.length) return;
    attempt.parts = await own.find(key, { ...attempt, behind: note.after, words: note.words, taken });
    const messages = attempt.parts.map((part) => part.id);
    notes.set(`draft:${key}`, writeDraftNote({ ...note, messages }));
  }

  async function showPieces(
    channel: string,
    key: string,
    pieces: readonly OutgoingMessage[],
    reply?: string,
  ): Promise<string[]> {
    const attempt = await attemptOf(channel, key);
    attempt.wanted = pieces;
    for (const [n, piece] of pieces.entries()) {
      const part = attempt.parts[n];
      const shows = summaryOf(piece.payload);
      if (!part) attempt.parts[n] = await create(channel, key, n, piece, n === 0 ? reply : undefined);
      else if (part.shows !== shows) {
        await rest.call("PATCH", `/channels/${channel}/messages/${part.id}`, { body: piece.payload });
        part.shows = shows;
      }
    }
    while (attempt.parts.length > pieces.length) {
      await erase(channel, attempt.parts.at(-1)?.id as string);
      attempt.parts.pop();
    }
    const ids = attempt.parts.map((part) => part.id);
    await noteParts(ids);
    return ids;
  }

  async function create(
    channel: string,
    key: string,
    n: number,
    piece: OutgoingMessage,
    reply: string | undefined,
  ): Promise<Part> {
    const { payload } = piece;
    const files = await filesOf(piece.files);
    const reference =
      reply === undefined ? {} : { message_reference: { message_id: reply, fail_if_not_exists: false } };
    const createAs = ([nonce, ...others]: readonly string[]): Promise<APIMessage> =>
      rest
        .call<APIMessage>("POST", `/channels/${channel}/messages`, {
          body: { ...payload, nonce, enforce_nonce: true, ...reference },
          ...files,
        })
        .catch((error: unknown) => {
          if (others.length > 0 && saysCode(error, unknownMessage)) return createAs(others);
          throw error;
        });
    const message = await createAs(noncesOf(key, n));
    own.claim(message.id, key);
    const part: Part = { id: message.id, shows: summaryOf(payload) };
    // The nonce was known already: what stands there is an earlier attempt, perhaps a part of the words.
    const whole = (message.components ?? []).length === payload.components.length;
    if (!whole || !sameWords(message.content, payload.content)) {
      await rest.call("PATCH", `/channels/${channel}/messages/${part.id}`, { body: payload });
    }
    return part;
  }

  async function erase(channel: string, id: string): Promise<void> {
    try {
      await rest.call("DELETE", `/channels/${channel}/messages/${id}`);
    } catch (error) {
      if (codeOf(error) !== "platform_unreachable") throw error;
    }
  }

  /** Saved at once where there are several: whoever did not know of the others would change, or delete, the first alone. */
  async function noteParts([first, ...more]: readonly string[]): Promise<void> {
    const name = `parts:${first}`;
    const others = more.length > 0 ? more.join(",") : undefined;
    if (first === undefined || notes.get(name) === others) return;
    notes.set(name, others);
    if (others !== undefined) await save();
  }

  const save = () => notes.flush().catch((error) => log.warn("discord.notes_unsaved", { error }));

  async function partsOf(first: string): Promise<string[]> {
    const name = `parts:${first}`;
    // Another process may have changed how many there are.
    if ((await notes.recall(name)) !== undefined) await notes.reload();
    return [first, ...(notes.get(name) ?? "").split(",").filter(Boolean)];
  }

  /** Those that are not needed for words and hold files; the others are taken away. */
  async function withFiles(channel: string, surplus: readonly Part[]): Promise<Part[]> {
    const kept: Part[] = [];
    for (const part of surplus) {
      const path = `/channels/${channel}/messages/${part.id}` as const;
      const message = await rest.call<APIMessage>("GET", path).catch((error: unknown) => {
        if (!saysCode(error, unknownMessage)) throw error;
        return undefined;
      });
      if ((message?.attachments ?? []).length > 0) kept.push(part);
      else if (message) await erase(channel, part.id);
    }
    return kept;
  }

  async function find(channel: string, key: string, sent?: Sought): Promise<string[] | undefined> {
    const known = attempts.get(key);
    if (sent && known?.growing) return undefined;
    if (known && known.parts.length > 0 && known.parts.length === known.wanted.length) {
      if (
        known.parts.every((part, n) => part.shows === summaryOf((known.wanted[n] as OutgoingMessage).payload))
      ) {
        return known.parts.map((part) => part.id);
      }
    }
    const wanted = known?.wanted.length ? known.wanted : sent ? messagesOf(sent.post, key) : [];
    const attempt = await attemptOf(channel, key);
    attempt.wanted = wanted;
    // What stands there is an answer that was still growing.
    if (draftedIn(channel, key)) {
      await findDrafted(attempt, key, sent?.taken);
      return sent ? undefined : attempt.parts.map((part) => part.id);
    }
    attempt.since = Math.min(attempt.since, sent?.since ?? attempt.since);
    const since = snowflakeAt(onDiscord(attempt.since) - clockSkewMs);
    const { taken } = sent ?? {};
    attempt.parts = await own.find(key, { channel, behind: since, parts: [], wanted, taken });
    const ids = attempt.parts.map((part) => part.id);
    if (ids.length === 0 || (sent && !sent.over && ids.length < wanted.length)) return undefined;
    await noteParts(ids);
    return ids;
  }

  return {
    grow,
    async show(channel, key, post, reply) {
      const wanted = messagesOf(post, key);
      const attempt = await attemptOf(channel, key);
      attempt.wanted = wanted;
      attempt.growing = false;
      await findDrafted(attempt, key);
      const ids = await showPieces(channel, key, wanted, reply);
      // Saved before anybody takes it for posted: the next process would take a draft back.
      if (notes.get(`draft:${key}`) !== undefined) {
        notes.set(`draft:${key}`, undefined);
        await save();
      }
      return ids;
    },
    async takeBack(key) {
      const attempt = attempts.get(key);
      if (!attempt) return;
      // A create without an answer may stand there all the same.
      if (attempt.parts.length < attempt.wanted.length) await find(attempt.channel, key);
      for (const part of [...attempt.parts].reverse()) await erase(attempt.channel, part.id);
      attempts.delete(key);
      notes.set(`draft:${key}`, undefined);
    },
    find,
    async edit(channel, first, post) {
      const key = `e${first}`;
      const attempt = await attemptOf(channel, key);
      const ids = attempt.parts.length > 0 ? attempt.parts.map((part) => part.id) : await partsOf(first);
      // What they show is not remembered from the last time: another process may have changed them since.
      const parts: Part[] = ids.map((id) => ({ id, shows: undefined }));
      const pieces = messagesOf(post, own.keyOf(first) ?? key);
      const kept = await withFiles(channel, parts.slice(pieces.length));
      attempt.parts = [...parts.slice(0, pieces.length), ...kept];
      await showPieces(channel, key, [...pieces, ...kept.map(() => wordless)]);
      attempts.delete(key);
    },
    async remove(channel, first) {
      const key = own.keyOf(first) ?? "";
      const drafted = readDraftNote(notes.get(`draft:${key}`))?.messages ?? [];
      for (const id of new Set([...drafted, ...(await partsOf(first))].reverse())) await erase(channel, id);
      notes.set(`parts:${first}`, undefined);
      if (drafted.length > 0) notes.set(`draft:${key}`, undefined);
    },
  };
}
