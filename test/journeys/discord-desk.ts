/** A Discord desk as a company runs it: the program's own process before the double of Discord. */
import { createDiscordServer, type DiscordServer } from "../doubles/discord-server/discord-server.ts";
import type { Channel, Message } from "../doubles/discord-server/world.ts";
import { mailedCodes } from "./mailed-codes.ts";
import { openTerminal, type Terminal, temporaryFolder } from "./terminal.ts";

export interface DiscordDesk {
  discord: DiscordServer;
  support: Channel;
  /** The human channel, for who has the role of staff. */
  office: Channel;
  readonly program: Terminal;
  /** Waits for a message that holds all of this; the newest one. */
  sees(channel: Channel, includes: string | RegExp): Promise<Message>;
  /** Waits for one in any thread of a channel. */
  seesInThreads(parent: Channel, includes: string | RegExp): Promise<Message>;
  byBot(channel: Channel): string[];
  marked(message: Message, emoji: string): Promise<unknown>;
  staff(name: string): ReturnType<DiscordServer["asUser"]>;
  /** The codes of all mails in the data folder, oldest first. */
  mailedCodes(): string[];
  kill(): Promise<void>;
  start(): Promise<void>;
  /** Ends the program as an operator does. @returns its exit code */
  stop(): Promise<number | null>;
  close(): Promise<void>;
}

/** @param options.modelUrl of an OpenAI-compatible server; the offline model without it. `workspace`: the example without it */
export async function openDiscordDesk(
  options: { modelUrl?: string; workspace?: string; env?: Record<string, string> } = {},
): Promise<DiscordDesk> {
  const { modelUrl, workspace } = options;
  const discord = await createDiscordServer();
  const support = discord.addChannel("support");
  const agents = discord.world.addRole(discord.guild, "Agents");
  const office = discord.addPrivateChannel("desk", agents);
  const data = temporaryFolder();
  const env = {
    DISCORD_TOKEN: discord.token,
    DISCORD_API_URL: discord.url,
    DISCORD_SUPPORT_CHANNELS: support.id,
    DESK_CHANNEL: `discord:${office.id}`,
    ...(modelUrl ? { OPENAI_BASE_URL: modelUrl, OPENAI_API_KEY: "k" } : {}),
    ...options.env,
  };
  const args = workspace === undefined ? [] : ["--workspace", workspace];
  const begin = () => openTerminal(data.path, { args, env });
  let program = await begin();

  const readable = (message: Message) =>
    [message.content, JSON.stringify(message.embeds), JSON.stringify(message.components)].join("\n");
  async function find(places: () => Channel[], includes: string | RegExp): Promise<Message> {
    const fits = (message: Message) =>
      typeof includes === "string" ? readable(message).includes(includes) : includes.test(readable(message));
    return discord
      .waitFor(
        () =>
          places()
            .flatMap((place) => discord.messages(place))
            .findLast(fits),
        `${includes}`,
      )
      .catch((error: unknown) => {
        const all = [...discord.world.channels.values()].flatMap((one) =>
          one.messages.map(
            (message) => `${one.name || "DM"} ${message.author.username}: ${readable(message)}`,
          ),
        );
        throw new Error(
          `${String(error)}\n${all.join("\n").slice(-4_000)}\n${program.errors().slice(-6_000)}`,
        );
      });
  }
  return {
    discord,
    support,
    office,
    get program() {
      return program;
    },
    sees: (channel, includes) => find(() => [channel], includes),
    seesInThreads: (parent, includes) => find(() => discord.threadsOf(parent), includes),
    byBot: (channel) => discord.byBot(channel).map((one) => one.content),
    marked: (message, emoji) => discord.waitFor(() => message.reactions.has(emoji), emoji),
    staff(name) {
      const person = discord.asUser(name);
      if (!discord.guild.members.get(person.id)?.roles.includes(agents.id)) discord.giveRole(name, agents.id);
      return person;
    },
    mailedCodes: () => mailedCodes(data.path),
    async kill() {
      await program.kill();
    },
    async start() {
      program = await begin();
    },
    stop: () => program.kill("SIGTERM"),
    async close() {
      await program.kill();
      await discord.close();
      data.remove();
    },
  };
}
