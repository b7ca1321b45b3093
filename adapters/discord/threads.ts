/**
 * Where a post to a thread really goes. A question in a text channel has a thread's name before it has a thread: the
 * thread is made when the bot first shows something in it, once, whoever asks first and however often.
 */
import type { Log } from "../../src/log.ts";
import type { ThreadId } from "../../src/thread.ts";
import { invalidForm, saysCode, titleBlocked, unknownChannel } from "./faults.ts";
import { oneLine, readText } from "./inbound-text.ts";
import type { RawMessage } from "./incoming.ts";
import { placeOf } from "./place.ts";
import type { Places } from "./places.ts";
import { createRecent } from "./recent.ts";
import type { Rest } from "./rest.ts";
import { parseThreadId } from "./thread-id.ts";

export interface Threads {
  /**
   * Runs `use` with the channel of a thread, which is made first where it must be, and opened where it was archived.
   * @throws DeskError what `use` throws, and platform_unreachable when there is nothing left to make a thread of
   */
  within<T>(thread: ThreadId, use: (channel: string) => Promise<T>): Promise<T>;
  /** The same for a channel that exists. */
  inChannel<T>(channel: string, use: () => Promise<T>): Promise<T>;
  /** Makes the thread of a message, if there is none. @throws DeskError */
  open(parent: string, message: string, name: string): Promise<void>;
}

export interface ThreadsParts {
  rest: Rest;
  places: Places;
  log: Log;
  /** What was written to open a thread, if it was seen lately. */
  questionOf(message: string): string | undefined;
}

const threadExists = 160004;
const archived = 50083;
const nameMax = 90;
const openMinutes = 10_080;
/** For a question whose words a server does not take in a name. */
const plainName = "Support";
const remembered = 10_000;

export function createThreads(parts: ThreadsParts): Threads {
  const { rest, places } = parts;
  const making = new Map<string, Promise<void>>();
  const made = createRecent<string, true>(remembered);

  function open(parent: string, message: string, name: string): Promise<void> {
    const already = making.get(message);
    if (already) return already;
    const task = make(parent, message, name).finally(() => making.delete(message));
    making.set(message, task);
    return task;
  }

  async function make(parent: string, message: string, name: string): Promise<void> {
    const called = (name: string) =>
      rest.call("POST", `/channels/${parent}/messages/${message}/threads`, {
        body: { name, auto_archive_duration: openMinutes },
      });
    try {
      const thread = await called(threadName(name)).catch((error: unknown) => {
        if (!saysCode(error, invalidForm, titleBlocked)) throw error;
        return called(plainName);
      });
      places.learn(placeOf(thread, places.known(parent)?.guild));
      parts.log.info("discord.thread_opened", { channel: parent, thread: message });
    } catch (error) {
      if (!saysCode(error, threadExists)) throw error;
    }
    made.set(message, true);
  }

  /** What the message said that the thread is to be made of. */
  async function nameFrom(parent: string, message: string): Promise<string> {
    const seen = parts.questionOf(message);
    if (seen !== undefined) return seen;
    const raw = await rest.call<RawMessage>("GET", `/channels/${parent}/messages/${message}`);
    return readText(raw.content ?? "", "", {
      user: () => undefined,
      channel: () => undefined,
      role: () => undefined,
    });
  }

  async function inChannel<T>(channel: string, use: () => Promise<T>): Promise<T> {
    try {
      return await use();
    } catch (error) {
      if (!saysCode(error, archived)) throw error;
      await rest.call("PATCH", `/channels/${channel}`, { body: { archived: false } });
      return use();
    }
  }

  return {
    open,
    inChannel,
    async within(id, use) {
      const { parent, thread, direct } = parseThreadId(id);
      const run = () => inChannel(thread, () => use(thread));
      if (direct || parent === thread) return run();
      const seen = places.known(thread) ? undefined : parts.questionOf(thread);
      if (seen !== undefined && !made.get(thread)) await open(parent, thread, seen);
      try {
        return await run();
      } catch (error) {
        // There is none yet, or it has been deleted: staff, or a customer, would never read it.
        if (!saysCode(error, unknownChannel)) throw error;
        places.forget(thread);
        await open(parent, thread, await nameFrom(parent, thread));
        return run();
      }
    },
  };
}

/** A thread's name from what was asked: one line, without markup and mentions. */
function threadName(text: string): string {
  const firstLine = text.split("\n").find((line) => line.trim() !== "") ?? "";
  const bare = firstLine
    .replace(/<[@#][!&]?\d+>|^[\s#>-]+|[*`]|~~|\|\|/g, "")
    .replace(/(?<![\p{L}\p{N}])_+|_+(?![\p{L}\p{N}])/gu, "");
  const plain = oneLine(bare, nameMax + 1);
  const cut = [...plain].length > nameMax ? `${[...plain].slice(0, nameMax).join("").trimEnd()}…` : plain;
  return cut.replace(/@(?=everyone|here)/g, "@\u200B") || plainName;
}
