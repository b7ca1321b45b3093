/** What is wrong with the installation, for `deskhand doctor`: token, intents, and permissions, channel by channel. */
import { codeOf, type DeskError } from "../../src/errors.ts";
import type { Problem } from "../../src/platform.ts";
import { type PermissionName, permission, permissionsOf } from "./permissions.ts";
import { type Place, placeOf } from "./place.ts";
import type { Places } from "./places.ts";
import type { Rest } from "./rest.ts";

export interface ExamineParts {
  rest: Rest;
  places: Places;
  guilds: readonly string[];
  support: readonly string[];
  desk: string | undefined;
}

/** What each permission is called where it is granted. */
const names: Readonly<Partial<Record<PermissionName, string>>> = {
  viewChannel: "View Channel",
  sendMessages: "Send Messages",
  sendMessagesInThreads: "Send Messages in Threads",
  createPublicThreads: "Create Public Threads",
  createPrivateThreads: "Create Private Threads",
  manageThreads: "Manage Threads",
  readMessageHistory: "Read Message History",
  addReactions: "Add Reactions",
  embedLinks: "Embed Links",
  attachFiles: "Attach Files",
};

const always: PermissionName[] = [
  "viewChannel",
  "sendMessagesInThreads",
  "readMessageHistory",
  "addReactions",
  "embedLinks",
  "attachFiles",
];
const needed = {
  support: [...always, "sendMessages", "createPublicThreads", "createPrivateThreads"],
  forum: always,
  desk: [...always, "sendMessages", "createPublicThreads"],
} as const satisfies Record<string, PermissionName[]>;

/** What an invitation asks for: everything that is needed anywhere. docs/discord.md has the same number. */
export const invitePermissions: bigint = [...needed.support, ...needed.forum, ...needed.desk].reduce(
  (all, one) => all | permission[one],
  0n,
);

/** The application may read messages: granted, or granted while it is in few guilds. */
const messageContentFlags = (1 << 18) | (1 << 19);

/** @throws DeskError when Discord cannot be reached */
export async function examine(parts: ExamineParts): Promise<Problem[]> {
  const { rest } = parts;
  try {
    const application = await describedApplication(rest);
    const self = application?.bot?.id ?? (await rest.call<{ id: string }>("GET", "/users/@me")).id;
    const problems = intentProblems(application?.flags);
    for (const guild of parts.guilds) problems.push(...(await guildProblems(parts, guild)));
    for (const channel of parts.support)
      problems.push(...(await channelProblems(parts, channel, self, false)));
    if (parts.desk) problems.push(...(await channelProblems(parts, parts.desk, self, true)));
    return problems;
  } catch (error) {
    if (codeOf(error) !== "platform_unauthorized") throw error;
    return [
      { where: "DISCORD_TOKEN", fault: "Discord refuses this token.", remedy: (error as DeskError).remedy },
    ];
  }
}

/** Undefined on a server that has no applications; Discord has. */
async function describedApplication(
  rest: Rest,
): Promise<{ flags?: number; bot?: { id: string } } | undefined> {
  try {
    return await rest.call("GET", "/applications/@me");
  } catch (error) {
    if (codeOf(error) === "platform_refused") return undefined;
    throw error;
  }
}

function intentProblems(flags: number | undefined): Problem[] {
  if (flags === undefined || flags & messageContentFlags) return [];
  return [
    {
      where: "Discord application",
      fault: "The Message Content intent is off: the bot cannot read what people write in channels.",
      remedy:
        "Developer portal → your application → Bot → Privileged Gateway Intents → Message Content Intent: on.",
    },
  ];
}

async function guildProblems({ places }: ExamineParts, guild: string): Promise<Problem[]> {
  try {
    await places.guild(guild);
    return [];
  } catch (error) {
    if (codeOf(error) !== "platform_unreachable") throw error;
    const remedy = "Check the id, or invite the bot to this server with the link from docs/discord.md.";
    return [{ where: `discord.guilds ${guild}`, fault: "The bot is not in this server.", remedy }];
  }
}

async function channelProblems(
  { rest, places }: ExamineParts,
  channel: string,
  self: string,
  desk: boolean,
): Promise<Problem[]> {
  const where = desk ? `DESK_CHANNEL discord:${channel}` : `DISCORD_SUPPORT_CHANNELS ${channel}`;
  const place = await lookUp(rest, channel);
  if (!place) {
    return [
      {
        where,
        fault: "There is no such channel, or the bot lacks View Channel in it.",
        remedy:
          "Check the id (Developer Mode → right click the channel → Copy Channel ID) and the channel's permissions.",
      },
    ];
  }
  const fits = place.kind === "text" || (place.kind === "forum" && !desk);
  if (!fits || place.guild === undefined) {
    const fault = `"${place.name}" is not a text channel${desk ? "" : " or a forum"}.`;
    return [{ where, fault, remedy: "Give the id of another channel." }];
  }
  const member = await rest.call<{ roles?: string[] }>("GET", `/guilds/${place.guild}/members/${self}`);
  const allowed = permissionsOf(
    await places.guild(place.guild),
    { user: self, roles: member.roles ?? [] },
    await places.overwrites(channel),
  );
  const wanted: readonly PermissionName[] =
    needed[desk ? "desk" : place.kind === "forum" ? "forum" : "support"];
  const missing = wanted.filter((one) => (allowed & permission[one]) === 0n);
  if (missing.length === 0) return [];
  return [
    {
      where,
      fault: `In #${place.name} the bot lacks: ${missing.map((one) => names[one] ?? one).join(", ")}.`,
      remedy: "Allow them for the bot's role, in the server's roles or in this channel's permissions.",
    },
  ];
}

async function lookUp(rest: Rest, channel: string): Promise<Place | undefined> {
  try {
    return placeOf(await rest.call("GET", `/channels/${channel}`));
  } catch (error) {
    const code = codeOf(error);
    if (code === "platform_unreachable" || code === "platform_refused") return undefined;
    throw error;
  }
}
