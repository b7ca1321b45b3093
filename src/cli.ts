#!/usr/bin/env node
/** The commands. `deskhand help` lists them; each explains itself with --help. */
import { parseArgs } from "node:util";
import type { Given } from "./commands/command.ts";
import { commands, usage } from "./commands/commands.ts";
import { reportFailure } from "./commands/report.ts";

async function main(): Promise<number> {
  const [name = "help", ...rest] = process.argv.slice(2);
  if (name === "help" || name === "--help" || name === "-h") {
    process.stdout.write(usage());
    return 0;
  }
  const command = commands.find((one) => one.name === name);
  if (!command) {
    process.stderr.write(`There is no command ${JSON.stringify(name)}.\n\n${usage()}`);
    return 2;
  }
  try {
    const { values, positionals } = parseArgs({
      args: rest,
      options: { ...command.options, help: { type: "boolean", short: "h" } },
      allowPositionals: true,
    });
    if (values.help) {
      process.stdout.write(`${command.help}\n`);
      return 0;
    }
    const given: Given = { values, positionals };
    const empty = Object.entries(given.values).find(([, value]) => value === "");
    if (empty) {
      // As where a variable is not set: --data "$DESK".
      process.stderr.write(`--${empty[0]} has no value.\n\n${command.help}\n`);
      return 2;
    }
    const [stray] = positionals;
    if (stray !== undefined && !command.takesWords) {
      process.stderr.write(
        `${name} does not know what to do with ${JSON.stringify(stray)}.\n\n${command.help}\n`,
      );
      return 2;
    }
    return await command.run(given);
  } catch (error) {
    return reportFailure(error, command.help);
  }
}

// Whoever reads no more, as `| head` does, has read enough; what the command has begun it ends all the same.
process.stdout.on("error", () => {});
process.exitCode = await main();
// A tool of the workspace may hold on to something, a database's pool, a timer; nobody waits for that.
process.stdout.write("", () => {
  const error: NodeJS.ErrnoException | null = process.stdout.errored;
  if (error && error.code !== "EPIPE") {
    process.stderr.write(`Standard output did not take all of it: ${error.message}\n`);
    process.exitCode ||= 1;
  }
  process.exit();
});
