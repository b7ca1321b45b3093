/**
 * Every environment variable that the program reads, in the order of .env.example, which lists the same names,
 * defaults and words (a test compares them). An empty variable is one that is not set.
 */
import { z } from "zod";
import { aChannel } from "./desk-file.ts";
import { Secret } from "./secret.ts";

export interface Variable {
  name: VariableName;
  /** As it would be written; empty where there is none. */
  byDefault: string;
  about: string;
}

const text = z.string();
const secret = z.string().transform((value) => new Secret(value));
const matching = (pattern: RegExp, error: string) => z.string().regex(pattern, error);

const url = (schemes: readonly string[], error: string) =>
  z.string().refine((value) => isUrl(value, schemes), { error });
const httpUrl = url(["http:", "https:"], "an http or https address without user name and password").refine(
  (value) => !/^\w+:\/\/[^/]*@/.test(value),
  { error: "an http or https address without user name and password" },
);
const secretUrl = (schemes: readonly string[], error: string) =>
  url(schemes, error).transform((value) => new Secret(value));

const number = (min: number, max: number) => {
  const error = `a whole number from ${min} to ${max}`;
  return matching(/^\d{1,15}$/, error)
    .transform(Number)
    .refine((value) => value >= min && value <= max, { error });
};
const listOf = (pattern: RegExp, error: string) =>
  z
    .string()
    .transform((value) => value.split(",").map((item) => item.trim()))
    .transform((items) => items.filter((item) => item !== ""))
    .refine((items) => items.length > 0 && items.every((item) => pattern.test(item)), { error })
    .refine((items) => new Set(items).size === items.length, { error: "a list that names each entry once" });

const hostForm = "an address to listen on, like 127.0.0.1 or 0.0.0.0";
const host = matching(/^[A-Za-z0-9.:_-]{1,253}$/, hostForm);

/** What a variable's text must be; a message says what is expected. */
export const forms = {
  DESKHAND_DATA: text,
  DATABASE_URL: secretUrl(
    ["postgres:", "postgresql:"],
    "an address like postgres://user:password@host/database",
  ),
  KEYV_URI: secretUrl([], "an address like redis://host:6379"),
  OPENAI_API_KEY: matching(/^[!-~]+$/, "a key (one word)").pipe(secret),
  OPENAI_BASE_URL: httpUrl.transform((value) => value.replace(/\/+$/, "")),
  OPENAI_MODEL: text,
  OPENAI_EMBEDDING_MODEL: text,
  OPENAI_TRANSCRIPTION_MODEL: text,
  DESK_CHANNEL: aChannel,
  SLACK_BOT_TOKEN: matching(/^(?!xapp-)\S+$/, "a bot token (it begins with xoxb-)").pipe(secret),
  SLACK_APP_TOKEN: matching(/^(?!xox)\S+$/, "an app-level token (it begins with xapp-)").pipe(secret),
  SLACK_SIGNING_SECRET: matching(/^\S+$/, "a signing secret (one word of hexadecimal digits)").pipe(secret),
  SLACK_HOST: host,
  SLACK_PORT: number(0, 65_535),
  SLACK_API_URL: httpUrl.transform((value) => value.replace(/\/*$/, "/")),
  SLACK_SUPPORT_CHANNELS: listOf(
    /^(slack:[A-Za-z0-9]{1,64}:)?[A-Za-z0-9_-]{1,64}$/,
    "channel ids with commas between them",
  ),
  SLACK_CLIENT_ID: matching(/^[!-~]+$/, "a client id (one word)"),
  SLACK_CLIENT_SECRET: matching(/^[!-~]+$/, "a client secret (one word)").pipe(secret),
  SLACK_STATE_SECRET: matching(/^.{32,}$/, "a secret of 32 random characters or more").pipe(secret),
  DISCORD_TOKEN: matching(/^\S+$/, "a bot token (one word)").pipe(secret),
  DISCORD_API_URL: httpUrl
    .transform((value) => value.replace(/\/+$/, ""))
    .refine((value) => /\/api(\/v\d+)?$/.test(value), { error: "an address that ends in /api" }),
  DISCORD_SUPPORT_CHANNELS: listOf(/^\d{1,20}$/, "channel ids with commas between them"),
  HTTP_HOST: host,
  HTTP_PORT: number(0, 65_535),
  HTTP_API_KEYS: listOf(/^[!-~]+$/, "keys with commas between them").transform((keys) =>
    keys.map((key) => new Secret(key)),
  ),
  HTTP_CUSTOMER_SECRET: secret,
  SMTP_URL: secretUrl(["smtp:", "smtps:"], "an address like smtps://user:password@mail.example.com"),
  MAIL_FROM: matching(/^[^\r\n@]*[^\s@]@[^\s@]+$/, "a mail address, or Name <address>"),
  SETTLE_MS: number(0, 60_000),
  WORK_AT_ONCE: number(1, 1_000),
  LOG_LEVEL: z.enum(["debug", "info", "warn", "error", "silent"], {
    error: "debug, info, warn, error or silent",
  }),
} as const satisfies Record<string, z.ZodType>;

export type VariableName = keyof typeof forms;

const described = {
  DESKHAND_DATA: [".deskhand", "The data folder: ledger, memory, files, mail. --data wins over it."],
  DATABASE_URL: [
    "",
    "The ledger in Postgres instead of a file in the data folder: postgres://user:password@host/database",
  ],
  KEYV_URI: [
    "",
    "Session memory in any Keyv store: redis://host:6379. Unless set it is beside the ledger: in DATABASE_URL, or a file in the data folder.",
  ],
  OPENAI_API_KEY: ["", "The model's key. Without key and address the desk runs on its offline model."],
  OPENAI_BASE_URL: ["https://api.openai.com/v1", "Any OpenAI-compatible endpoint."],
  OPENAI_MODEL: ["gpt-4.1-mini", "The language model. Over model.name in desk.yaml."],
  OPENAI_EMBEDDING_MODEL: ["", "Turns hybrid search on. Over model.embedding in desk.yaml."],
  OPENAI_TRANSCRIPTION_MODEL: ["", "Turns voice messages on. Over model.transcription in desk.yaml."],
  DESK_CHANNEL: [
    "",
    "The human channel: slack:C… or discord:…. Required with Slack or Discord. Over desk.channel in desk.yaml.",
  ],
  SLACK_BOT_TOKEN: ["", "Turns Slack on; needs either SLACK_APP_TOKEN or SLACK_SIGNING_SECRET."],
  SLACK_APP_TOKEN: ["", "Slack over Socket Mode: no public address needed."],
  SLACK_SIGNING_SECRET: ["", "Slack over HTTP: it sends to /slack/events on SLACK_HOST and SLACK_PORT."],
  SLACK_HOST: ["127.0.0.1", "Where Slack's HTTP requests are received."],
  SLACK_PORT: ["3000", "0 takes a free port."],
  SLACK_API_URL: ["https://slack.com/api/", "Slack's API."],
  SLACK_SUPPORT_CHANNELS: [
    "",
    "Ids of channels where customers ask, with commas. Over slack.support_channels in desk.yaml.",
  ],
  SLACK_CLIENT_ID: [
    "",
    "Lets further workspaces install the app at /slack/install on SLACK_HOST and SLACK_PORT; with the two below.",
  ],
  SLACK_CLIENT_SECRET: ["", "The app's client secret."],
  SLACK_STATE_SECRET: [
    "",
    "32 random characters or more, yours to choose: signs installations and encrypts the workspaces' tokens. Another one, and they install again.",
  ],
  DISCORD_TOKEN: ["", "Turns Discord on."],
  DISCORD_API_URL: ["https://discord.com/api", "Discord's API; ends in /api."],
  DISCORD_SUPPORT_CHANNELS: [
    "",
    "Ids of channels where customers ask, with commas. Over discord.support_channels in desk.yaml.",
  ],
  HTTP_HOST: ["127.0.0.1", "Where the HTTP API listens. Anything but this machine needs HTTP_API_KEYS."],
  HTTP_PORT: ["", "Turns the HTTP API on; 0 takes a free port."],
  HTTP_API_KEYS: ["", "Keys with commas; a request carries one as Authorization: Bearer KEY."],
  HTTP_CUSTOMER_SECRET: [
    "",
    "Checks the customer's token (Deskhand-Customer, HS256). Without it nobody is verified over HTTP.",
  ],
  SMTP_URL: [
    "",
    "Sends verification codes: smtps://user:password@host. Without it they are files in the data folder's mail/.",
  ],
  MAIL_FROM: ["", "Sender of verification codes. Required with SMTP_URL."],
  SETTLE_MS: ["1000", "How long to wait for the rest of a burst of messages, in milliseconds."],
  WORK_AT_ONCE: ["256", "How many threads one process deals with at once."],
  LOG_LEVEL: [
    "info",
    "debug, info, warn, error or silent; a console at a terminal has warn as its default. Customers' texts are logged only at debug.",
  ],
} as const satisfies Record<VariableName, readonly [byDefault: string, about: string]>;

export const variables: readonly Variable[] = Object.entries(described).map(([name, [byDefault, about]]) => ({
  name: name as VariableName,
  byDefault,
  about,
}));

/** Those whose values are never shown, not even when they are wrong. */
export const secretVariables: ReadonlySet<VariableName> = new Set([
  "DATABASE_URL",
  "KEYV_URI",
  "OPENAI_API_KEY",
  "SLACK_BOT_TOKEN",
  "SLACK_APP_TOKEN",
  "SLACK_SIGNING_SECRET",
  "SLACK_CLIENT_SECRET",
  "SLACK_STATE_SECRET",
  "DISCORD_TOKEN",
  "HTTP_API_KEYS",
  "HTTP_CUSTOMER_SECRET",
  "SMTP_URL",
]);

/** @param schemes with their colons; none given: any */
function isUrl(value: string, schemes: readonly string[]): boolean {
  if (!URL.canParse(value)) return false;
  const { protocol, host: place } = new URL(value);
  return schemes.length === 0
    ? /^[a-z][a-z0-9+.-]*:\/\//i.test(value)
    : schemes.includes(protocol) && place !== "";
}
