/**
 * The ids of Discord's things as the core knows them.
 *
 *   channel   discord:CHANNEL              a text or forum channel, a DM; what DESK_CHANNEL is set to
 *   thread    discord:PARENT:THREAD        a thread of a channel; PARENT is `@me` for a DM, whose id then is THREAD
 *   message   discord:CHANNEL:MESSAGE      CHANNEL is where it stands: a thread's id for a message in a thread
 *   user      discord:0:USER               one account is the same person in every guild and in DMs
 *
 * A thread that Discord makes out of a message has the message's id. So the thread of a question in a text channel has
 * its name before it exists, and making it twice is refused by Discord.
 */
import { DeskError } from "../../src/errors.ts";
import type { ChannelId, MessageId, ThreadId, UserId } from "../../src/thread.ts";

/** The boundary of `Person.tenant`: one desk serves its guilds and their members' DMs as one company. */
export const tenant = "0";
export const directParent = "@me";

export const channelIdOf = (channel: string): ChannelId => `discord:${channel}`;
export const threadIdOf = (parent: string, thread: string): ThreadId => `discord:${parent}:${thread}`;
export const messageIdOf = (channel: string, message: string): MessageId => `discord:${channel}:${message}`;
export const userIdOf = (user: string): UserId => `discord:${tenant}:${user}`;

const channelForm = /^discord:(\d+)$/;
const threadForm = /^discord:(@me|\d+):(\d+)$/;
const messageForm = /^discord:(\d+):(\d+)$/;
const userForm = /^discord:0:(\d+)$/;

/** @throws DeskError platform_refused for an id of another platform or kind */
export function parseChannelId(id: ChannelId): string {
  return partsOf(id, channelForm, "channel")[1] as string;
}

/** @throws DeskError platform_refused */
export function parseThreadId(id: ThreadId): { parent: string; thread: string; direct: boolean } {
  const [, parent, thread] = partsOf(id, threadForm, "thread") as unknown as [string, string, string];
  return { parent, thread, direct: parent === directParent };
}

/** @throws DeskError platform_refused */
export function parseMessageId(id: MessageId): { channel: string; message: string } {
  const [, channel, message] = partsOf(id, messageForm, "message") as unknown as [string, string, string];
  return { channel, message };
}

/** @throws DeskError platform_refused */
export function parseUserId(id: UserId): string {
  return partsOf(id, userForm, "user")[1] as string;
}

function partsOf(id: string, form: RegExp, kind: string): RegExpExecArray {
  const parts = form.exec(id);
  if (!parts) throw new DeskError("platform_refused", `"${id.slice(0, 80)}" is not a Discord ${kind}'s id`);
  return parts;
}

const epochMs = 1_420_070_400_000n;

/** The smallest id that Discord could have given out at this moment. */
export function snowflakeAt(ms: number): string {
  const since = BigInt(Math.floor(ms)) - epochMs;
  return String((since > 0n ? since : 0n) << 22n);
}

/** Other servers may number differently; only Discord's ids tell the time. */
export const isSnowflake = (id: string): boolean => id.length >= 17;

/** When an id was given out, in milliseconds since 1970. */
export function timeOfSnowflake(id: string): number {
  return Number((BigInt(id) >> 22n) + epochMs);
}

/** Below zero when `a` was given out before `b`. */
export function compareSnowflakes(a: string, b: string): number {
  return a.length - b.length || (a < b ? -1 : a > b ? 1 : 0);
}

/** The same order for a comparison as strings. */
export const orderOf = (snowflake: string): string => snowflake.padStart(20, "0");
