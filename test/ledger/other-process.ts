/** Starts ledger-process.ts as a process of its own and reads what it says. */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const root = fileURLToPath(new URL("../..", import.meta.url));

export interface Program {
  start(...args: string[]): OtherProcess;
  /** Kills what still runs and removes the compiled program. */
  remove(): Promise<void>;
}

export interface OtherProcess {
  readonly pid: number;
  /** The complete lines it has said so far. */
  lines(): string[];
  /** Resolves with its next unseen line; rejects when it ends without one. */
  line(): Promise<string>;
  kill(): Promise<void>;
  /** Closes its standard input, which ends it. */
  finish(): Promise<void>;
}

/** Compiled into node_modules, where packages are found and nothing is committed. */
export async function compileLedgerProcess(): Promise<Program> {
  const dir = mkdtempSync(join(root, "node_modules", ".ledger-process-"));
  const file = join(dir, "ledger-process.mjs");
  await build({
    entryPoints: [join(root, "test", "ledger", "ledger-process.ts")],
    outfile: file,
    bundle: true,
    packages: "external",
    platform: "node",
    format: "esm",
    target: "node20",
  });
  const started: OtherProcess[] = [];
  return {
    start(...args) {
      const other = watch(spawn(process.execPath, [file, ...args], { stdio: ["pipe", "pipe", "inherit"] }));
      started.push(other);
      return other;
    },
    async remove() {
      await Promise.all(started.map((other) => other.kill()));
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

function watch(child: ChildProcess): OtherProcess {
  let text = "";
  let seen = 0;
  let ended = false;
  let wake = () => {};
  const end = new Promise<void>((resolve) => {
    child.on("close", () => {
      ended = true;
      wake();
      resolve();
    });
  });
  child.stdout?.setEncoding("utf8").on("data", (chunk: string) => {
    text += chunk;
    wake();
  });
  const lines = () => text.split("\n").slice(0, -1);
  return {
    pid: child.pid ?? 0,
    lines,
    async line() {
      for (;;) {
        const next = lines()[seen];
        if (next !== undefined) {
          seen++;
          return next;
        }
        if (ended) throw new Error("the other process has ended");
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    },
    async kill() {
      child.kill("SIGKILL");
      await end;
    },
    async finish() {
      child.stdin?.end();
      await end;
    },
  };
}
