/**
 * A Discord of our own, on loopback: the real gateway protocol and REST API to the real libraries, with people who
 * write and press, state that stays, a log of every call, and faults on demand.
 */
import type { AddressInfo } from "node:net";
import { createGateway } from "./gateway.ts";
import { createInteractions } from "./interactions.ts";
import { createPeople } from "./people.ts";
import { createRest } from "./rest.ts";
import { createRoutes } from "./routes.ts";
import {
  type Channel,
  createWorld,
  type Guild,
  intents,
  type Message,
  type Overwrite,
  permissions,
  type User,
} from "./world.ts";

export interface DiscordServerOptions {
  token?: string;
  /** 0 picks a free one. */
  port?: number;
  heartbeatIntervalMs?: number;
  resumeWindowMs?: number;
  identifiesMax?: number;
  maxConcurrency?: number;
  /** Whether the application may read messages. */
  messageContent?: boolean;
  bucket?: { limit: number; perMs: number };
  globalPerSecond?: number;
  invalidMax?: number;
  nonceWindowMs?: number;
  answerWithinMs?: number;
  tokenLivesMs?: number;
  attachmentBytesMax?: number;
  /**
   * Like a small server that speaks Discord's protocol: no headers about limits, a gateway's address with parameters and
   * without limits, a session without an address or application, no description of guilds, no commands, no typing, no
   * lists of threads, empty JSON for nothing, and `after` is not known.
   */
  sparse?: boolean;
}

export type DiscordServer = Awaited<ReturnType<typeof createDiscordServer>>;

export async function createDiscordServer(options: DiscordServerOptions = {}) {
  let token = options.token ?? "double-token";
  let messageContent = options.messageContent ?? true;
  let origin = "";
  const world = createWorld((event) => gateway.publish(event));
  const bot = world.addUser("Deskhand", { bot: true });
  const applicationId = world.id();
  const interactions = createInteractions({
    world,
    bot,
    applicationId,
    gateway: () => gateway,
    answerWithinMs: options.answerWithinMs ?? 3_000,
    tokenLivesMs: options.tokenLivesMs ?? 900_000,
  });
  const gatewayUrl = () => `${origin.replace(/^http/, "ws")}/gateway`;
  const identifiesMax = options.identifiesMax ?? 1_000;
  const maxConcurrency = options.maxConcurrency ?? 1_000;
  const routes = createRoutes({
    world,
    bot,
    applicationId,
    applicationFlags: () => (messageContent ? 1 << 19 : 0),
    interactions,
    gateway: () => ({
      url: gatewayUrl(),
      remaining: gateway.remaining(),
      total: identifiesMax,
      maxConcurrency,
    }),
    origin: () => origin,
    nonceWindowMs: options.nonceWindowMs ?? 300_000,
    attachmentBytesMax: options.attachmentBytesMax ?? 10_485_760,
    sparse: options.sparse ?? false,
  });
  const rest = createRest({
    token: () => token,
    handle: routes.handle,
    bucket: options.bucket ?? { limit: 10_000, perMs: 1_000 },
    globalPerSecond: options.globalPerSecond ?? 10_000,
    invalidMax: options.invalidMax ?? 10_000,
    sparse: options.sparse ?? false,
  });
  const gateway = createGateway(rest.server, world, {
    token: () => token,
    bot,
    applicationId,
    url: gatewayUrl,
    allowedIntents: () => ~(messageContent ? 0 : intents.messageContent),
    heartbeatIntervalMs: options.heartbeatIntervalMs ?? 41_250,
    resumeWindowMs: options.resumeWindowMs ?? 120_000,
    identifiesMax,
    maxConcurrency,
    sparse: options.sparse ?? false,
  });
  await new Promise<void>((resolve) => rest.server.listen(options.port ?? 0, "127.0.0.1", resolve));
  origin = `http://127.0.0.1:${(rest.server.address() as AddressInfo).port}`;

  const asPerson = createPeople({ world, bot, interactions, origin: () => origin });
  const people = new Map<string, ReturnType<typeof asPerson>>();
  const guild = world.addGuild("ACME", bot);

  /** Somebody of the guild, made when first asked for. */
  function asUser(name: string) {
    const known = people.get(name);
    if (known) return known;
    const user = world.addUser(name);
    world.join(guild, user);
    const person = asPerson(user);
    people.set(name, person);
    return person;
  }

  function addChannel(
    name: string,
    kind: "text" | "forum" | "announcement" | "voice" = "text",
    overwrites: Overwrite[] = [],
    within: Guild = guild,
  ): Channel {
    const type = { text: 0, forum: 15, announcement: 5, voice: 2 }[kind];
    return world.addChannel({ type, name, guild: within, parent: undefined, overwrites });
  }

  /** A thread as somebody opens it from the channel's menu. */
  function addThread(
    parent: Channel,
    name: string,
    owner: User,
    kind: "public" | "private" = "public",
  ): Channel {
    const type = kind === "private" ? 12 : 11;
    return world.addChannel({
      type,
      name,
      guild: parent.guild,
      parent,
      owner_id: owner.id,
      members: new Set([owner.id]),
    });
  }

  /** A channel that only the bot and the people with this role can see. */
  function addPrivateChannel(name: string, role: { id: string }): Channel {
    const { viewChannel } = permissions;
    return addChannel(name, "text", [
      { id: guild.id, type: 0, allow: 0n, deny: viewChannel },
      { id: role.id, type: 0, allow: viewChannel, deny: 0n },
      { id: bot.id, type: 1, allow: viewChannel, deny: 0n },
    ]);
  }

  function giveRole(name: string, role: string): void {
    guild.members.get(asUser(name).id)?.roles.push(role);
  }

  function messages(channel: string | Channel): Message[] {
    const found = typeof channel === "string" ? world.channels.get(channel) : channel;
    return (found?.messages ?? []).filter((message) => message.ephemeralFor === undefined);
  }

  return {
    url: `${origin}/api`,
    origin,
    get token() {
      return token;
    },
    world,
    gateway,
    rest,
    routes,
    bot,
    applicationId,
    guild,
    asUser,
    addChannel,
    addPrivateChannel,
    addThread,
    giveRole,
    messages,
    /** Messages of the bot in this place. */
    byBot: (channel: string | Channel) =>
      messages(channel).filter((one) => one.author === bot && [0, 19].includes(one.type)),
    /** Threads of a channel, oldest first. */
    threadsOf: (channel: Channel) => [...world.channels.values()].filter((one) => one.parent === channel),
    revokeToken(): void {
      token = `revoked-${world.id()}`;
    },
    setMessageContent(allowed: boolean): void {
      messageContent = allowed;
    },
    /** The bot leaves the guild. */
    kickBot(from: Guild = guild): void {
      gateway.publish({ name: "GUILD_DELETE", data: { id: from.id }, guild: from, intent: intents.guilds });
      from.members.delete(bot.id);
    },
    /** Polls until `check` gives something. */
    async waitFor<T>(
      check: () => T | undefined | false | null,
      what = "what was expected",
      withinMs = 25_000,
    ): Promise<T> {
      const end = performance.now() + withinMs;
      for (;;) {
        const found = check();
        if (found) return found;
        if (performance.now() > end) throw new Error(`${what} did not come within ${withinMs} ms`);
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
    },
    async close(): Promise<void> {
      await gateway.close();
      await rest.close();
    },
  };
}
