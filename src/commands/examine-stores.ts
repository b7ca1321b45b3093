/** Where a desk keeps what it knows, as `deskhand doctor` finds it. */
import { accessSync, constants, existsSync } from "node:fs";
import { createClock } from "../clock.ts";
import type { Config } from "../config.ts";
import { codeOf, DeskError, faultOf } from "../errors.ts";
import { examineLedger } from "../ledger/examine-ledger.ts";
import { createLog } from "../log.ts";
import { createMemory } from "../memory/memory.ts";
import type { Problem } from "../platform.ts";

/**
 * The ledger; and the memory, where it has a place of its own.
 * @returns as doubts what a desk can do without
 */
export async function examineStores(config: Config): Promise<{ problems: Problem[]; doubts: Problem[] }> {
  const { data } = config.folders;
  const databaseUrl = config.databaseUrl?.reveal();
  const folder = await problemOf(data, async () => demandWritable(data));
  const ledger = await problemOf(databaseUrl === undefined ? data : "DATABASE_URL", () =>
    examineLedger({ data, databaseUrl }, createClock()),
  );
  const uri = config.memoryUri?.reveal();
  const memory =
    uri === undefined || uri === databaseUrl ? [] : await problemOf("KEYV_URI", () => reach(uri));
  const lacking = memory.filter(({ fault }) => fault.startsWith("memory_failed"));
  return {
    problems: [...folder, ...ledger, ...memory.filter((one) => !lacking.includes(one))],
    doubts: lacking,
  };
}

/** Of what is not there yet, the start tells. @throws DeskError data_unusable */
function demandWritable(data: string): void {
  if (!existsSync(data)) return;
  try {
    accessSync(data, constants.W_OK | constants.X_OK);
  } catch (cause) {
    throw new DeskError("data_unusable", faultOf(cause), { cause });
  }
}

async function problemOf(where: string, examine: () => Promise<void>): Promise<Problem[]> {
  try {
    await examine();
    return [];
  } catch (error) {
    const remedy = error instanceof DeskError ? error.remedy : "The fault says what to correct.";
    return [{ where, fault: `${codeOf(error) ?? "command_failed"}: ${faultOf(error)}`, remedy }];
  }
}

/** A memory that cannot be had is only a warning to a desk that runs; whoever asks wants to know. */
async function reach(uri: string): Promise<void> {
  let fault: string | undefined;
  const log = createLog("warn", {
    write(line: string) {
      const said = JSON.parse(line) as { event: string; error?: { fault?: string } };
      if (said.event === "memory.unreachable") fault = said.error?.fault ?? "no answer";
    },
  });
  const memory = await createMemory({ uri, path: "", clock: createClock(), log });
  await memory.close();
  if (fault !== undefined) throw new DeskError("memory_failed", fault);
}
