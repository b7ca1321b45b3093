/**
 * The channels of the configuration. They are named with their workspace or without; those without are in that of the
 * configured token.
 */
import type { ChannelId } from "../../src/thread.ts";
import type { Where } from "./incoming.ts";
import type { SlackConfig } from "./slack-config.ts";
import { channelId } from "./thread-id.ts";

export interface Channels {
  /** The bare id of the human channel. */
  readonly desk: string | undefined;
  /** The bare ids of the support channels in the workspace of the configured token. */
  readonly support: string[];
  /** The whole name of the human channel; undefined as long as its workspace is not known. */
  deskId(): ChannelId | undefined;
  /** The workspace in which this is one of the desk's; undefined when it is none. */
  homeOf(channel: string): string | undefined;
  /** Those in this workspace. */
  in(team: string): Pick<Where, "supportChannels" | "deskChannel">;
}

/** @param ownTeam the workspace of the configured token; undefined where there is none, or it is not known yet */
export function createChannels(
  { supportChannels, deskChannel }: Pick<SlackConfig, "supportChannels" | "deskChannel">,
  ownTeam: () => string | undefined,
): Channels {
  const desk = deskChannel === undefined ? undefined : bareId(deskChannel);

  function isIn(team: string, id: string): boolean {
    return (teamNamedIn(id) ?? ownTeam() ?? team) === team;
  }

  return {
    desk,
    support: supportChannels.filter((id) => teamNamedIn(id) === undefined).map(bareId),
    deskId() {
      if (deskChannel === undefined || desk === undefined) return undefined;
      const team = teamNamedIn(deskChannel) ?? ownTeam();
      return team === undefined ? undefined : channelId(team, desk);
    },
    homeOf(channel) {
      const named = [...supportChannels, ...(deskChannel === undefined ? [] : [deskChannel])];
      const id = named.find((one) => bareId(one) === channel);
      return id === undefined ? undefined : (teamNamedIn(id) ?? ownTeam());
    },
    in(team) {
      const hasDesk = deskChannel !== undefined && isIn(team, deskChannel);
      return {
        supportChannels: new Set(supportChannels.filter((id) => isIn(team, id)).map(bareId)),
        ...(hasDesk && desk !== undefined ? { deskChannel: desk } : {}),
      };
    },
  };
}

/** `C1` of `C1`, `slack:C1` and `slack:T1:C1`. */
function bareId(id: string): string {
  return id.slice(id.lastIndexOf(":") + 1);
}

/** `T1` of `slack:T1:C1`. */
function teamNamedIn(id: string): string | undefined {
  const parts = id.split(":");
  return parts.length > 2 ? parts[1] : undefined;
}
