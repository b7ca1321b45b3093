/** A desk in a terminal: `npm start`'s own process, typed into and read like a person would. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("../..", import.meta.url));

export interface Terminal {
  /** Types a line. */
  type(line: string): void;
  /** Types a line and resolves to what was printed until the desk was quiet again. */
  say(line: string): Promise<string>;
  /** Resolves when standard output holds this. @throws after 15 s, with all that was printed */
  sees(text: string | RegExp): Promise<void>;
  /** Ends the input and resolves to the exit code. */
  end(): Promise<number | null>;
  /** Resolves once the process is gone. */
  kill(signal?: NodeJS.Signals): Promise<number | null>;
  output(): string;
  /** The log lines, parsed. */
  log(): Record<string, unknown>[];
  data: string;
}

export interface TerminalOptions {
  args?: string[];
  env?: Record<string, string>;
  /** The same folder for a second run. */
  data?: string;
}

/** Compiles once per test file: what is tested is what runs. */
export function buildOnce(): void {
  execFileSync(process.execPath, ["build.js"], { cwd: root, stdio: "inherit" });
}

export function temporaryFolder(): { path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), "desk-"));
  return { path, remove: () => rmSync(path, { recursive: true, force: true, maxRetries: 5 }) };
}

/** Only these of the caller's variables reach the desk: nobody's keys. */
const inherited = ["PATH", "HOME", "TMPDIR", "SystemRoot"];

export async function openTerminal(data: string, options: TerminalOptions = {}): Promise<Terminal> {
  const env: Record<string, string> = { LOG_LEVEL: "info", SETTLE_MS: "0" };
  for (const name of inherited) if (process.env[name] !== undefined) env[name] = process.env[name];
  const child = spawn(process.execPath, ["dist/cli.js", "start", "--data", data, ...(options.args ?? [])], {
    cwd: root,
    env: { ...env, ...options.env },
    stdio: ["pipe", "pipe", "pipe"],
  });
  const read = listen(child);
  const exited = new Promise<number | null>((resolve) => child.once("exit", (code) => resolve(code)));
  const terminal: Terminal = {
    type: (line) => void child.stdin?.write(`${line}\n`),
    async say(line) {
      const before = read.out().length;
      const ended = countOf(read.log(), "console.quiet");
      terminal.type(line);
      await until(
        () => countOf(read.log(), "console.quiet") > ended,
        () => `after ${JSON.stringify(line)}:\n${read.all()}`,
      );
      return read.out().slice(before);
    },
    sees: (text) =>
      until(
        () => (typeof text === "string" ? read.out().includes(text) : text.test(read.out())),
        () => `${text}:\n${read.all()}`,
      ),
    async end() {
      child.stdin?.end();
      return exited;
    },
    async kill(signal = "SIGKILL") {
      child.kill(signal);
      return exited;
    },
    output: read.out,
    log: read.log,
    data,
  };
  await until(
    () => countOf(read.log(), "desk.ready") > 0 || child.exitCode !== null,
    () => `desk.ready:\n${read.all()}`,
  );
  return terminal;
}

function listen(child: ChildProcess) {
  let out = "";
  let err = "";
  child.stdout?.setEncoding("utf8").on("data", (text: string) => {
    out += text;
  });
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    err += text;
  });
  return {
    out: () => out,
    all: () => `${out}\n--- log\n${err}`,
    log: () =>
      err
        .split("\n")
        .filter((line) => line.startsWith("{"))
        .map((line) => JSON.parse(line) as Record<string, unknown>),
  };
}

const countOf = (log: Record<string, unknown>[], event: string): number =>
  log.filter((line) => line.event === event).length;

export async function until(met: () => boolean, story: () => string, limitMs = 15_000): Promise<void> {
  const end = performance.now() + limitMs;
  while (!met()) {
    if (performance.now() > end) throw new Error(`never came: ${story()}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
