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

export interface DiscordProcess {
  readonly pid: number;
  /** What DISCORD_API_URL is set to. */
  readonly url: string;
  readonly origin: string;
  readonly token: string;
  readonly guild: string;
  readonly support: string;
  /** Seen only by who has the role `agents`: `order({ do: "giveRole", args: ["Maya", agents] })`. */
  readonly desk: string;
  readonly agents: string;
  /** `order({ as: "Ana", do: "dm", args: ["hello"] })`. @throws what the order threw */
  order(order: Order): Promise<unknown>;
  stop(): Promise<void>;
}

export async function startDiscordProcess(): Promise<DiscordProcess> {
  const folder = mkdtempSync(join(tmpdir(), "deskhand-discord-double-"));
  const outfile = join(folder, "discord.mjs");
  const banner = `import { createRequire } from "node:module"; const require = createRequire(import.meta.url);`;
  await build({
    entryPoints: [fileURLToPath(new URL("main.ts", import.meta.url))],
    bundle: true,
    platform: "node",
    format: "esm",
    // ws asks for node's own modules in the old way.
    banner: { js: banner },
    outfile,
    logLevel: "error",
  });
  const child = spawn(process.execPath, [outfile], { stdio: ["ignore", "pipe", "inherit"] });
  const [line] = (await once(createInterface({ input: child.stdout }), "line")) as [string];
  const known = JSON.parse(line) as Omit<DiscordProcess, "order" | "stop" | "pid">;
  return {
    ...known,
    pid: child.pid ?? 0,
    async order(order) {
      const response = await fetch(`${known.origin}/_double`, {
        method: "POST",
        body: JSON.stringify(order),
      });
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
