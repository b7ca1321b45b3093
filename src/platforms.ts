/** Which adapters there are; only what is configured is loaded. The only file of src/ that reaches for adapters/. */
import { join } from "node:path";
import type { Clock } from "./clock.ts";
import type { Config } from "./config.ts";
import type { Core } from "./core.ts";
import { DeskError, faultOf } from "./errors.ts";
import type { KeptWaits } from "./kept-waits.ts";
import { readMark, readMarks, writeMarks } from "./ledger/marks.ts";
import { createSealedMarks } from "./ledger/sealed-marks.ts";
import { ticketAtHand } from "./ledger/tickets.ts";
import { summaryOf } from "./ledger/transcript.ts";
import type { Ledger } from "./ledger.ts";
import type { Log } from "./log.ts";
import type { Platform, Problem } from "./platform.ts";
import { createSessions } from "./sessions.ts";
import { platformOf } from "./thread.ts";
import type { Waits } from "./waits.ts";

export interface PlatformsParts {
  config: Config;
  core: Pick<Core, "idle" | "idleIn" | "ready" | "metrics">;
  ledger: Ledger;
  waits: KeptWaits;
  /** The console's input is over. */
  ended(): void;
  clock: Clock;
  log: Log;
}

/** Puts every configured platform, not yet connected, into the map. */
export async function openPlatforms(platforms: Map<string, Platform>, parts: PlatformsParts): Promise<void> {
  const { config } = parts;
  const open = [
    config.slack && openSlack(parts, config.slack),
    config.discord && openDiscord(parts, config.discord),
    config.roles.includes("receive") && config.http && openHttp(parts, config.http),
    config.console && openConsole(parts, config.console),
  ];
  for (const platform of await Promise.all(open)) if (platform) platforms.set(platform.name, platform);
}

/** Platforms that only other processes of the desk have: an HTTP request is answered where it was received. */
export const platformsElsewhere = ({ http, roles }: Config): ReadonlySet<string> =>
  new Set(http && !roles.includes("receive") ? ["http"] : []);

/**
 * What is wrong with the desk's installations on its platforms, channel by channel. It only asks; nothing is received,
 * and nobody is asked where no platform is configured.
 */
export async function examinePlatforms(
  parts: Pick<PlatformsParts, "config" | "clock" | "log">,
): Promise<Problem[]> {
  const { slack, discord } = parts.config;
  const asked = [
    slack && examined("SLACK_API_URL", slackFor(parts, slack)),
    discord && examined("DISCORD_API_URL", discordFor(parts, discord, nothingKept)),
  ];
  return (await Promise.all(asked)).flatMap((problems) => problems ?? []);
}

/** @param where the variable that is to be looked at where the platform does not answer */
async function examined(where: string, opening: Promise<Platform>): Promise<Problem[]> {
  const platform = await opening;
  try {
    return (await platform.examine?.()) ?? [];
  } catch (error) {
    const remedy = error instanceof DeskError ? error.remedy : "Check the address and the network.";
    return [{ where, fault: faultOf(error), remedy }];
  } finally {
    await platform.close();
  }
}

const nothingKept = { read: async () => undefined, load: async () => [], save: async () => {} };

async function openSlack(parts: PlatformsParts, slack: NonNullable<Config["slack"]>): Promise<Platform> {
  const { install } = slack;
  return slackFor(parts, slack, {
    waits: parts.waits.of("slack"),
    streams: streamsIn(parts.ledger),
    surfaces: surfacesIn(parts.ledger),
    ...(install ? { installations: installationsIn(parts, install.stateSecret) } : {}),
  });
}

async function slackFor(
  { config, clock, log }: Pick<PlatformsParts, "config" | "clock" | "log">,
  slack: NonNullable<Config["slack"]>,
  kept: {
    waits?: Waits;
    streams?: ReturnType<typeof streamsIn>;
    surfaces?: ReturnType<typeof surfacesIn>;
    installations?: ReturnType<typeof installationsIn>;
  } = {},
): Promise<Platform> {
  const { createSlackAdapter } = await import("../adapters/slack/adapter.ts");
  return createSlackAdapter({ config: slackSettings(config, slack), ...kept, clock, log });
}

function slackSettings(config: Config, slack: NonNullable<Config["slack"]>) {
  const { receive, install } = slack;
  return {
    botToken: slack.botToken.reveal(),
    ...(receive.way === "socket"
      ? { appToken: receive.appToken.reveal() }
      : { signingSecret: receive.signingSecret.reveal() }),
    host: "127.0.0.1",
    port: 0,
    ...(receive.way === "http" ? { host: receive.host, port: receive.port } : {}),
    ...(install ? { host: install.host, port: install.port, oauth: oauthOf(install, slack.apiUrl) } : {}),
    apiUrl: slack.apiUrl,
    supportChannels: slack.supportChannels,
    suggestedPrompts: slack.suggestedPrompts,
    greeting: `Hello, this is ${config.name}. How can I help?`,
    loadingMessages: ["Reading your message…", "Looking it up…", "Putting the answer together…"],
    ...deskChannelOn(config, "slack"),
  };
}

type Install = NonNullable<NonNullable<Config["slack"]>["install"]>;

/** Whoever has Slack's API elsewhere has its page of consent beside it. */
function oauthOf({ clientId, clientSecret, stateSecret }: Install, apiUrl: string) {
  return {
    clientId,
    clientSecret: clientSecret.reveal(),
    stateSecret: stateSecret.reveal(),
    authorizationUrl: new URL("../oauth/v2/authorize", apiUrl).href,
  };
}

/** The workspaces that have installed the app, with their tokens, sealed among Slack's marks. */
function installationsIn({ ledger, clock, log }: PlatformsParts, secret: Install["stateSecret"]) {
  type Names = { team: string; name: string; botUser: string; botId?: string; enterprise?: string };
  type Installation = Names & { botToken: string; scopes: string[] };
  const marks = createSealedMarks({ ledger, platform: "slack", secret: () => secret.reveal(), clock, log });
  const nameOf = (team: string) => `installation:${team}`;
  return {
    save: (one: Installation) => marks.save(nameOf(one.team), JSON.stringify(one)),
    async find(team: string): Promise<Installation | undefined> {
      const kept = await marks.find(nameOf(team));
      return kept === undefined ? undefined : (JSON.parse(kept) as Installation);
    },
    remove: (team: string) => marks.remove(nameOf(team)),
  };
}

/** Streams under way, by their key, among Slack's marks. */
function streamsIn(ledger: Ledger) {
  type Stream = { key: string; team: string; channel: string; ts: string };
  const save = (stream: Stream, value: string | undefined) =>
    ledger.write((tx) => writeMarks(tx, "slack", [[`stream:${stream.key}`, value]]), { lazy: true });
  return {
    add: (stream: Stream) => save(stream, JSON.stringify(stream)),
    remove: (stream: Stream) => save(stream, undefined),
    async all(): Promise<Stream[]> {
      const marks = await ledger.read((tx) => readMarks(tx, "slack"));
      return marks
        .filter(([name]) => name.startsWith("stream:"))
        .map(([, value]) => JSON.parse(value) as Stream);
    },
  };
}

/** Where people wrote last in their direct conversations, among Slack's marks; the name ends in the conversation's. */
function surfacesIn(ledger: Ledger) {
  const nameOf = (team: string, channel: string) => `surface:${team}:${channel}`;
  const find = (team: string, channel: string) =>
    ledger.read((tx) => readMark(tx, "slack", nameOf(team, channel)));
  return {
    find,
    async save(team: string, channel: string, root: string | undefined): Promise<void> {
      if ((await find(team, channel)) === root) return;
      await ledger.write((tx) => writeMarks(tx, "slack", [[nameOf(team, channel), root]]), { lazy: true });
    },
  };
}

function openDiscord(parts: PlatformsParts, discord: NonNullable<Config["discord"]>): Promise<Platform> {
  const { ledger } = parts;
  const marks = {
    read: (name: string) => ledger.read((tx) => readMark(tx, "discord", name)),
    load: () => ledger.read((tx) => readMarks(tx, "discord")),
    save: (changes: ReadonlyMap<string, string | undefined>, rises: (name: string) => boolean) =>
      ledger.write((tx) => writeMarks(tx, "discord", changes, rises)),
  };
  return discordFor(parts, discord, marks, parts.waits.of("discord"));
}

async function discordFor(
  { config, clock, log }: Pick<PlatformsParts, "config" | "clock" | "log">,
  discord: NonNullable<Config["discord"]>,
  marks: {
    read(name: string): Promise<string | undefined>;
    load(): Promise<[name: string, value: string][]>;
    save(changes: ReadonlyMap<string, string | undefined>, rises: (name: string) => boolean): Promise<void>;
  },
  waits?: Waits,
): Promise<Platform> {
  const { createDiscordAdapter } = await import("../adapters/discord/adapter.ts");
  return createDiscordAdapter({
    config: {
      token: discord.token.reveal(),
      apiUrl: discord.apiUrl,
      guilds: discord.guilds,
      supportChannels: discord.supportChannels,
      ...deskChannelOn(config, "discord"),
    },
    marks,
    ...(waits ? { waits } : {}),
    clock,
    log,
  });
}

async function openHttp(parts: PlatformsParts, http: NonNullable<Config["http"]>): Promise<Platform> {
  const { core, ledger, clock, log } = parts;
  const { createHttpAdapter } = await import("../adapters/http/adapter.ts");
  return createHttpAdapter({
    config: {
      host: http.host,
      port: http.port,
      apiKeys: http.apiKeys.map((key) => key.reveal()),
      customerSecret: http.customerSecret?.reveal(),
    },
    sessions: createSessions({ ledger, clock }),
    idle: core.idleIn,
    metrics: core.metrics,
    ready: core.ready,
    clock,
    log,
  });
}

async function openConsole(
  parts: PlatformsParts,
  settings: NonNullable<Config["console"]>,
): Promise<Platform> {
  const { config, core, ledger, clock, log } = parts;
  const { createConsoleAdapter } = await import("../adapters/console/adapter.ts");
  const { openPrinted } = await import("../adapters/console/printed.ts");
  const { writeToStandardOutput } = await import("../adapters/console/standard-output.ts");
  return createConsoleAdapter({
    config: settings,
    input: process.stdin,
    write: writeToStandardOutput,
    printed: openPrinted(join(config.folders.data, "console.printed")),
    interactive: process.stdin.isTTY === true && process.stdout.isTTY === true,
    columns: () => process.stdout.columns,
    idle: core.idle,
    summary: (thread) => ledger.read((tx) => summaryOf(tx, thread)),
    openTicket: (thread, number) => ledger.read((tx) => ticketAtHand(tx, thread, number)),
    ended: parts.ended,
    lineCharactersMax: config.limits.messageCharactersMax,
    clock,
    log,
  });
}

/** The human channel's own id, on the platform that has it. */
function deskChannelOn(config: Config, platform: string): { deskChannel?: string } {
  const { channel } = config.desk;
  return channel !== undefined && platformOf(channel) === platform ? { deskChannel: channel } : {};
}
