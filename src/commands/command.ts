/** The shape of a command of the command line. */
import type { ParseArgsConfig } from "node:util";

export interface Command {
  name: string;
  /** One line for the list. */
  about: string;
  /** What --help prints. */
  help: string;
  options: NonNullable<ParseArgsConfig["options"]>;
  /** It is given words besides its options. */
  takesWords?: true;
  /** The exit code: 0 done, 1 it failed, 2 it was asked wrongly. */
  run(given: Given): Promise<number>;
}

export interface Given {
  values: Readonly<Record<string, string | boolean | (string | boolean)[] | undefined>>;
  positionals: readonly string[];
}

/** The two folders that every command knows. */
export const folders = {
  workspace: { type: "string" },
  data: { type: "string" },
} as const satisfies Command["options"];

export const foldersHelp = `  --workspace DIR   the folder with desk.yaml (default: ./example, or the current folder if it has a desk.yaml)
  --data DIR        where the ledger lies (default: $DESKHAND_DATA, or ./.deskhand)`;

export function text(given: Given, name: string): string | undefined {
  const value = given.values[name];
  return typeof value === "string" ? value : undefined;
}

export function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
