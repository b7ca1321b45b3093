/** Every command, in the order of the list. */
import { backup } from "./backup.ts";
import type { Command } from "./command.ts";
import { doctor } from "./doctor.ts";
import { erase } from "./erase.ts";
import { exportCommand } from "./export.ts";
import { init } from "./init.ts";
import { migrateCommand } from "./migrate.ts";
import { pause, unpause } from "./pause.ts";
import { search } from "./search.ts";
import { start } from "./start.ts";
import { tickets } from "./tickets.ts";

export const commands: readonly Command[] = [
  start,
  init,
  doctor,
  search,
  tickets,
  pause,
  unpause,
  erase,
  exportCommand,
  backup,
  migrateCommand,
];

export function usage(): string {
  const width = Math.max(...commands.map((command) => command.name.length));
  const lines = commands.map((command) => `  ${command.name.padEnd(width)}  ${command.about}`);
  return `deskhand COMMAND [options]\n\n${lines.join("\n")}\n\ndeskhand COMMAND --help says more.\n`;
}
