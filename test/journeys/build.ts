/** Before all tests: the program that is tested is the program that runs. */
import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { TestProject } from "vitest/node";

declare module "vitest" {
  export interface ProvidedContext {
    buildFailure: string;
  }
}

export default function build(project: TestProject): void {
  let failure = "";
  try {
    const cwd = fileURLToPath(new URL("../..", import.meta.url));
    execFileSync(process.execPath, ["build.js"], { cwd, stdio: ["ignore", "pipe", "pipe"] });
  } catch (error) {
    failure = error instanceof Error ? error.message : String(error);
  }
  project.provide("buildFailure", failure);
}
