/**
 * A ledger in Postgres as a command reads it beside the desk that writes it: all that is read is one state of it, from one
 * transaction that sees nothing of what comes later and holds nobody up.
 */
import { rmSync } from "node:fs";
import type { Clock } from "../clock.ts";
import { DeskError } from "../errors.ts";
import type { Ledger, Reader, SqlValue } from "../ledger.ts";
import { createLog } from "../log.ts";
import { copyLedger } from "./copy-ledger.ts";
import { type Applied, checkApplied, migrate } from "./migrate.ts";
import { migrations } from "./migrations.ts";
import { openConnection } from "./postgres-connection.ts";
import { readSqliteLedger, type SqliteReading } from "./read-sqlite.ts";
import { createSqliteLedger } from "./sqlite-ledger.ts";

const answerMaxMs = 30_000;

/** @throws DeskError data_unusable when the server refuses us, or the ledger is another version's; ledger_busy */
export async function readPostgresLedger(parts: { url: string; clock: Clock }): Promise<SqliteReading> {
  const { clock } = parts;
  const connection = await openConnection({ ...parts, answerMaxMs, readOnly: true });
  const ask = async <R>(sql: string, values: SqlValue[]) => (await connection.statement<R>(sql, values)).rows;
  const reader: Reader = {
    all: (sql, ...values) => ask(sql, values),
    get: async <R>(sql: string, ...values: SqlValue[]) => (await ask<R>(sql, values))[0],
  };
  try {
    // It waits for what the copy is written on.
    await connection.command(
      "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL idle_in_transaction_session_timeout = 0",
    );
    const applied = await reader.all<Applied>("SELECT number, name, hash FROM migrations ORDER BY number");
    checkApplied(applied, migrations);
    if (applied.length < migrations.length)
      throw new DeskError(
        "data_unusable",
        "the ledger is an older version's: this one has not been started yet",
      );
  } catch (error) {
    connection.destroy();
    throw error;
  }
  const from = { read: <T>(work: (tx: Reader) => T | Promise<T>) => Promise.resolve(work(reader)) };
  return {
    ...from,
    async copyTo(file) {
      const draft = `${file}.draft`;
      try {
        await writeLedger(draft, from, clock);
        // A ledger that was written has files beside it; its copy is one.
        const written = await readSqliteLedger({ path: draft, clock });
        await written.copyTo(file).finally(written.close);
      } finally {
        for (const suffix of ["", "-wal", "-shm"]) rmSync(draft + suffix, { force: true });
      }
    },
    close: connection.destroy,
  };
}

async function writeLedger(path: string, from: Pick<Ledger, "read">, clock: Clock): Promise<void> {
  const log = createLog("error");
  const to = await createSqliteLedger({ path, clock, log });
  try {
    await migrate(to, migrations, { clock, log });
    await copyLedger({ from, to, clock, progress: () => {} });
  } finally {
    await to.close();
  }
}
