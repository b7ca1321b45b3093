/** Runs the double in a process of its own. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import type { Order } from "./remote.ts";

export interface SlackProcess {
  readonly pid: number;
  readonly url: string;
  readonly apiUrl: string;
  readonly appToken: string;
  readonly botToken: string;
  readonly signingSecret: string;
  /** `order({ as: "U1", do: "dm", args: ["hello"] })`. @throws what the order threw */
  order(order: Order): Promise<unknown>;
  stop(): Promise<void>;
}

export async function startSlackProcess(): Promise<SlackProcess> {
  const folder = mkdtempSync(join(tmpdir(), "deskhand-slack-double-"));
  const outfile = join(folder, "slack.mjs");
  const entry = fileURLToPath(new URL("main.ts", import.meta.url));
  await build({
    entryPoints: [entry],
    bundle: true,
    platform: "node",
    format: "esm",
    outfile,
    logLevel: "error",
  });
  const child = spawn(process.execPath, [outfile], { stdio: ["ignore", "pipe", "inherit"] });
  const lines = createInterface({ input: child.stdout });
  const [line] = (await once(lines, "line")) as [string];
  const known = JSON.parse(line) as Omit<SlackProcess, "order" | "stop" | "pid">;
  return {
    ...known,
    pid: child.pid ?? 0,
    async order(order) {
      const response = await fetch(`${known.url}/_double`, { method: "POST", body: JSON.stringify(order) });
      const { result, fault } = (await response.json()) as { result?: unknown; fault?: string };
      if (fault !== undefined) throw new Error(fault);
      return result;
    },
    async stop() {
      const ended = once(child, "exit");
      child.kill("SIGTERM");
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
