/**
 * What is said to an interaction: one first answer within three seconds, follow-ups for fifteen minutes, all of it seen
 * only by its person. An interaction's address is all that an answer needs, so one can be given after a restart, too.
 */
import type { Clock } from "../../src/clock.ts";
import { codeOf, DeskError } from "../../src/errors.ts";
import type { Post } from "../../src/platform.ts";
import { saysCode, unknownMessage } from "./faults.ts";
import { messagesOf } from "./outgoing.ts";
import { filesOf } from "./outgoing-files.ts";
import { createRecent } from "./recent.ts";
import type { CallOptions, Rest } from "./rest.ts";
import { isSnowflake, timeOfSnowflake } from "./thread-id.ts";

export interface Address {
  application: string;
  id: string;
  token: string;
  /** Whether its first answer, "thinking…", waits to be replaced. */
  command: boolean;
}

export interface FirstAnswer {
  type: number;
  data?: object;
}

export interface Answers {
  /** An interaction has come in and has had no answer yet. */
  expect(id: string): void;
  /** Gives the first answer, unless there has been one. @throws DeskError */
  first(to: Pick<Address, "id" | "token">, answer: FirstAnswer): Promise<unknown>;
  /** The same where another process may have given it. @returns false when the time for it is over. @throws DeskError */
  stands(to: Pick<Address, "id" | "token">, answer: FirstAnswer): Promise<boolean>;
  /** @returns false when the time for it is over. @throws DeskError */
  say(interaction: string, post: Post): Promise<boolean>;
}

export const callback = { message: 4, deferMessage: 5, deferUpdate: 6, choices: 8, modal: 9 } as const;
export const ephemeral = 64;

const unknownWebhook = 10015;
const unknownInteraction = 10062;
const alreadyAnswered = 40060;
const tokenLivesMs = 15 * 60_000;
const clockSkewMs = 60_000;
/** By then there has been a first answer, or there will be none. */
const firstWithinMs = 5_000;
const lookEveryMs = 250;
const remembered = 5_000;

/** What has been said to an interaction so far. */
interface Said {
  /** Discord has had its first answer, or is getting it. */
  first: Promise<unknown> | undefined;
  /** A "thinking…" waits to be replaced. */
  deferred: boolean;
}

type Files = CallOptions["files"];

export function createAnswers({ rest, clock }: { rest: Rest; clock: Clock }): Answers {
  const said = createRecent<string, Said>(remembered);

  function expect(id: string): Said {
    const known = said.get(id) ?? { first: undefined, deferred: false };
    said.set(id, known);
    return known;
  }

  function first(to: Pick<Address, "id" | "token">, answer: FirstAnswer): Promise<unknown> {
    const state = expect(to.id);
    if (state.first) return state.first;
    state.deferred = answer.type === callback.deferMessage;
    const path = `/interactions/${to.id}/${to.token}/callback` as const;
    state.first = rest.call("POST", path, { body: answer, authorized: false });
    return state.first;
  }

  async function stands(to: Pick<Address, "id" | "token">, answer: FirstAnswer): Promise<boolean> {
    try {
      await first(to, answer);
    } catch (error) {
      if (saysCode(error, unknownInteraction)) return false;
      if (!saysCode(error, alreadyAnswered)) throw error;
      expect(to.id).first = Promise.resolve();
    }
    return true;
  }

  async function say(interaction: string, post: Post): Promise<boolean> {
    const address = readAddress(interaction);
    if (isOlder(address, tokenLivesMs + clockSkewMs)) return false;
    try {
      for (const [n, message] of messagesOf(post, address.id).entries()) {
        const body = { ...message.payload, flags: message.payload.flags | ephemeral };
        const { files } = await filesOf(message.files);
        if (n === 0) await afterFirst(address, () => sayFirst(address, body, files));
        else await followUp(address, body, files);
      }
      return true;
    } catch (error) {
      if (codeOf(error) === "platform_unreachable") return false;
      throw error;
    }
  }

  const isOlder = ({ id }: Address, ms: number): boolean =>
    isSnowflake(id) && rest.now() - timeOfSnowflake(id) > ms;

  /** Before the first answer, which another process may still be giving, Discord knows of nothing to add to. */
  async function afterFirst<T>(address: Address, add: () => Promise<T>): Promise<T> {
    if (said.get(address.id)) return add();
    for (let left = firstWithinMs / lookEveryMs; ; left--) {
      try {
        return await add();
      } catch (error) {
        const early = saysCode(error, unknownWebhook, unknownMessage) && !isOlder(address, firstWithinMs);
        if (!early || left <= 0) throw error;
        await clock.sleep(lookEveryMs);
      }
    }
  }

  /** As the first answer where there has been none, in place of "thinking…", or after what has been said. */
  async function sayFirst(address: Address, body: object, files: Files): Promise<void> {
    const known = said.get(address.id);
    if (known && !known.first && !files?.length) {
      await first(address, { type: callback.message, data: body });
      return;
    }
    await known?.first?.catch(() => undefined);
    const replaces = known ? known.deferred : address.command;
    if (!replaces) {
      await followUp(address, body, files);
      return;
    }
    if (known) known.deferred = false;
    const path = `/webhooks/${address.application}/${address.token}/messages/@original` as const;
    await rest.call("PATCH", path, { body, authorized: false, files: files ?? [] });
  }

  const followUp = (address: Address, body: object, files: Files) =>
    rest.call("POST", `/webhooks/${address.application}/${address.token}`, {
      body,
      query: { wait: "true" },
      authorized: false,
      files: files ?? [],
    });

  return { expect, first, stands, say };
}

export const addressOf = (address: Address): string =>
  ["discord", address.application, address.id, address.command ? "c" : "u", address.token].join(":");

/** @throws DeskError platform_refused for another platform's */
function readAddress(interaction: string): Address {
  const parts = /^discord:(\d+):(\d+):([cu]):([^/?#]+)$/.exec(interaction);
  if (!parts) throw new DeskError("platform_refused", "this is not an interaction on Discord");
  const [, application, id, kind, token] = parts as unknown as [string, string, string, string, string];
  return { application, id, token, command: kind === "c" };
}
