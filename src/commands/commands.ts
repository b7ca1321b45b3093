/** Every command, in the order of the list. */
import type { Command } from "./command.ts";
import { doctor } from "./doctor.ts";
import { init } from "./init.ts";
import { search } from "./search.ts";
import { start } from "./start.ts";
import { tickets } from "./tickets.ts";

export const commands: readonly Command[] = [start, init, doctor, search, tickets];

export function usage(): string {
  const width = Math.max(...commands.map((command) => command.name.length));
  const lines = commands.map((command) => `  ${command.name.padEnd(width)}  ${command.about}`);
  return `deskhand COMMAND [options]\n\n${lines.join("\n")}\n\ndeskhand COMMAND --help says more.\n`;
}
