/**
 * Slack's ids as the core knows them: `slack:TEAM:CHANNEL` for a channel, `slack:TEAM:CHANNEL:TS` for a thread or a
 * message, `slack:TEAM:USER` for a person. TEAM is the workspace of the installation, so that equal ids of two
 * workspaces never meet. A direct message outside of any Slack thread belongs to one endless conversation: there the
 * thread is the DM channel itself.
 */
import { DeskError } from "../../src/errors.ts";
import type { ChannelId, MessageId, ThreadId, UserId } from "../../src/thread.ts";

export const platformName = "slack";

export interface Place {
  team: string;
  channel: string;
  /** Of the message, or of a thread's first message. */
  ts?: string;
}

export function channelId(team: string, channel: string): ChannelId {
  return `${platformName}:${team}:${channel}`;
}

/** @param root the first message's ts; undefined for a direct message outside of any Slack thread */
export function threadId(team: string, channel: string, root: string | undefined): ThreadId {
  return `${platformName}:${team}:${channel}${root === undefined ? "" : `:${root}`}`;
}

export function messageId(team: string, channel: string, ts: string): MessageId {
  return `${platformName}:${team}:${channel}:${ts}`;
}

export function userId(team: string, user: string): UserId {
  return `${platformName}:${team}:${user}`;
}

/** @throws DeskError platform_refused when it is not an id of this adapter's making */
export function placeOf(id: ThreadId | ChannelId | MessageId | UserId): Place {
  const [name, team, channel, ts, ...rest] = id.split(":");
  if (name !== platformName || !team || !channel || ts === "" || rest.length > 0) {
    throw new DeskError("platform_refused", "this id is not one of Slack's");
  }
  return ts === undefined ? { team, channel } : { team, channel, ts };
}

/** @throws DeskError platform_refused when it is not an id of this adapter's making */
export function accountOf(id: UserId): { team: string; user: string } {
  const { team, channel, ts } = placeOf(id);
  if (ts !== undefined) throw new DeskError("platform_refused", "this id is not a Slack user's");
  return { team, user: channel };
}

/** Direct messages live in channels whose ids begin with D. */
export function isDirect(channel: string): boolean {
  return channel.startsWith("D");
}
