/** A Slack desk as a company runs it: the program's own process before the double of Slack, with or without a model. */
import { createInhabitedSlack, type Transport } from "../adapters/slack/harness.ts";
import { freePort } from "../doubles/free-port.ts";
import type { Seen } from "../doubles/slack-server/seen.ts";
import type { SlackServer, SlackServerOptions } from "../doubles/slack-server/slack-server.ts";
import { mailedCodes } from "./mailed-codes.ts";
import { openTerminal, type Terminal, temporaryFolder } from "./terminal.ts";

export interface SlackDesk {
  slack: SlackServer;
  readonly program: Terminal;
  /** Waits for a message that holds all of this; the newest one. */
  sees(channel: string, includes: string | RegExp, thread?: string): Promise<Seen>;
  /** What the bot shows in a place, oldest first. */
  byBot(channel: string, thread?: string): string[];
  /** Waits until the bot shows more than so many messages in a place, and writes none any more. */
  replied(channel: string, already: number, thread?: string): Promise<unknown>;
  /** Waits until the bot has put this reaction on a message of staff. */
  marked(channel: string, ts: string, name: string): Promise<unknown>;
  /** The codes of all mails in the data folder, oldest first. */
  mailedCodes(): string[];
  /** Where the desk takes HTTP requests; empty with Socket Mode. */
  address: string;
  /** Where it has its pages for installing; empty when it has none. */
  pages: string;
  /** Its data folder. */
  data: string;
  /** The process dies on the spot. */
  kill(): Promise<void>;
  start(): Promise<void>;
  /** Ends the program as an operator does. @returns its exit code */
  stop(): Promise<number | null>;
  close(): Promise<void>;
}

export interface SlackDeskOptions {
  transport?: Transport;
  modelUrl?: string;
  /** The example unless given. */
  workspace?: string;
  settleMs?: number;
  /** Further workspaces can install the app. */
  installable?: true;
  /** How this Slack differs. */
  server?: SlackServerOptions;
  /** More of the program's environment. */
  env?: Record<string, string>;
}

const stateSecret = "a-state-secret-of-at-least-32-characters";

/** @param modelUrl of an OpenAI-compatible server; the offline model without it */
export async function openSlackDesk(options: SlackDeskOptions = {}): Promise<SlackDesk> {
  const { transport = "socket", modelUrl, settleMs = 0 } = options;
  const slack = await createInhabitedSlack(options.server);
  const data = temporaryFolder();
  const port = transport === "http" || options.installable ? await freePort() : 0;
  const pages = port === 0 ? "" : `http://127.0.0.1:${port}`;
  const address = transport === "http" ? `${pages}/slack/events` : "";
  if (address) slack.sendEventsTo(address);
  const env = {
    SLACK_BOT_TOKEN: slack.botToken,
    SLACK_API_URL: slack.apiUrl,
    SLACK_SUPPORT_CHANNELS: "C1",
    DESK_CHANNEL: "slack:C2",
    SETTLE_MS: String(settleMs),
    ...(transport === "socket"
      ? { SLACK_APP_TOKEN: slack.appToken }
      : { SLACK_SIGNING_SECRET: slack.signingSecret }),
    ...(port === 0 ? {} : { SLACK_PORT: String(port) }),
    ...(options.installable
      ? {
          SLACK_CLIENT_ID: slack.clientId,
          SLACK_CLIENT_SECRET: slack.clientSecret,
          SLACK_STATE_SECRET: stateSecret,
        }
      : {}),
    ...(modelUrl ? { OPENAI_BASE_URL: modelUrl, OPENAI_API_KEY: "k" } : {}),
    ...options.env,
  };
  const args = options.workspace === undefined ? [] : ["--workspace", options.workspace];
  const begin = () => openTerminal(data.path, { args, env });
  let program = await begin();
  const byBot = (channel: string, thread?: string) =>
    slack
      .messages(channel, thread)
      .filter((one) => one.byBot && one.message.subtype !== "assistant_app_thread")
      .map((one) => one.text);
  const told = (error: unknown) => {
    const everything = [...slack.world.messages.values()].flat().map((one) => `${one.channel} ${one.text}`);
    return new Error(
      `${String(error)}\n${everything.join("\n").slice(-4_000)}\n${program.errors().slice(-6_000)}`,
    );
  };
  return {
    slack,
    get program() {
      return program;
    },
    address,
    pages,
    data: data.path,
    async sees(channel, includes, thread) {
      const fits = ({ text }: Seen) =>
        typeof includes === "string" ? text.includes(includes) : includes.test(text);
      return slack
        .waitFor(() => slack.messages(channel, thread).findLast((one) => fits(one) && !one.streaming))
        .catch((error: unknown) => {
          throw told(`${includes} in ${channel}: ${String(error)}`);
        });
    },
    byBot,
    replied: (channel, already, thread) =>
      slack
        .waitFor(
          () =>
            byBot(channel, thread).length > already &&
            !slack.messages(channel, thread).some((one) => one.streaming),
        )
        .catch((error: unknown) => {
          throw told(`message ${already + 1} in ${channel}: ${String(error)}`);
        }),
    marked: (channel, ts, name) =>
      slack.waitFor(() =>
        slack.messages(channel).some((one) => one.ts === ts && one.message.reactions.has(name)),
      ),
    mailedCodes: () => mailedCodes(data.path),
    async kill() {
      await program.kill();
    },
    async start() {
      program = await begin();
    },
    stop: () => program.kill("SIGTERM"),
    async close() {
      slack.dropHanging();
      await program.kill();
      await slack.close();
      data.remove();
    },
  };
}
