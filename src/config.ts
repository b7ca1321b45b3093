/**
 * Configuration: environment variables over desk.yaml over defaults, checked once, every problem reported together, and
 * frozen. The only place that reads the environment.
 */

import { resolve } from "node:path";
import { disagreements, doubts, rolesIn, type Together } from "./config/agreement.ts";
import type { DeskFile } from "./config/desk-file.ts";
import { type Environment, readEnvironment, type Variables } from "./config/environment.ts";
import { dataFolder, workspaceFolder } from "./config/folders.ts";
import type { OfficeHours } from "./config/office-hours.ts";
import {
  type DiscordConfig,
  discordOf,
  type HttpConfig,
  httpOf,
  type SlackConfig,
  slackOf,
} from "./config/platforms.ts";
import { readDeskFile } from "./config/read-desk-file.ts";
import type { Secret } from "./config/secret.ts";
import type { Role } from "./crew.ts";
import type { LogLevel } from "./log.ts";
import type { Problem } from "./platform.ts";
import type { MoneyPolicy } from "./tool.ts";

export interface Config {
  /** The company's name, as customers read it. */
  readonly name: string;
  /** The specialist who meets a customer first, where desk.yaml names one. */
  readonly entry: string | undefined;
  /** BCP 47; the first is the desk's own. */
  readonly languages: readonly string[];
  /** The first takes what fits no other. */
  readonly queues: readonly string[];
  readonly officeHours: OfficeHours | undefined;
  /** Absolute paths. */
  readonly folders: { readonly workspace: string; readonly data: string; readonly knowledge: string };
  /** Postgres instead of a file in the data folder. */
  readonly databaseUrl: Secret | undefined;
  /** A Keyv store instead of a file in the data folder. */
  readonly memoryUri: Secret | undefined;
  /** What this process does; all of it, unless told otherwise. */
  readonly roles: readonly Role[];
  readonly model: ModelConfig;
  readonly limits: Limits;
  readonly knowledge: {
    readonly passageTokensMin: number;
    readonly passageTokensMax: number;
    readonly passagesPerQuestion: number;
  };
  readonly identity: {
    readonly method: "email_code" | "directory_email" | "none";
    /** How long after a verification writes are still allowed. */
    readonly reverifyMs: number;
  };
  /** Without an SMTP address, mails become files in the data folder's mail/. */
  readonly mail: { readonly smtpUrl: Secret | undefined; readonly from: string };
  /** By tool; ask `policyOf`, which knows the default. */
  readonly tools: Readonly<Record<string, ToolPolicy>>;
  readonly desk: {
    /** `slack:C…` or `discord:…` as configured: the platform and its own channel id. */
    readonly channel: string | undefined;
    /** Whoever can read the desk's channel, or ids of people, groups and roles. */
    readonly staff: "members" | readonly string[];
    readonly notePrefix: string;
    readonly relay: "assignee" | "staff";
  };
  readonly slack: SlackConfig | undefined;
  readonly discord: DiscordConfig | undefined;
  readonly http: HttpConfig | undefined;
  readonly console: ConsoleConfig | undefined;
  /** Hosts that may be clickable in replies, in small letters; `*.example.com` is every host below example.com. */
  readonly links: { readonly allow: readonly string[] };
  /** A burst of messages becomes one turn: this long after the last, at most that long after the first. */
  readonly settleMs: number;
  readonly settleCapMs: number;
  /** Threads that this process deals with at once. */
  readonly workAtOnce: number;
  readonly logLevel: LogLevel;
  /** What starts like this but is probably not meant. */
  readonly warnings: readonly Problem[];
}

export interface ModelConfig {
  /** Undefined: the offline model. */
  readonly endpoint: { readonly baseUrl: string; readonly apiKey: Secret | undefined } | undefined;
  readonly name: string;
  readonly temperature: number;
  /** What the model can read at once: an older part of a long conversation is summarised before it is more. */
  readonly contextTokens: number;
  readonly embeddingName: string | undefined;
  readonly transcriptionName: string | undefined;
}

export interface Limits {
  readonly stepsMax: number;
  readonly toolTimeoutMs: number;
  readonly turnsPerSessionMax: number;
  readonly historyItemsMax: number;
  readonly toolCallsPerMinuteMax: number;
  readonly messagesPerMinuteMax: number;
  readonly tokensPerCustomerPerDayMax: number;
  readonly tokensPerDayMax: number;
  readonly messageCharactersMax: number;
  readonly sessionIdleMs: number;
  readonly retentionMs: number;
}

export interface ToolPolicy {
  readonly confirm: "customer" | "none";
  /** Undefined where desk.yaml sets no limits for the tool. */
  readonly money: Readonly<MoneyPolicy> | undefined;
  /** `staff`, or ids of people, groups and roles. */
  readonly approvers: readonly string[];
}

export interface ConsoleConfig {
  /** The thread to resume. */
  readonly thread: string | undefined;
  /** The customer who is taken as verified. */
  readonly as: string | undefined;
}

/** Options of the command line, and where the rest comes from. */
export interface Sources {
  readonly workspace?: string | undefined;
  readonly data?: string | undefined;
  readonly thread?: string | undefined;
  readonly as?: string | undefined;
  readonly console?: boolean | undefined;
  /** Logs and conversation stand on one screen, where somebody talks to the desk. */
  readonly atTerminal?: boolean | undefined;
  /** What this process does, comma between: receive, work, send. */
  readonly roles?: string | undefined;
  /** The process's own unless given. */
  readonly env?: Environment;
  readonly currentFolder?: string;
}

export interface Reading {
  /** What is faulty has its default, so that the rest can be examined too. */
  config: Config;
  problems: readonly Problem[];
  /** False: there is no workspace, and nothing in `config.folders.workspace` is to be read. */
  workspaceFound: boolean;
}

/** The configuration with every problem. */
export function readConfig(sources: Sources = {}): Reading {
  const { env = process.env, currentFolder = process.cwd() } = sources;
  const environment = readEnvironment(env);
  const workspace = workspaceFolder(sources.workspace, currentFolder);
  const { file, ...desk } = readDeskFile(workspace.folder, currentFolder);
  const { values: variables, given } = environment;
  const platformOn = given.has("SLACK_BOT_TOKEN") || given.has("DISCORD_TOKEN") || given.has("HTTP_PORT");
  const consoleOn = sources.console || !platformOn;
  const together: Together = { variables, given, file, options: sources, consoleOn };
  const problems = [
    ...environment.problems,
    ...workspace.problems,
    ...desk.problems,
    ...disagreements(together),
  ];
  const folders = {
    workspace: workspace.folder,
    data: dataFolder(sources.data ?? variables.DESKHAND_DATA, currentFolder),
  };
  return {
    config: frozen(assemble(together, folders)),
    problems,
    workspaceFound: workspace.problems.length === 0,
  };
}

/** Tools run in this process and find the data folder where `DESKHAND_DATA` says. */
export function showDataFolderToTools(config: { folders: { data: string } }): void {
  process.env.DESKHAND_DATA = config.folders.data;
}

/** What a tool may do without asking. */
export function policyOf(config: Pick<Config, "tools">, tool: string): ToolPolicy {
  const policy = Object.hasOwn(config.tools, tool) ? config.tools[tool] : undefined;
  return policy ?? { confirm: "customer", money: undefined, approvers: ["staff"] };
}

const dayMs = 24 * 60 * 60 * 1000;

function assemble(together: Together, folders: { workspace: string; data: string }): Config {
  const { variables: set, file, options, consoleOn } = together;
  const settleMs = set.SETTLE_MS ?? 1000;
  const [passageTokensMin, passageTokensMax] = file.knowledge.passage_tokens;
  return {
    name: file.name,
    entry: file.entry,
    languages: file.languages,
    queues: file.queues,
    officeHours: file.office_hours,
    folders: { ...folders, knowledge: resolve(folders.workspace, file.knowledge.folder) },
    databaseUrl: set.DATABASE_URL,
    roles: rolesIn(options.roles).known,
    // What may be rebuilt is to be found by every process of a desk, too.
    memoryUri: set.KEYV_URI ?? set.DATABASE_URL,
    model: modelOf(set, file),
    limits: limitsOf(file),
    knowledge: {
      passageTokensMin,
      passageTokensMax,
      passagesPerQuestion: file.knowledge.passages_per_question,
    },
    identity: { method: file.identity.method, reverifyMs: file.identity.reverify_hours * 60 * 60 * 1000 },
    mail: { smtpUrl: set.SMTP_URL, from: set.MAIL_FROM ?? "support@localhost" },
    tools: Object.fromEntries(
      Object.entries(file.tools).map(([tool, { confirm, money, approvers }]) => [
        tool,
        { confirm, money, approvers },
      ]),
    ),
    desk: {
      channel: set.DESK_CHANNEL ?? file.desk.channel,
      staff: file.desk.staff,
      notePrefix: file.desk.note_prefix,
      relay: file.desk.relay,
    },
    slack: slackOf(set, file),
    discord: discordOf(set, file),
    http: httpOf(set),
    console: consoleOn ? { thread: options.thread, as: options.as } : undefined,
    links: { allow: file.links.allow.map((host) => host.toLowerCase()) },
    settleMs,
    settleCapMs: 3 * settleMs,
    workAtOnce: set.WORK_AT_ONCE ?? 256,
    // Whoever talks to the desk wants to read the conversation, and what is wrong.
    logLevel: set.LOG_LEVEL ?? (options.atTerminal && consoleOn ? "warn" : "info"),
    warnings: doubts(together),
  };
}

function modelOf(set: Variables, { model }: DeskFile): ModelConfig {
  const apiKey = set.OPENAI_API_KEY;
  const baseUrl = set.OPENAI_BASE_URL ?? (apiKey && "https://api.openai.com/v1");
  return {
    endpoint: baseUrl === undefined ? undefined : { baseUrl, apiKey },
    name: set.OPENAI_MODEL ?? model.name,
    temperature: model.temperature,
    contextTokens: model.context_tokens,
    embeddingName: set.OPENAI_EMBEDDING_MODEL ?? model.embedding,
    transcriptionName: set.OPENAI_TRANSCRIPTION_MODEL ?? model.transcription,
  };
}

function limitsOf({ limits }: DeskFile): Limits {
  return {
    stepsMax: limits.steps_max,
    toolTimeoutMs: limits.tool_timeout_ms,
    turnsPerSessionMax: limits.turns_per_session_max,
    historyItemsMax: limits.history_items_max,
    toolCallsPerMinuteMax: limits.tool_calls_per_minute_max,
    messagesPerMinuteMax: limits.messages_per_minute_max,
    tokensPerCustomerPerDayMax: limits.tokens_per_customer_per_day_max,
    tokensPerDayMax: limits.tokens_per_day_max,
    messageCharactersMax: limits.message_characters_max,
    sessionIdleMs: limits.session_idle_days * dayMs,
    retentionMs: limits.retention_days * dayMs,
  };
}

/** Frozen with all that is in it. */
function frozen<T>(value: T): T {
  if (typeof value === "object" && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const inner of Object.values(value)) frozen(inner);
  }
  return value;
}
