/**
 * The private thread with a person: their DM; where they take none, a private thread beside the shared one.
 *
 * Discord says that a DM is closed only when something is sent. So who has just been found closed (a post failed as
 * unreachable) is given a private thread for the next hour, until they write a DM themselves.
 */
import type { Clock } from "../../src/clock.ts";
import { codeOf, DeskError } from "../../src/errors.ts";
import type { Log } from "../../src/log.ts";
import type { Person } from "../../src/message.ts";
import type { ThreadId } from "../../src/thread.ts";
import { invalidForm, saysCode, titleBlocked, tooManyDms, unknownChannel } from "./faults.ts";
import { oneLine } from "./inbound-text.ts";
import { directPlace, placeOf } from "./place.ts";
import type { Places } from "./places.ts";
import { createRecent } from "./recent.ts";
import type { Rest } from "./rest.ts";
import { directParent, parseThreadId, parseUserId, snowflakeAt, threadIdOf } from "./thread-id.ts";
import type { Threads } from "./threads.ts";
import type { Notes } from "./watermarks.ts";

export interface Direct {
  /** @throws DeskError platform_unreachable when there is neither way */
  open(person: Person, near?: ThreadId): Promise<{ thread: ThreadId; way: "direct" | "private_thread" }>;
  /** A post into this DM has been refused. */
  closed(channel: string): void;
  /** Its person has written in it. */
  opened(channel: string): void;
}

const closedForMs = 3_600_000;
const clockSkewMs = 120_000;
const remembered = 10_000;
const openMinutes = 10_080;

export function createDirect(parts: {
  rest: Rest;
  places: Places;
  threads: Pick<Threads, "inChannel">;
  notes: Notes;
  clock: Clock;
  support: readonly string[];
  /** @throws DeskError when Discord cannot be asked */
  isMember(user: string, guild: string): Promise<boolean>;
  log: Log;
}): Direct {
  const { rest, places, notes, clock } = parts;
  const closedAt = createRecent<string, number>(remembered);

  async function channelWith(user: string): Promise<string> {
    const channel = await rest.call<{ id: string }>("POST", "/users/@me/channels", {
      body: { recipient_id: user },
    });
    places.learn(directPlace(channel.id));
    if ((await notes.recall(`dm:${channel.id}`)) === undefined) {
      notes.set(`dm:${channel.id}`, user);
      // What they answer while nobody listens is fetched from here on.
      notes.set(`base:${channel.id}`, snowflakeAt(rest.now() - clockSkewMs));
      await save();
    }
    return channel.id;
  }

  /** At once: whoever listens, perhaps another process and perhaps soon, must know of it. */
  const save = () => notes.flush().catch((error) => parts.log.warn("discord.notes_unsaved", { error }));

  const isClosed = (channel: string): boolean => {
    const at = closedAt.get(channel);
    return at !== undefined && clock.elapsed() - at < closedForMs;
  };

  /** Beside the shared thread, else in a support channel: the first where a private thread can be made for them. */
  async function privateThread(person: Person, user: string, near: ThreadId | undefined): Promise<ThreadId> {
    const beside = near === undefined ? undefined : parseThreadId(near).parent;
    const candidates = new Set([
      ...(beside === undefined || beside === directParent ? [] : [beside]),
      ...parts.support,
    ]);
    for (const channel of candidates) {
      const guild = await textChannelsGuild(channel);
      if (guild === undefined || !(await parts.isMember(user, guild))) continue;
      try {
        return await privateThreadIn(channel, person, user);
      } catch (error) {
        if (codeOf(error) !== "platform_unreachable" && codeOf(error) !== "platform_refused") throw error;
        parts.log.warn("discord.no_private_thread", { channel, error });
      }
    }
    throw new DeskError(
      "platform_unreachable",
      "this person takes no DMs, and there is no channel for a private thread with them",
    );
  }

  /** Private threads can only be made in text channels. */
  async function textChannelsGuild(channel: string): Promise<string | undefined> {
    const place = await places.find(channel);
    return place?.kind === "text" ? place.guild : undefined;
  }

  async function privateThreadIn(parent: string, person: Person, user: string): Promise<ThreadId> {
    const name = `private:${parent}:${user}`;
    const known = await notes.recall(name);
    if (known && (await places.find(known)) && (await isBack(known, user))) return threadIdOf(parent, known);
    const called = (name: string) =>
      rest.call<{ id: string }>("POST", `/channels/${parent}/threads`, {
        body: { name, type: 12, invitable: false, auto_archive_duration: openMinutes },
      });
    const thread = await called(`Private: ${oneLine(person.name, 60) || "customer"}`).catch(
      (error: unknown) => {
        // A server may not take the words of a person's name.
        if (!saysCode(error, invalidForm, titleBlocked)) throw error;
        return called("Private: customer");
      },
    );
    places.learn(placeOf(thread, places.known(parent)?.guild));
    notes.set(name, thread.id);
    await save();
    await invite(thread.id, user);
    return threadIdOf(parent, thread.id);
  }

  /** Opens it again where it was closed. @returns false when it has been deleted, of which not every process is told */
  async function isBack(thread: string, user: string): Promise<boolean> {
    try {
      await parts.threads.inChannel(thread, () => invite(thread, user));
      return true;
    } catch (error) {
      if (!saysCode(error, unknownChannel)) throw error;
      places.forget(thread);
      return false;
    }
  }

  const invite = (thread: string, user: string) =>
    rest.call("PUT", `/channels/${thread}/thread-members/${user}`);

  return {
    async open(person, near) {
      const user = parseUserId(person.id);
      try {
        const channel = await channelWith(user);
        if (!isClosed(channel)) return { thread: threadIdOf(directParent, channel), way: "direct" };
      } catch (error) {
        if (codeOf(error) !== "platform_unreachable" && !saysCode(error, tooManyDms)) throw error;
      }
      return { thread: await privateThread(person, user, near), way: "private_thread" };
    },
    closed: (channel) => closedAt.set(channel, clock.elapsed()),
    opened: (channel) => closedAt.delete(channel),
  };
}
