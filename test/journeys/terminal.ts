/** A desk in a terminal: the program's own process, typed into and read like a person would. */
import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { inject } from "vitest";
import { quickFolder } from "../doubles/quick-folder.ts";

export const root = fileURLToPath(new URL("../..", import.meta.url));

export interface Terminal {
  /** Types a line. */
  type(line: string): void;
  /** Types text as it is, without a line's end. */
  write(text: string | Uint8Array): void;
  /** Types a line and resolves to what was printed until the desk was quiet again. */
  say(line: string): Promise<string>;
  /** Resolves when standard output holds this. @throws after 25 s, with all that was printed */
  sees(text: string | RegExp): Promise<void>;
  /** Resolves to the first line of the log with this event. @throws after 25 s */
  logs(event: string): Promise<Record<string, unknown>>;
  /** Ends the input and resolves to the exit code. */
  end(): Promise<number | null>;
  /** As an operator's `kill` does, and nobody waits. */
  signal(signal: NodeJS.Signals): void;
  /** Resolves once the process is gone, to its exit code; null when the signal ended it. */
  kill(signal?: NodeJS.Signals): Promise<number | null>;
  /** Resolves once the process is gone by itself. */
  gone: Promise<number | null>;
  output(): string;
  /** All of standard error. */
  errors(): string;
  /** The log lines, parsed. */
  log(): Record<string, unknown>[];
  pid: number;
  data: string;
}

export interface TerminalOptions {
  args?: string[];
  env?: Record<string, string>;
  cwd?: string;
  /** Another program than the one under test. */
  cli?: string;
  /** Resolves as soon as the process runs, instead of when the desk is ready. */
  early?: true;
}

/** @throws when the program under test could not be built */
export function program(): string {
  const failure = inject("buildFailure");
  if (failure !== "") throw new Error(`the program could not be built: ${failure}`);
  return join(root, "dist", "cli.js");
}

/** In memory where that is possible: here processes die, and no machine does. */
export const temporaryFolder = quickFolder;

/** Only these of the caller's variables reach the desk: nobody's keys. */
const inherited = ["PATH", "HOME", "TMPDIR", "SystemRoot"];

export function environment(more: Record<string, string> = {}): Record<string, string> {
  const env: Record<string, string> = { LOG_LEVEL: "info", SETTLE_MS: "0" };
  for (const name of inherited) if (process.env[name] !== undefined) env[name] = process.env[name];
  return { ...env, ...more };
}

/** A start is all work and no waiting: nothing takes longer where others want the processor, too. */
const startMaxMs = 60_000;

/** Whatever a failed test has left running. */
const running = new Set<ChildProcess>();

/** For `afterEach`. */
export function closeTerminals(): void {
  for (const child of running) child.kill("SIGKILL");
  running.clear();
}

export async function openTerminal(data: string, options: TerminalOptions = {}): Promise<Terminal> {
  const child = spawn(
    process.execPath,
    [options.cli ?? program(), "start", "--data", data, ...(options.args ?? [])],
    {
      cwd: options.cwd ?? root,
      env: environment(options.env),
      stdio: ["pipe", "pipe", "pipe"],
    },
  );
  const terminal = terminalOf(child, data);
  if (!options.early) {
    await until(
      () => countOf(terminal.log(), "desk.ready") > 0 || child.exitCode !== null,
      () => `desk.ready:\n${terminal.output()}\n${terminal.errors()}`,
      startMaxMs,
    );
  }
  return terminal;
}

export function terminalOf(child: ChildProcess, data: string): Terminal {
  running.add(child);
  const read = listen(child);
  // Whoever types into a process that is gone finds out by what it does not say.
  child.stdin?.on("error", () => {});
  const gone = new Promise<number | null>((resolve) =>
    child.once("close", (code) => {
      running.delete(child);
      resolve(code);
    }),
  );
  const story = () => `${read.out()}\n--- standard error\n${read.err()}`;
  const terminal: Terminal = {
    type: (line) => terminal.write(`${line}\n`),
    write: (text) => void child.stdin?.write(text),
    async say(line) {
      const before = read.out().length;
      const ended = countOf(read.log(), "console.quiet");
      terminal.type(line);
      await until(
        () => countOf(read.log(), "console.quiet") > ended,
        () => `after ${JSON.stringify(line.slice(0, 200))}:\n${story()}`,
      );
      return read.out().slice(before);
    },
    sees: (text) =>
      until(
        () => (typeof text === "string" ? read.out().includes(text) : text.test(read.out())),
        () => `${text}:\n${story()}`,
      ),
    async logs(event) {
      const found = () => read.log().find((line) => line.event === event);
      await until(
        () => found() !== undefined,
        () => `${event}:\n${story()}`,
      );
      return found() ?? {};
    },
    end() {
      child.stdin?.end();
      return gone;
    },
    kill(signal = "SIGKILL") {
      child.kill(signal);
      return gone;
    },
    signal: (signal) => void child.kill(signal),
    gone,
    output: read.out,
    errors: read.err,
    log: read.log,
    pid: child.pid ?? 0,
    data,
  };
  return terminal;
}

function listen(child: ChildProcess) {
  let out = "";
  let err = "";
  let parsedTo = 0;
  const lines: Record<string, unknown>[] = [];
  child.stdout?.setEncoding("utf8").on("data", (text: string) => {
    out += text;
  });
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    err += text;
    const end = err.lastIndexOf("\n") + 1;
    for (const line of err.slice(parsedTo, end).split("\n")) {
      if (line.startsWith("{")) lines.push(JSON.parse(line) as Record<string, unknown>);
    }
    parsedTo = Math.max(parsedTo, end);
  });
  return { out: () => out, err: () => err, log: () => lines };
}

export const countOf = (log: Record<string, unknown>[], event: string): number =>
  log.filter((line) => line.event === event).length;

export async function until(met: () => boolean, story: () => string, limitMs = 25_000): Promise<void> {
  const end = performance.now() + limitMs;
  while (!met()) {
    if (performance.now() > end) throw new Error(`never came: ${story()}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
