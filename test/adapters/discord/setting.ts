/** A desk's Discord for tests: the double with a support channel and a desk channel, and adapters that talk to it. */
import { createDiscordAdapter } from "../../../adapters/discord/adapter.ts";
import type { Watermarks } from "../../../adapters/discord/watermarks.ts";
import { type Clock, createClock } from "../../../src/clock.ts";
import type { Fields, Log } from "../../../src/log.ts";
import type { Platform } from "../../../src/platform.ts";
import {
  createDiscordServer,
  type DiscordServerOptions,
} from "../../doubles/discord-server/discord-server.ts";

/** What the adapter remembers, kept like a database would: only what has been saved. */
export function rememberedMarks(): Watermarks & { saved: Map<string, string>; fail: boolean } {
  const saved = new Map<string, string>();
  return {
    saved,
    fail: false,
    read: async (name) => saved.get(name),
    load: async () => [...saved],
    async save(changes) {
      if (this.fail) throw new Error("the disk is full");
      for (const [name, value] of changes) {
        if (value === undefined) saved.delete(name);
        else saved.set(name, value);
      }
    },
  };
}

/** A log that keeps what was said. */
export function keptLog(): Log & { lines: ({ level: string; event: string } & Fields)[] } {
  const lines: ({ level: string; event: string } & Fields)[] = [];
  const at = (level: string) => (event: string, fields?: Fields) =>
    void lines.push({ level, event, ...fields });
  const log = {
    lines,
    debug: () => undefined,
    info: at("info"),
    warn: at("warn"),
    error: at("error"),
    with: () => log,
  };
  return log;
}

export async function createSetting(options: DiscordServerOptions = {}) {
  const server = await createDiscordServer(options);
  const support = server.addChannel("help");
  const forum = server.addChannel("questions", "forum");
  const general = server.addChannel("general");
  const agents = server.world.addRole(server.guild, "Agents");
  const desk = server.addPrivateChannel("desk", agents);
  const marks = rememberedMarks();
  const log = keptLog();
  const adapters: Platform[] = [];

  /** Another process of the same bot. */
  function adapter(more: { clock?: Clock; token?: string; callsPerSecond?: number } = {}): Platform {
    const made = createDiscordAdapter({
      config: {
        token: more.token ?? server.token,
        apiUrl: server.url,
        ...(more.callsPerSecond === undefined ? {} : { callsPerSecond: more.callsPerSecond }),
        guilds: [server.guild.id],
        supportChannels: [support.id, forum.id],
        deskChannel: `discord:${desk.id}`,
      },
      log,
      clock: more.clock ?? createClock(),
      marks,
    });
    adapters.push(made);
    return made;
  }

  /** Somebody of the staff. */
  function staff(name: string) {
    server.giveRole(name, agents.id);
    return server.asUser(name);
  }

  return {
    server,
    support,
    forum,
    general,
    desk,
    agents,
    marks,
    log,
    adapter,
    staff,
    async dispose() {
      await Promise.all(adapters.map((one) => one.close()));
      await server.close();
    },
  };
}

export type Setting = Awaited<ReturnType<typeof createSetting>>;
