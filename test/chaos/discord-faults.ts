/** The desk's calls to Discord as they come: seen, and made to go wrong. */
import type { DiscordServer } from "../doubles/discord-server/discord-server.ts";
import type { Call, Trouble } from "../doubles/discord-server/rest.ts";
import type { Channel } from "../doubles/discord-server/world.ts";
import type { Chance } from "./chance.ts";
import { type Gates, processHeader } from "./gates.ts";
import type { Stroke } from "./record.ts";
import type { Stage } from "./stage.ts";

export const shows: Readonly<Record<string, Stroke["does"] | undefined>> = {
  POST: "post",
  PATCH: "edit",
  DELETE: "remove",
};

type StageFaults = Pick<Stage, "withholdPost" | "withholdDraft" | "limit" | "resetAfter" | "clearFaults">;

/** Sees every call of the desk when it comes, and decides how it goes wrong. */
export function createDiscordFaults(
  discord: DiscordServer,
  parts: {
    chance: Chance;
    gates: Gates;
    threadOf(channel: Channel): string;
    isDesks(channel: Channel): boolean;
  },
  seen: (call: Call, thread: string | undefined) => void,
): StageFaults {
  const { chance, gates } = parts;
  let withheld: (() => void) | undefined;
  let limited: { thread: string | undefined; share: number } | undefined;
  let resets = 0;
  const { calls } = discord.rest;

  function troubleFor(thread: string, method: string): Trouble | undefined {
    if (withheld && method === "POST") {
      // Nothing is answered, so it may be called a moment later.
      setTimeout(withheld, 15);
      withheld = undefined;
      return { kind: "hang", after: true };
    }
    if (limited?.thread === thread && chance.happens(limited.share)) return { kind: "limited", seconds: 1 };
    if (resets === 0) return undefined;
    resets -= 1;
    return { kind: "reset", after: true };
  }

  function come(call: Call): void {
    const id = /^\/channels\/(\d+)\/messages(?:\/\d+)?$/.exec(call.path)?.[1];
    const channel = id === undefined ? undefined : discord.world.channels.get(id);
    if (!channel || call.method === "GET") return;
    const thread = parts.threadOf(channel);
    const gate = `${call.method} ${channel.id}`;
    const who = String(call.headers[processHeader] ?? "");
    seen(call, thread);
    gates.pass(gate, who);
    const trouble = parts.isDesks(channel) ? undefined : troubleFor(thread, call.method);
    if (trouble?.kind === "limited") gates.close(gate, trouble.seconds, who);
    if (trouble) discord.rest.fault({ method: call.method, path: exactly(call.path), trouble });
  }

  calls.push = (...more: Call[]) => {
    for (const call of more) come(call);
    return Array.prototype.push.apply(calls, more);
  };
  return {
    withholdPost(then) {
      withheld = then;
    },
    withholdDraft(then) {
      withheld = then;
    },
    limit(thread, share) {
      limited = share > 0 ? { thread, share } : undefined;
    },
    resetAfter(times) {
      resets = times;
    },
    clearFaults() {
      withheld = undefined;
      limited = undefined;
      resets = 0;
      discord.rest.clearFaults();
      discord.rest.dropHanging();
    },
  };
}

const exactly = (path: string) => new RegExp(`^${path}$`);

/** A call without an answer hangs, and was done all the same. */
export const wasDone = ({ status }: Call) => status === undefined || (status >= 200 && status < 300);
