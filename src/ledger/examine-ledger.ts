/** What keeps a desk from starting on its ledger; nothing is changed, and a desk may run on it meanwhile. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Clock } from "../clock.ts";
import { DeskError } from "../errors.ts";
import type { Reader } from "../ledger.ts";
import { type Applied, checkApplied } from "./migrate.ts";
import { migrations } from "./migrations.ts";
import type { LedgerPlace } from "./open-ledger.ts";
import { readSqliteLedger } from "./read-sqlite.ts";

const answerMaxMs = 5_000;

/**
 * A ledger that is not there yet is made at the start.
 * @throws DeskError data_unusable when the server refuses us, or the ledger is a newer version's; ledger_busy when nobody
 *   answers
 */
export async function examineLedger({ data, databaseUrl }: LedgerPlace, clock: Clock): Promise<void> {
  if (databaseUrl !== undefined) {
    await examineDatabase(databaseUrl, clock);
    return;
  }
  const path = join(data, "ledger.sqlite");
  if (!existsSync(path)) return;
  const ledger = await readSqliteLedger({ path, clock });
  try {
    const there = "SELECT COUNT(*) AS count FROM sqlite_master WHERE name = 'migrations'";
    await ledger.read((tx) => examineTables(tx, there));
  } finally {
    ledger.close();
  }
}

async function examineDatabase(url: string, clock: Clock): Promise<void> {
  const { openConnection } = await import("./postgres-connection.ts");
  const { examineServer } = await import("./postgres-ledger.ts");
  const connection = await openConnection({ url, clock, answerMaxMs, readOnly: true });
  const rows = async <R>(sql: string) => (await connection.statement<R>(sql, [])).rows;
  const reader: Reader = { all: rows, get: async <R>(sql: string) => (await rows<R>(sql))[0] };
  try {
    await examineServer(connection);
    await examineRights(reader);
    await examineTables(
      reader,
      "SELECT COUNT(*) AS count FROM pg_tables WHERE schemaname = current_schema() AND tablename = 'migrations'",
    );
  } finally {
    await connection.close();
  }
}

/** At the first start the tables are made, and beside them a schema for the queue. */
async function examineRights(tx: Reader): Promise<void> {
  const rights = await tx.get<{ schema: string; tables: number; queue: number }>(
    `SELECT current_schema() AS schema,
       CAST(has_schema_privilege(current_schema(), 'CREATE') AS INTEGER) AS tables,
       CAST(has_database_privilege(current_database(), 'CREATE') OR EXISTS (
         SELECT 1 FROM pg_namespace WHERE nspname = current_schema() || '_queue') AS INTEGER) AS queue`,
  );
  const unusable = (what: string) =>
    new DeskError("data_unusable", `the user of DATABASE_URL may not make ${what}`);
  if (rights?.tables === 0) throw unusable(`tables in the schema ${rights.schema}`);
  if (rights?.queue === 0) throw unusable(`the schema ${rights.schema}_queue, for the queue`);
}

/** @param there counts the table `migrations` */
async function examineTables(tx: Reader, there: string): Promise<void> {
  if ((await tx.get<{ count: number }>(there))?.count !== 1) return;
  checkApplied(
    await tx.all<Applied>("SELECT number, name, hash FROM migrations ORDER BY number"),
    migrations,
  );
}
