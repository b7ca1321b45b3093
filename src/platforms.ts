/** Which adapters there are; only what is configured is loaded. The only file of src/ that reaches for adapters/. */
import { join } from "node:path";
import type { Clock } from "./clock.ts";
import type { Config } from "./config.ts";
import type { Core } from "./core.ts";
import { readMarks, writeMarks } from "./ledger/marks.ts";
import { ticketAtHand } from "./ledger/tickets.ts";
import { summaryOf } from "./ledger/transcript.ts";
import type { Ledger } from "./ledger.ts";
import type { Log } from "./log.ts";
import type { Platform } from "./platform.ts";
import { createSessions } from "./sessions.ts";
import { platformOf } from "./thread.ts";

export interface PlatformsParts {
  config: Config;
  core: Pick<Core, "idle" | "idleIn" | "ready" | "metrics">;
  ledger: Ledger;
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
    config.http && openHttp(parts, config.http),
    config.console && openConsole(parts, config.console),
  ];
  for (const platform of await Promise.all(open)) if (platform) platforms.set(platform.name, platform);
}

async function openSlack(parts: PlatformsParts, slack: NonNullable<Config["slack"]>): Promise<Platform> {
  const { config, clock, log } = parts;
  const { createSlackAdapter } = await import("../adapters/slack/adapter.ts");
  const { receive } = slack;
  return createSlackAdapter({
    config: {
      botToken: slack.botToken.reveal(),
      ...(receive.way === "socket"
        ? { appToken: receive.appToken.reveal() }
        : { signingSecret: receive.signingSecret.reveal() }),
      host: receive.way === "http" ? receive.host : "127.0.0.1",
      port: receive.way === "http" ? receive.port : 0,
      apiUrl: slack.apiUrl,
      supportChannels: slack.supportChannels,
      suggestedPrompts: slack.suggestedPrompts,
      greeting: `Hello, this is ${config.name}. How can I help?`,
      ...deskChannelOn(config, "slack"),
    },
    streams: streamsIn(parts.ledger),
    clock,
    log,
  });
}

/** Streams under way, by their key, among Slack's marks. */
function streamsIn(ledger: Ledger) {
  type Stream = { key: string; team: string; channel: string; ts: string };
  const save = (stream: Stream, value: string | undefined) =>
    ledger.write((tx) => writeMarks(tx, "slack", [[`stream:${stream.key}`, value]]));
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

async function openDiscord(
  parts: PlatformsParts,
  discord: NonNullable<Config["discord"]>,
): Promise<Platform> {
  const { config, ledger, clock, log } = parts;
  const { createDiscordAdapter } = await import("../adapters/discord/adapter.ts");
  return createDiscordAdapter({
    config: {
      token: discord.token.reveal(),
      apiUrl: discord.apiUrl,
      guilds: discord.guilds,
      supportChannels: discord.supportChannels,
      ...deskChannelOn(config, "discord"),
    },
    marks: {
      load: () => ledger.read((tx) => readMarks(tx, "discord")),
      save: (changes) => ledger.write((tx) => writeMarks(tx, "discord", changes)),
    },
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
