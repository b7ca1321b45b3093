/** The records for a command: those of the desk that runs on the data folder, else the folder's own, opened for a moment. */
import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { createClock } from "../clock.ts";
import { ConfigError } from "../config/config-error.ts";
import { whyMissing } from "../config/folders.ts";
import { type Config, readConfig, type Sources } from "../config.ts";
import { askRunningDesk, deskRuns } from "../control.ts";
import type { LanesElsewhere } from "../crew/lanes-elsewhere.ts";
import { DeskError } from "../errors.ts";
import { openLedger } from "../ledger/open-ledger.ts";
import type { Ledger } from "../ledger.ts";
import { createLog } from "../log.ts";
import { createMemory } from "../memory/memory.ts";
import { createCustomerFiles } from "../records/customer-files.ts";
import type { Erasure } from "../records/erase-customer.ts";
import { forgettingIn } from "../records/forgetting.ts";
import { createRecords, type Records } from "../records/records.ts";
import { loadDesk } from "../workspace/workspace.ts";

/** Errors are the command's to report; warnings, as JSON, would stand between its lines. */
const log = createLog("error");

/** Settings that say where the desk's data are. */
const places = ["DATABASE_URL", "KEYV_URI"];

/**
 * The configuration for a command that is to work whatever else is wrong with it: only where the data are must be
 * right, because without DATABASE_URL the file of a desk that has moved would be taken for the desk.
 * @throws ConfigError
 */
export function readPlaces(sources: Sources): Config {
  const { config, problems } = readConfig(sources);
  const faults = problems.filter(({ where }) => places.includes(where));
  if (faults.length > 0) throw new ConfigError(faults);
  return config;
}

/** @throws DeskError data_in_use while a desk starts or stops, command_failed where there is no ledger; ConfigError */
export async function withRecords<T>(
  sources: Sources,
  work: (records: Records, data: string) => Promise<T>,
): Promise<T> {
  const config = readPlaces(sources);
  const { data } = config.folders;
  if (await deskRuns(data)) return work(recordsOfRunning(data), data);
  return withLedger(config, async (ledger) => {
    const clock = createClock();
    const memory = await createMemory({
      ...(config.memoryUri ? { uri: config.memoryUri.reveal() } : {}),
      path: join(data, "memory.sqlite"),
      clock,
      log,
    });
    const lanes = await lanesOf(config, ledger);
    try {
      const files = createCustomerFiles(data, clock);
      const addressOf = addressesFrom(sources);
      const parts = { ledger, memory: forgettingIn(memory), files, addressOf, clock, log };
      return await work(createRecords({ ...parts, ...(lanes ? { lanes } : {}) }), data);
    } finally {
      await lanes?.close();
      await memory.close();
    }
  });
}

/** Of a ledger in a database: processes of the desk may be at work elsewhere. */
async function lanesOf({ databaseUrl }: Config, ledger: Ledger): Promise<LanesElsewhere | undefined> {
  if (!databaseUrl) return undefined;
  const { openLanesElsewhere } = await import("../crew/lanes-elsewhere.ts");
  return openLanesElsewhere({ url: databaseUrl.reveal(), ledger, clock: createClock(), log });
}

/**
 * The ledger of a data folder that no desk runs on, and nobody else meanwhile; or the one in a database, beside the
 * processes of the desk. @throws DeskError data_in_use, command_failed where there is no ledger
 */
export async function withLedger<T>(config: Config, work: (ledger: Ledger) => Promise<T>): Promise<T> {
  const { data } = config.folders;
  demandLedger(config);
  mkdirSync(data, { recursive: true, mode: 0o700 });
  const place = { data, databaseUrl: config.databaseUrl?.reveal() };
  const ledger = await openLedger(place, { clock: createClock(), log });
  try {
    return await work(ledger);
  } finally {
    await ledger.close();
  }
}

/**
 * A folder that was meant is told from one that was forgotten to be given, and from one that cannot be looked into.
 * @throws DeskError command_failed, data_unusable
 */
export function demandLedger({ databaseUrl, folders: { data } }: Config): void {
  const path = join(data, "ledger.sqlite");
  if (databaseUrl !== undefined || existsSync(path)) return;
  const why = whyMissing(path);
  if (why !== undefined) throw new DeskError("data_unusable", `${path}: ${why}`);
  const fault = `there is no ledger in ${data}: give the desk's folder with --data or DESKHAND_DATA`;
  throw new DeskError("command_failed", fault);
}

function recordsOfRunning(data: string): Records {
  const ask = async <T>(does: string, asked: Record<string, unknown>): Promise<T> =>
    (await askRunningDesk(data, does, asked))?.result as T;
  return {
    examine: (customer) => ask<Erasure>("erase.examine", { customer }),
    erase: (customer) => ask<Erasure>("erase", { customer }),
    exportTo: (customer, file) => ask<void>("export", { customer, file }),
  };
}

/** The company's own lookup, loaded when it is first needed. */
function addressesFrom(sources: Sources): (customer: string) => Promise<string | undefined> {
  let loading: ReturnType<typeof loadDesk> | undefined;
  return async (customer) => {
    loading ??= loadDesk(sources, { clock: createClock() });
    const { workspace } = await loading;
    return (await workspace.identity?.find(customer))?.email;
  };
}
