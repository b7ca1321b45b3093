/** `/support` and "Open a ticket", as Discord shows them; registered again only when they have changed. */
import { createHash } from "node:crypto";
import type { Log } from "../../src/log.ts";
import type { Rest } from "./rest.ts";
import type { Notes } from "./watermarks.ts";

const kind = { slash: 1, message: 3, subcommand: 1, text: 3, person: 6 } as const;
const context = { guild: 0, direct: 1 } as const;

interface Option {
  type: number;
  name: string;
  description: string;
  required?: boolean;
  autocomplete?: boolean;
  max_length?: number;
  options?: Option[];
}

/** The name under which the message command reaches the core. */
export const ticketCommand = { shown: "Open a ticket", name: "open_ticket" } as const;
export const slashCommand = "support";
/** Without a subcommand there is help; Discord cannot run a command without one where there are any. */
export const helpSubcommand = "help";

const ticket: Option = {
  type: kind.text,
  name: "ticket",
  description: "The ticket's number",
  required: true,
  autocomplete: true,
  max_length: 100,
};
const text = (name: string, description: string, required = true): Option => ({
  type: kind.text,
  name,
  description,
  required,
  max_length: 2000,
});
const sub = (name: string, description: string, options: Option[] = []): Option => ({
  type: kind.subcommand,
  name,
  description,
  options,
});

const subcommands: Option[] = [
  sub(helpSubcommand, "What you can do here"),
  sub("open", "Talk to us in private", [text("question", "What it is about", false)]),
  sub("person", "Ask for a person"),
  sub("status", "How your request stands"),
  sub("forget", "Delete what we know of you"),
  sub("tickets", "Staff: the open tickets"),
  sub("take", "Staff: take a ticket", [ticket]),
  sub("note", "Staff: leave a note on a ticket", [
    ticket,
    text("text", "The note; the customer does not see it"),
  ]),
  sub("snippet", "Staff: answer with a prepared text", [
    {
      type: kind.text,
      name: "snippet",
      description: "Its name",
      required: true,
      autocomplete: true,
      max_length: 100,
    },
  ]),
  sub("transfer", "Staff: give a ticket to somebody else", [
    ticket,
    { type: kind.person, name: "who", description: "Who takes it over", required: true },
  ]),
  sub("handback", "Staff: give a conversation back to the bot", [ticket]),
  sub("resolve", "Staff: resolve a ticket", [ticket]),
  sub("pause", "Staff: the bot answers nobody until unpause"),
  sub("unpause", "Staff: the bot answers again"),
];

interface Command {
  type: number;
  name: string;
  description?: string;
  options?: Option[];
  contexts?: number[];
  integration_types?: number[];
}

/** What is registered where. In DMs only global commands exist; in guilds, the guild's own appear at once. */
export function commandsFor(scope: "global" | "guild", guilds: readonly string[]): Command[] {
  const slash: Command = {
    type: kind.slash,
    name: slashCommand,
    description: "Help from the support desk",
    options: subcommands,
  };
  const menu: Command = { type: kind.message, name: ticketCommand.shown };
  if (scope === "guild") return [slash, menu];
  const installed = { integration_types: [0] };
  if (guilds.length > 0) return [{ ...slash, ...installed, contexts: [context.direct] }];
  return [
    { ...slash, ...installed, contexts: [context.guild, context.direct] },
    { ...menu, ...installed, contexts: [context.guild, context.direct] },
  ];
}

export interface CommandsParts {
  rest: Rest;
  notes: Notes;
  log: Log;
  application: string;
  guilds: readonly string[];
}

/** Never throws: a desk without commands is still a desk, and doctor says what is wrong. */
export async function registerCommands(parts: CommandsParts): Promise<void> {
  const { notes, application, guilds } = parts;
  const known = notes.named("commands:").map((name) => name.slice("commands:".length));
  const left = known.filter((scope) => scope !== "global" && !guilds.includes(scope));
  await put(parts, "global", `/applications/${application}/commands`, commandsFor("global", guilds));
  for (const guild of guilds) {
    await put(
      parts,
      guild,
      `/applications/${application}/guilds/${guild}/commands`,
      commandsFor("guild", guilds),
    );
  }
  for (const guild of left)
    await put(parts, guild, `/applications/${application}/guilds/${guild}/commands`, []);
}

async function put(
  parts: CommandsParts,
  scope: string,
  path: `/${string}`,
  commands: Command[],
): Promise<void> {
  const { rest, notes, log, application } = parts;
  const hash = createHash("sha256")
    .update(`${application}${JSON.stringify(commands)}`)
    .digest("base64url");
  const name = `commands:${scope}`;
  if (notes.get(name) === hash) return;
  try {
    await rest.call("PUT", path, { body: commands });
    notes.set(name, commands.length > 0 ? hash : undefined);
    log.info("discord.commands_registered", { scope, commands: commands.length });
  } catch (error) {
    log.warn("discord.commands_not_registered", { scope, error });
  }
}
