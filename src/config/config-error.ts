/** Wrong configuration: every problem at once, so that one run shows all there is to correct. */
import { DeskError } from "../errors.ts";
import type { Problem } from "../platform.ts";

export class ConfigError extends DeskError {
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[]) {
    super("config_invalid", problems.map((problem) => `${problem.where}: ${problem.fault}`).join("; "));
    this.problems = problems;
  }
}
