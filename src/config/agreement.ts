/** What variables, desk.yaml and options must be together, beyond each being well formed. */
import { type Role, roles } from "../crew.ts";
import type { Problem } from "../platform.ts";
import type { DeskFile } from "./desk-file.ts";
import type { Variables } from "./environment.ts";
import type { VariableName } from "./variables.ts";

export interface Together {
  /** What is set and well formed. */
  variables: Variables;
  /** What is set at all: a faulty variable is its own problem, not a missing one. */
  given: ReadonlySet<VariableName>;
  file: DeskFile;
  options: {
    as?: string | undefined;
    thread?: string | undefined;
    atTerminal?: boolean | undefined;
    roles?: string | undefined;
  };
  consoleOn: boolean;
}

/** Loopback addresses: only programs on this machine reach them. */
function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127(\.\d{1,3}){3}$/.test(host);
}

/** With these nothing starts. */
export function disagreements(together: Together): Problem[] {
  return [
    ...slack(together),
    ...installing(together),
    ...channels(together),
    ...sharing(together),
    ...others(together),
  ];
}

function slack({ given }: Together): Problem[] {
  const ways = (["SLACK_APP_TOKEN", "SLACK_SIGNING_SECRET"] as const).filter((name) => given.has(name));
  const remedy = "Set SLACK_APP_TOKEN for Socket Mode, or SLACK_SIGNING_SECRET for HTTP, and not both.";
  if (!given.has("SLACK_BOT_TOKEN")) {
    if (ways.length === 0) return [];
    const fault = `is not set, but ${ways.join(" and ")} is`;
    return [
      { where: "SLACK_BOT_TOKEN", fault, remedy: "Set it to the app's bot token, or unset the other." },
    ];
  }
  const where = "SLACK_APP_TOKEN, SLACK_SIGNING_SECRET";
  if (ways.length === 0) return [{ where, fault: "Slack is configured, but neither is set", remedy }];
  return ways.length === 1 ? [] : [{ where, fault: "both are set", remedy }];
}

/** Of `--roles`: those that there are, and what is none. */
export function rolesIn(text: string | undefined): { known: readonly Role[]; strange: readonly string[] } {
  if (text === undefined) return { known: roles, strange: [] };
  const words = text.split(",").map((word) => word.trim());
  const known = roles.filter((role) => words.includes(role));
  const strange = words.filter((word) => !(roles as readonly string[]).includes(word));
  return known.length > 0 ? { known, strange } : { known: roles, strange };
}

/** Of several processes each may do a part of the work. */
function sharing({ given, options, consoleOn }: Together): Problem[] {
  const where = "--roles";
  const { known, strange } = rolesIn(options.roles);
  if (strange.length > 0) {
    const fault = `${strange.map((word) => JSON.stringify(word)).join(", ")} is none of ${roles.join(", ")}`;
    return [{ where, fault, remedy: "Name one or more of them, with commas between." }];
  }
  if (known.length === roles.length) return [];
  if (!given.has("DATABASE_URL")) {
    const fault = `this process does only ${known.join(", ")}, and without DATABASE_URL it is the only one`;
    return [{ where, fault, remedy: "Set DATABASE_URL, or leave --roles out." }];
  }
  if (!consoleOn) return [];
  const fault = "a console needs a process that does everything";
  return [{ where, fault, remedy: "Configure a platform, or leave --roles out." }];
}

const forInstalling = ["SLACK_CLIENT_ID", "SLACK_CLIENT_SECRET", "SLACK_STATE_SECRET"] as const;

function installing({ given }: Together): Problem[] {
  const set = forInstalling.filter((name) => given.has(name));
  const missing = forInstalling.filter((name) => !given.has(name));
  if (set.length === 0 || missing.length === 0) return [];
  const fault = `is not set, but ${set.join(" and ")} is`;
  const remedy = "Set all three, so that further workspaces can install the app, or none.";
  return [{ where: missing.join(", "), fault, remedy }];
}

function channels({ variables: set, given, file }: Together): Problem[] {
  const where = "DESK_CHANNEL";
  const on = { slack: given.has("SLACK_BOT_TOKEN"), discord: given.has("DISCORD_TOKEN") };
  const desk = set.DESK_CHANNEL ?? (given.has(where) ? undefined : file.desk.channel);
  if (!desk) {
    if (given.has(where) || !(on.slack || on.discord)) return [];
    const fault = "is not set; with Slack or Discord, escalations need a channel with people in it";
    return [{ where, fault, remedy: "Set it to slack:ID or discord:ID, the channel where staff work." }];
  }
  const problems: Problem[] = [];
  const [platform, id] = desk.split(":") as ["slack" | "discord", string];
  if (!on[platform] && (on.slack || on.discord)) {
    const fault = `${desk} is on a platform that is not configured`;
    const token = { slack: "SLACK_BOT_TOKEN", discord: "DISCORD_TOKEN" }[platform];
    problems.push({ where, fault, remedy: `Set ${token} too, or choose another channel.` });
  }
  const support = {
    slack: set.SLACK_SUPPORT_CHANNELS ?? file.slack.support_channels,
    discord: set.DISCORD_SUPPORT_CHANNELS ?? file.discord.support_channels,
  }[platform];
  // On Slack a support channel may be named with its workspace.
  if (support.some((channel) => channel.split(":").at(-1) === id)) {
    const fault = `${desk} is a support channel too: customers would read what staff write`;
    problems.push({ where, fault, remedy: "Use two different channels." });
  }
  return problems;
}

function others({ variables: set, given, options, consoleOn }: Together): Problem[] {
  const problems: Problem[] = [];
  const host = set.HTTP_HOST ?? "127.0.0.1";
  if (given.has("HTTP_PORT") && !given.has("HTTP_API_KEYS") && !isLoopback(host)) {
    const fault = `is not set, but the HTTP API would be open to everybody who reaches ${host}`;
    problems.push({
      where: "HTTP_API_KEYS",
      fault,
      remedy: "Set at least one key, or HTTP_HOST to 127.0.0.1.",
    });
  }
  if (given.has("SMTP_URL") && !given.has("MAIL_FROM")) {
    const fault = "is not set, but SMTP_URL is";
    problems.push({ where: "MAIL_FROM", fault, remedy: "Set it to the address that codes come from." });
  }
  for (const name of ["as", "thread"] as const) {
    if (options[name] === undefined || consoleOn) continue;
    const fault = "is for the console alone, and the console is off";
    problems.push({ where: `--${name}`, fault, remedy: "Leave it out, or add --console." });
  }
  return problems;
}

/** Variables that change nothing without the one that turns their part on. */
const idle: readonly { without: VariableName; names: readonly VariableName[] }[] = [
  { without: "HTTP_PORT", names: ["HTTP_HOST", "HTTP_API_KEYS", "HTTP_CUSTOMER_SECRET"] },
  {
    without: "SLACK_BOT_TOKEN",
    names: ["SLACK_HOST", "SLACK_PORT", "SLACK_SUPPORT_CHANNELS", ...forInstalling],
  },
  { without: "DISCORD_TOKEN", names: ["DISCORD_SUPPORT_CHANNELS"] },
  { without: "SMTP_URL", names: ["MAIL_FROM"] },
];

/** With these it starts, though probably not as meant. */
export function doubts({ variables: set, given, consoleOn }: Together): Problem[] {
  const doubtful = idle
    .filter(({ without }) => !given.has(without))
    .flatMap(({ without, names }) =>
      names
        .filter((name) => given.has(name))
        .map((name) => ({
          where: name,
          fault: `changes nothing while ${without} is not set`,
          remedy: `Set ${without} too, or unset it.`,
        })),
    );
  if (set.HTTP_CUSTOMER_SECRET && set.HTTP_CUSTOMER_SECRET.reveal().length < 32) {
    const fault = "is shorter than 32 characters; customers' tokens could be forged by guessing it";
    doubtful.push({ where: "HTTP_CUSTOMER_SECRET", fault, remedy: "Use 32 random characters or more." });
  }
  if (given.has("HTTP_PORT") && !consoleOn && !given.has("SLACK_BOT_TOKEN") && !given.has("DISCORD_TOKEN")) {
    const fault = "is alone: there is no place where staff work, so a customer's ticket reaches nobody";
    const remedy = "Set DESK_CHANNEL and the token of its platform too, or add --console.";
    doubtful.push({ where: "HTTP_PORT", fault, remedy });
  }
  return doubtful;
}
