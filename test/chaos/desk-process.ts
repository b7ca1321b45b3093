/** The desk as a child process: started, killed in every way, its lives and its log kept. */
import { type ChildProcess, spawn } from "node:child_process";
import { appendFileSync, readFileSync } from "node:fs";
import type { Outage } from "./record.ts";

export interface DeskProcess {
  /** As the doubles hear it: `desk-1`. */
  readonly name: string;
  /** Resolves when it is ready, or dead before that. */
  start(env?: Record<string, string>): Promise<"ready" | "dead">;
  readonly alive: boolean;
  readonly pid: number;
  /** At once, without waiting for the end of anything. */
  kill(): void;
  signal(signal: NodeJS.Signals): void;
  /** Resolves once it is dead, at the latest after `ms`, to whether it is. */
  dies(ms: number): Promise<boolean>;
  /** Ends it as an operator does. */
  stop(): Promise<{ code: number | null; tookMs: number }>;
  /** From every death to the next readiness. */
  outages: Outage[];
  /** Deaths that were not asked for. */
  fell: { at: number; words: string; ready: boolean }[];
  /** Whether the process that was started last believes in another time. */
  readonly wrongClock: boolean;
  /** The points at which it has ended itself. */
  pointsMet: string[];
  log(): string;
}

/** @param env the whole environment */
export function createDeskProcess(parts: {
  /** The process's title, which some clients tell: `desk-1`. */
  name: string;
  args: string[];
  env: Record<string, string>;
  logFile: string;
}): DeskProcess {
  const outages: Outage[] = [];
  const pointsMet: string[] = [];
  const fallen: DeskProcess["fell"] = [];
  /** The process that is to end now. */
  let doomed: ChildProcess | undefined;
  let wrongClock = false;
  let child: ChildProcess | undefined;
  let gone: Promise<number | null> = Promise.resolve(null);
  let downSince: number | undefined = Date.now();

  function fell(): void {
    downSince ??= Date.now();
  }
  // It does not live longer than the run, however that ends.
  process.once("exit", () => child?.kill("SIGKILL"));

  return {
    name: parts.name,
    start(env = {}) {
      const one = spawn(process.execPath, [`--title=${parts.name}`, ...parts.args], {
        env: { ...parts.env, ...env },
        stdio: ["ignore", "ignore", "pipe"],
      });
      child = one;
      wrongClock = env.CHAOS_CLOCK !== undefined;
      return new Promise((resolve) => {
        let rest = "";
        let words = "";
        let ready = false;
        gone = new Promise((over) =>
          one.once("close", (code) => {
            if (child === one) fell();
            if (doomed !== one) fallen.push({ at: Date.now(), words: words.slice(-600), ready });
            resolve("dead");
            over(code);
          }),
        );
        one.stderr?.setEncoding("utf8").on("data", (text: string) => {
          appendFileSync(parts.logFile, text);
          words = (words + text).slice(-2_000);
          const lines = (rest + text).split("\n");
          rest = lines.pop() ?? "";
          for (const line of lines) {
            if (line.includes('"chaos.point"')) {
              pointsMet.push((JSON.parse(line) as { point: string }).point);
              doomed = one;
            }
            if (!line.includes('"desk.ready"')) continue;
            if (downSince !== undefined)
              outages.push({ from: downSince, to: Date.now(), what: "the desk was down" });
            downSince = undefined;
            ready = true;
            resolve("ready");
          }
        });
      });
    },
    get alive() {
      return child !== undefined && child.exitCode === null && child.signalCode === null;
    },
    get wrongClock() {
      return wrongClock;
    },
    get pid() {
      return child?.pid ?? 0;
    },
    kill() {
      fell();
      doomed = child;
      child?.kill("SIGKILL");
    },
    signal(signal) {
      child?.kill(signal);
    },
    async dies(ms) {
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<"late">((resolve) => {
        timer = setTimeout(() => resolve("late"), ms);
      });
      const first = await Promise.race([gone.then(() => "gone" as const), late]);
      clearTimeout(timer);
      return first === "gone";
    },
    async stop() {
      const began = Date.now();
      doomed = child;
      child?.kill("SIGTERM");
      const timer = setTimeout(() => child?.kill("SIGKILL"), 30_000);
      const code = await gone;
      clearTimeout(timer);
      return { code, tookMs: Date.now() - began };
    },
    outages,
    fell: fallen,
    pointsMet,
    log: () => readFileSync(parts.logFile, "utf8"),
  };
}
