/** Runs a platform's double in a process of its own: its `main.ts`, which says where it is in one line of JSON. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { build } from "esbuild";

export interface DoubleProcess<Known, Order> {
  readonly pid: number;
  /** What it has said about itself. */
  readonly known: Known;
  /** @param origin where it takes orders, `POST /_double` */
  orders(origin: string): (order: Order) => Promise<unknown>;
  stop(): Promise<void>;
}

export async function startDouble<Known, Order>(
  name: string,
  main: string,
): Promise<DoubleProcess<Known, Order>> {
  const folder = mkdtempSync(join(tmpdir(), `deskhand-${name}-double-`));
  const outfile = join(folder, `${name}.mjs`);
  await build({
    entryPoints: [main],
    bundle: true,
    platform: "node",
    format: "esm",
    // Some packages ask for node's own modules in the old way.
    banner: {
      js: `import { createRequire } from "node:module"; const require = createRequire(import.meta.url);`,
    },
    outfile,
    logLevel: "error",
  });
  const child = spawn(process.execPath, [outfile], { stdio: ["ignore", "pipe", "inherit"] });
  const [line] = (await once(createInterface({ input: child.stdout }), "line")) as [string];
  return {
    pid: child.pid ?? 0,
    known: JSON.parse(line) as Known,
    orders: (origin) => async (order) => {
      const response = await fetch(`${origin}/_double`, { method: "POST", body: JSON.stringify(order) });
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
