/**
 * The bot's own messages, and to which post each belongs: by its nonce, by what this process remembers, by the tag in its
 * buttons, else by its words, if it is not known to be another post's.
 */
import { createHash } from "node:crypto";
import type { APIMessage } from "discord.js";
import type { MessageId } from "../../src/thread.ts";
import { tagIn, tagOf } from "./components.ts";
import { markOf } from "./draft-note.ts";
import type { OutgoingMessage, Payload } from "./outgoing.ts";
import { createRecent } from "./recent.ts";
import type { Rest } from "./rest.ts";
import { compareSnowflakes, messageIdOf } from "./thread-id.ts";

/** One of the messages that a post is made of. */
export interface Part {
  id: string;
  /** What it shows, as `summaryOf`; undefined when that is not known. */
  shows: string | undefined;
}

export interface Sought {
  channel: string;
  /** The message after which all of them stand. */
  behind: string;
  /** Those that are known. */
  parts: readonly Part[];
  /** What they should show. */
  wanted: readonly OutgoingMessage[];
  /** What was noted of the key's draft, each as `markOf`. */
  words?: readonly string[];
  /** Whether a message is known to be another post's. */
  taken?: ((message: MessageId) => Promise<boolean>) | undefined;
}

export interface OwnMessages {
  /** A message is this key's: equal words under another key are not taken for it. */
  claim(message: string, key: string): void;
  /** Whose a message is; undefined when that is not remembered. */
  keyOf(message: string): string | undefined;
  /** Those that are this key's, from the first one on without a gap. @throws DeskError */
  find(key: string, sought: Sought): Promise<Part[]>;
}

const pagesMax = 5;

export function createOwnMessages(parts: { rest: Rest; self(): string; remembered: number }): OwnMessages {
  const { rest } = parts;
  const owners = createRecent<string, string>(parts.remembered);

  /** What the bot has posted in a channel behind a message, oldest first. */
  async function postedIn(channel: string, behind: string): Promise<APIMessage[]> {
    const own: APIMessage[] = [];
    let after = behind;
    for (let page = 0; page < pagesMax; page++) {
      const query = { after, limit: "100" };
      const some = await rest.call<APIMessage[]>("GET", `/channels/${channel}/messages`, { query });
      some.sort((a, b) => compareSnowflakes(a.id, b.id));
      own.push(...some.filter((message) => message.author?.id === parts.self()));
      const last = some.at(-1)?.id;
      if (some.length < 100 || last === undefined || last === after) break;
      after = last;
    }
    return own;
  }

  /** Whether a message is the nth of this key's; undefined when only its words can tell. */
  function isMarked(message: APIMessage, key: string, n: number): boolean | undefined {
    if (message.nonce !== undefined) return noncesOf(key, n).includes(String(message.nonce));
    const owner = owners.get(message.id);
    if (owner !== undefined) return owner === key;
    const tag = tagIn(message.components);
    return tag === undefined ? undefined : tag === tagOf(key);
  }

  /** The nth message of this key's, which is from then on nobody else's. */
  async function claimNth(
    candidates: readonly APIMessage[],
    key: string,
    n: number,
    sought: Sought,
  ): Promise<APIMessage | undefined> {
    for (const message of candidates) {
      const marked = isMarked(message, key, n);
      if (marked === false) continue;
      if (marked === undefined) {
        if (!saysNth(message, n, sought)) continue;
        if (await sought.taken?.(messageIdOf(sought.channel, message.id))) continue;
        // Equal words are looked for under another key at the same time.
        if (isMarked(message, key, n) === false) continue;
      }
      owners.set(message.id, key);
      return message;
    }
    return undefined;
  }

  async function find(key: string, sought: Sought): Promise<Part[]> {
    const { wanted, words = [] } = sought;
    const own = await postedIn(sought.channel, sought.behind);
    const found = [...sought.parts];
    for (let n = found.length; n < Math.max(1, wanted.length, words.length); n++) {
      const others = own.filter((one) => !found.some((part) => part.id === one.id));
      const message = await claimNth(others, key, n, sought);
      if (!message) break;
      const payload = wanted[n]?.payload;
      const same = payload !== undefined && sameWords(message.content, payload.content);
      found.push({ id: message.id, shows: same ? summaryOf(payload) : undefined });
    }
    return found;
  }

  return { claim: owners.set, keyOf: owners.get, find };
}

/** Whether a message says what the nth one should. */
function saysNth(message: APIMessage, n: number, { wanted, words }: Sought): boolean {
  if (words?.[n] !== undefined && words[n] === markOf(message.content)) return true;
  const payload = wanted[n]?.payload;
  return (
    payload !== undefined && payload.components.length === 0 && sameWords(message.content, payload.content)
  );
}

const lives = 10;

/**
 * What the nth message of a key is created with, at most 25 characters; the first message's is the key itself. Under one
 * of them Discord makes no other message for some minutes, not even when the first has been deleted: then the next counts.
 */
export function noncesOf(key: string, n: number): string[] {
  const hashed = (text: string) => createHash("sha256").update(text).digest("base64url").slice(0, 25);
  const first = n === 0 && key.length <= 25 ? key : hashed(`${key}:${n}`);
  return [first, ...Array.from({ length: lives - 1 }, (_, life) => hashed(`${key}:${n}:${life + 1}`))];
}

/** What a message shows, shortened. */
export const summaryOf = (payload: Payload): string =>
  createHash("sha256").update(JSON.stringify(payload)).digest("base64url").slice(0, 16);

/** Discord trims what it is given. */
export const sameWords = (a: string | undefined, b: string): boolean =>
  a === undefined || a.replace(/\s+/g, " ").trim() === b.replace(/\s+/g, " ").trim();
