/** How a command that failed says so: what is wrong, and what to do about it. */
import { ConfigError } from "../config/config-error.ts";
import { DeskError, faultOf } from "../errors.ts";
import type { Problem } from "../platform.ts";

/** @returns the exit code: 2 for what the caller has to correct, 1 for everything else */
export function reportFailure(error: unknown, help: string): number {
  if (error instanceof ConfigError) {
    process.stderr.write(`${problemLines(error.problems).join("\n")}\n${error.remedy}\n`);
    return 2;
  }
  if (error instanceof DeskError) {
    process.stderr.write(`${error.message}\n${error.remedy}\n`);
    return error.code === "config_invalid" ? 2 : 1;
  }
  if (error instanceof TypeError && "code" in error && String(error.code).startsWith("ERR_PARSE_ARGS")) {
    // What Node adds about dashes is about programs that have such arguments.
    process.stderr.write(`${faultOf(error).split(". To specify")[0]}.\n\n${help}\n`);
    return 2;
  }
  process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  return 1;
}

export function problemLines(problems: readonly Problem[]): string[] {
  return problems.map(({ where, fault, remedy }) => `✗ ${where}: ${fault}\n    ${remedy}`);
}
