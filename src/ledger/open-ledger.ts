/** The ledger of a desk, wherever it is: in Postgres where an address is given, else a file in the data folder. */
import { dirname, join } from "node:path";
import type { Clock } from "../clock.ts";
import { DeskError } from "../errors.ts";
import type { Ledger } from "../ledger.ts";
import type { Log } from "../log.ts";
import { lockData } from "./data-lock.ts";
import { migrate } from "./migrate.ts";
import { migrations } from "./migrations.ts";
import { readSetting, unfinishedCopy } from "./settings.ts";
import { createSqliteLedger } from "./sqlite-ledger.ts";

export interface LedgerPlace {
  /** The data folder; it must exist. */
  data: string;
  /** postgres://… */
  databaseUrl: string | undefined;
}

/**
 * Opens it with its tables up to date. A file belongs to this process alone until `close`; in a database there may be
 * many.
 * @throws DeskError data_in_use | data_unusable | ledger_busy
 */
export async function openLedger(
  { data, databaseUrl }: LedgerPlace,
  parts: { clock: Clock; log: Log },
): Promise<Ledger> {
  if (databaseUrl !== undefined) return ready(await openPostgres(databaseUrl, parts), parts);
  const unlock = lockData(data);
  try {
    const file = await createSqliteLedger({ path: join(data, "ledger.sqlite"), ...parts });
    const ledger = await ready(file, parts);
    return { ...ledger, close: () => ledger.close().finally(unlock) };
  } catch (error) {
    unlock();
    throw error;
  }
}

/** One ledger, wherever it is. */
export type LedgerHome = { kind: "sqlite"; path: string } | { kind: "postgres"; url: string };

/**
 * Opens it with its tables up to date, whole or not, for this process and no other.
 * @throws DeskError data_in_use while a desk runs on it; data_unusable | ledger_busy
 */
export async function openAlone(home: LedgerHome, parts: { clock: Clock; log: Log }): Promise<Ledger> {
  const unlock = home.kind === "sqlite" ? lockData(dirname(home.path)) : () => {};
  try {
    const ledger =
      home.kind === "sqlite"
        ? await createSqliteLedger({ path: home.path, ...parts })
        : await openPostgres(home.url, { ...parts, alone: true });
    const close = () => ledger.close().finally(unlock);
    await migrate(ledger, migrations, parts).catch(async (error: unknown) => {
      await close();
      throw error;
    });
    return { ...ledger, close };
  } catch (error) {
    unlock();
    throw error;
  }
}

/** The driver is loaded only where there is a database. */
async function openPostgres(
  url: string,
  parts: { clock: Clock; log: Log; alone?: boolean },
): Promise<Ledger> {
  const { createPostgresLedger } = await import("./postgres-ledger.ts");
  return createPostgresLedger({ url, ...parts });
}

async function ready(ledger: Ledger, parts: { clock: Clock; log: Log }): Promise<Ledger> {
  try {
    await migrate(ledger, migrations, parts);
    if ((await ledger.read((tx) => readSetting(tx, unfinishedCopy))) === undefined) return ledger;
    throw new DeskError(
      "data_unusable",
      "a desk was being moved here and is not whole: run deskhand migrate again",
    );
  } catch (error) {
    await ledger.close();
    throw error;
  }
}
