/** A command of the command line, run as a person would. */
import { spawn } from "node:child_process";
import { environment, program, root } from "../journeys/terminal.ts";

export interface Ran {
  code: number | null;
  out: string;
  err: string;
}

export function run(
  args: readonly string[],
  options: { cwd?: string; env?: Record<string, string> } = {},
): Promise<Ran> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [program(), ...args], {
      cwd: options.cwd ?? root,
      env: environment(options.env),
      stdio: ["ignore", "pipe", "pipe"],
    });
    const ran: Ran = { code: null, out: "", err: "" };
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      ran.out += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      ran.err += text;
    });
    child.once("error", reject);
    child.once("close", (code) => resolve({ ...ran, code }));
  });
}
