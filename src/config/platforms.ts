/** What each way in needs: Slack, Discord, HTTP; undefined where it is not configured. */
import type { DeskFile } from "./desk-file.ts";
import type { Variables } from "./environment.ts";
import type { Secret } from "./secret.ts";

export interface SlackConfig {
  readonly botToken: Secret;
  readonly receive:
    | { readonly way: "socket"; readonly appToken: Secret }
    | { readonly way: "http"; readonly signingSecret: Secret; readonly host: string; readonly port: number };
  readonly apiUrl: string;
  readonly supportChannels: readonly string[];
  readonly suggestedPrompts: readonly { readonly title: string; readonly message: string }[];
  /** Where further workspaces install the app. */
  readonly install:
    | {
        readonly clientId: string;
        readonly clientSecret: Secret;
        readonly stateSecret: Secret;
        readonly host: string;
        readonly port: number;
      }
    | undefined;
}

export interface DiscordConfig {
  readonly token: Secret;
  readonly apiUrl: string;
  readonly supportChannels: readonly string[];
  /** None: every guild the bot is in. */
  readonly guilds: readonly string[];
}

export interface HttpConfig {
  readonly host: string;
  readonly port: number;
  /** None only where the host is this machine's own loopback: then every local program may ask. */
  readonly apiKeys: readonly Secret[];
  readonly customerSecret: Secret | undefined;
}

export function slackOf(set: Variables, { slack }: DeskFile): SlackConfig | undefined {
  const { SLACK_BOT_TOKEN: botToken, SLACK_APP_TOKEN: appToken, SLACK_SIGNING_SECRET: signingSecret } = set;
  if (!botToken || !(appToken || signingSecret)) return undefined;
  const {
    SLACK_CLIENT_ID: clientId,
    SLACK_CLIENT_SECRET: clientSecret,
    SLACK_STATE_SECRET: stateSecret,
  } = set;
  const listening = { host: set.SLACK_HOST ?? "127.0.0.1", port: set.SLACK_PORT ?? 3000 };
  return {
    botToken,
    receive: appToken
      ? { way: "socket", appToken }
      : {
          way: "http",
          signingSecret: signingSecret!,
          ...listening,
        },
    apiUrl: set.SLACK_API_URL ?? "https://slack.com/api/",
    supportChannels: set.SLACK_SUPPORT_CHANNELS ?? slack.support_channels,
    suggestedPrompts: slack.suggested_prompts,
    install:
      clientId && clientSecret && stateSecret
        ? { clientId, clientSecret, stateSecret, ...listening }
        : undefined,
  };
}

export function discordOf(set: Variables, { discord }: DeskFile): DiscordConfig | undefined {
  if (!set.DISCORD_TOKEN) return undefined;
  return {
    token: set.DISCORD_TOKEN,
    apiUrl: set.DISCORD_API_URL ?? "https://discord.com/api",
    supportChannels: set.DISCORD_SUPPORT_CHANNELS ?? discord.support_channels,
    guilds: discord.guilds,
  };
}

export function httpOf(set: Variables): HttpConfig | undefined {
  if (set.HTTP_PORT === undefined) return undefined;
  return {
    host: set.HTTP_HOST ?? "127.0.0.1",
    port: set.HTTP_PORT,
    apiKeys: set.HTTP_API_KEYS ?? [],
    customerSecret: set.HTTP_CUSTOMER_SECRET,
  };
}
