/** Posts, edits and reactions: from the core's ids and posts to channels and messages of Discord. */
import type { Clock } from "../../src/clock.ts";
import type { Log } from "../../src/log.ts";
import type { Button, Platform, Post, Posted, Target } from "../../src/platform.ts";
import type { MessageId, ThreadId } from "../../src/thread.ts";
import type { Direct } from "./direct.ts";
import { saysCode, tooLarge } from "./faults.ts";
import type { Places } from "./places.ts";
import type { Path, Rest } from "./rest.ts";
import type { Sending } from "./sending.ts";
import {
  directParent,
  messageIdOf,
  parseChannelId,
  parseMessageId,
  parseThreadId,
  threadIdOf,
} from "./thread-id.ts";
import type { Threads } from "./threads.ts";
import { createUploads } from "./uploads.ts";

export interface Posting extends Required<Pick<Platform, "post" | "find" | "edit" | "remove">> {
  /** Runs `use` with the channel that a target stands for. @throws DeskError */
  within<T>(target: Target, use: (channel: string) => Promise<T>): Promise<T>;
  /** Sets or takes back the bot's own reaction. @throws DeskError */
  setReaction(message: MessageId, emoji: string, on: boolean): Promise<void>;
}

export interface PostingParts {
  rest: Rest;
  places: Places;
  threads: Threads;
  sending: Sending;
  direct: Direct;
  desk: string | undefined;
  clock: Clock;
  log: Log;
  /** Buttons that are about to be shown. */
  showing(buttons: readonly Button[]): void;
  /** A reply is about to appear in this thread. */
  replying(thread: ThreadId): void;
}

/** A message or reaction that is gone, or an emoji that Discord does not know. */
const nothingToUndo = [10008, 10014];
/** The person takes no DMs, or has no server in common with the bot. */
const closedDm = [50007, 50278];

export function createPosting(parts: PostingParts): Posting {
  const { rest, places, threads, sending, direct } = parts;
  const uploads = createUploads(parts);

  function within<T>(target: Target, use: (channel: string) => Promise<T>): Promise<T> {
    if ("thread" in target) return threads.within(target.thread, use);
    const channel = parseChannelId(target.channel);
    return threads.inChannel(channel, () => use(channel));
  }

  async function post(target: Target, content: Post, key: string): Promise<Posted> {
    parts.showing(content.buttons ?? []);
    if ("thread" in target) parts.replying(target.thread);
    try {
      return await within(target, async (channel) => {
        const ids = await showWhole(channel, key, content);
        const first = ids[0] as string;
        if (content.card && channel === parts.desk)
          await openTicketThread(channel, first, content.card.title);
        return { id: messageIdOf(channel, first), thread: threadAfter(target, channel, first) };
      });
    } catch (error) {
      if (saysCode(error, ...closedDm) && "thread" in target)
        direct.closed(parseThreadId(target.thread).thread);
      throw error;
    }
  }

  /** Words are not held up by files that the place does not take, or that do not get through: they are named instead. */
  async function showWhole(channel: string, key: string, content: Post): Promise<string[]> {
    const reply = replyIn(channel, content.replyTo);
    const { files = [], ...words } = content;
    const showWords = (why: string) => {
      const names = files.map((file) => `(file: ${file.name}, ${why})`);
      const text = [content.text, ...names].filter(Boolean).join("\n\n");
      return sending.show(channel, key, { ...words, text }, reply);
    };
    if (files.length > 0 && uploads.hopeless(key)) {
      parts.log.warn("discord.files_given_up", { channel, files: files.length });
      return showWords("could not be uploaded");
    }
    try {
      return await sending.show(channel, key, content, reply);
    } catch (error) {
      if (files.length > 0 && saysCode(error, tooLarge)) {
        parts.log.warn("discord.files_too_large", { channel, files: files.length, error });
        return showWords("too large for this place");
      }
      if (files.length > 0) uploads.failed(key, error);
      throw error;
    }
  }

  /** Discord knows replies within one channel only. */
  function replyIn(channel: string, to: MessageId | undefined): string | undefined {
    const reply = to === undefined ? undefined : parseMessageId(to);
    return reply?.channel === channel ? reply.message : undefined;
  }

  /** In which thread answers to a message arrive. */
  function threadAfter(target: Target, channel: string, message: string): ThreadId {
    if ("thread" in target) return target.thread;
    const place = places.known(channel);
    if (place?.kind === "direct") return threadIdOf(directParent, channel);
    return place?.parent ? threadIdOf(place.parent, channel) : threadIdOf(channel, message);
  }

  /** Staff need a place to write in; where it cannot be made now, the first post to it tries again. */
  async function openTicketThread(channel: string, message: string, title: string): Promise<void> {
    try {
      await threads.open(channel, message, title);
    } catch (error) {
      parts.log.warn("discord.thread_not_opened", { channel, message, error });
    }
  }

  return {
    within,
    post,
    find: (target, key, sent) =>
      within(target, async (channel) => {
        const first = (await sending.find(channel, key, sent))?.[0];
        if (first === undefined) return undefined;
        return { id: messageIdOf(channel, first), thread: threadAfter(target, channel, first) };
      }),
    async edit(message, content) {
      parts.showing(content.buttons ?? []);
      const { channel, message: id } = parseMessageId(message);
      await threads.inChannel(channel, () => sending.edit(channel, id, content));
    },
    async remove(message) {
      const { channel, message: id } = parseMessageId(message);
      await threads.inChannel(channel, () => sending.remove(channel, id));
    },
    async setReaction(message, emoji, on) {
      const { channel, message: id } = parseMessageId(message);
      const path: Path = `/channels/${channel}/messages/${id}/reactions/${encodeURIComponent(emoji)}/@me`;
      try {
        await threads.inChannel(channel, () => rest.call(on ? "PUT" : "DELETE", path));
      } catch (error) {
        if (on || !saysCode(error, ...nothingToUndo)) throw error;
      }
    },
  };
}
