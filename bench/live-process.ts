/** A process of a bench that can be asked, with nothing but the compiled bench in it; and its side of the asking. */
import { spawn } from "node:child_process";
import { once } from "node:events";

export type Answers = Record<string, (argument: never) => unknown>;

/** Answers what the bench asks of this process, until the bench ends. */
export function answer(answers: Answers): Promise<number> {
  process.on("message", async ({ id, ask, argument }: { id: number; ask: string; argument: never }) => {
    const result = await answers[ask]?.(argument);
    process.send?.({ id, result });
  });
  process.send?.({ ready: true });
  return new Promise((resolve) => process.once("disconnect", () => resolve(0))).then(() => process.exit(0));
}

export interface Worker {
  ask<T>(what: string, argument?: unknown): Promise<T>;
  stop(): Promise<void>;
}

/** A process of its own with nothing but the compiled bench in it. */
export async function start(compiled: string, args: string[], flags: string[] = []): Promise<Worker> {
  const run = `import { main } from "${compiled}"; process.exitCode = await main(process.argv.slice(1));`;
  const child = spawn(process.execPath, [...flags, "--input-type=module", "--eval", run, "--", ...args], {
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
  const waiting = new Map<number, (result: unknown) => void>();
  let asked = 0;
  let stopping = false;
  child.once("exit", (code) => {
    if (stopping) return;
    process.stderr.write(`a process of the bench ended by itself: ${code} (${args.join(" ")})\n`);
    process.exit(1);
  });
  await once(child, "message");
  child.on("message", ({ id, result }: { id: number; result: unknown }) => waiting.get(id)?.(result));
  return {
    ask: <T>(what: string, argument?: unknown) =>
      new Promise<T>((resolve) => {
        asked += 1;
        waiting.set(asked, (result) => resolve(result as T));
        child.send({ id: asked, ask: what, argument });
      }),
    async stop() {
      stopping = true;
      child.disconnect();
      if (child.exitCode === null) await once(child, "exit");
    },
  };
}
