/**
 * Brings a ledger's tables up to date: each migration is one transaction together with its row in `migrations`, so a
 * process that dies in between leaves whole steps only, and the next one goes on from there. Two processes that start
 * at once take each step once: the row is made first, and whoever finds it made leaves the step alone.
 */
import { createHash } from "node:crypto";
import type { Clock } from "../clock.ts";
import { codeOf, DeskError, faultOf } from "../errors.ts";
import type { Ledger } from "../ledger.ts";
import type { Log } from "../log.ts";
import type { Migration } from "./migrations.ts";

/**
 * @param migrations in order; the first has number 1
 * @throws DeskError data_unusable when the ledger was made by a newer version, or a migration that it has had has
 *   changed since; ledger_busy | ledger_full | ledger_failed naming the migration that could not be run
 */
export async function migrate(
  ledger: Ledger,
  migrations: readonly Migration[],
  parts: { clock: Clock; log: Log },
): Promise<void> {
  await ledger.write((tx) =>
    tx.run(
      `CREATE TABLE IF NOT EXISTS migrations (
        number BIGINT PRIMARY KEY, name TEXT NOT NULL, hash TEXT NOT NULL, applied_at BIGINT NOT NULL)`,
    ),
  );
  const applied = await ledger.read((tx) =>
    tx.all<Applied>("SELECT number, name, hash FROM migrations ORDER BY number"),
  );
  checkApplied(applied, migrations);
  for (const [index, migration] of migrations.entries()) {
    if (index < applied.length) continue;
    const number = index + 1;
    if (await apply(ledger, number, migration, parts.clock)) {
      parts.log.info("migration.applied", { number, name: migration.name });
    }
  }
}

/** A step that a ledger has had. */
export interface Applied {
  number: number;
  name: string;
  hash: string;
}

/** @throws DeskError data_unusable when these are not the first of the migrations */
export function checkApplied(applied: readonly Applied[], migrations: readonly Migration[]): void {
  for (const [index, row] of applied.entries()) compare(row, index + 1, migrations[index]);
}

function compare(row: Applied, number: number, migration: Migration | undefined): void {
  if (row.number !== number) {
    throw new DeskError("data_unusable", `migration ${number} is missing from the ledger`);
  }
  if (!migration) {
    throw new DeskError(
      "data_unusable",
      `the ledger was made by a newer version: it has migration ${row.number} (${row.name})`,
    );
  }
  if (row.hash !== hashOf(migration)) {
    throw new DeskError(
      "data_unusable",
      `migration ${row.number} (${row.name}) is not the one this ledger has had`,
    );
  }
}

/** False when another process was first. */
async function apply(ledger: Ledger, number: number, migration: Migration, clock: Clock): Promise<boolean> {
  try {
    return await ledger.write(async (tx) => {
      const fresh = await tx.run(
        `INSERT INTO migrations (number, name, hash, applied_at) VALUES (?, ?, ?, ?)
         ON CONFLICT (number) DO NOTHING`,
        number,
        migration.name,
        hashOf(migration),
        clock.now(),
      );
      if (fresh === 0) return false;
      for (const statement of migration.statements) await tx.run(statement);
      return true;
    });
  } catch (cause) {
    const fault = `migration ${number} (${migration.name}): ${faultOf(cause)}`;
    throw new DeskError(codeOf(cause) ?? "ledger_failed", fault, { cause });
  }
}

/** Over what the statements say; how they are set out may change. */
function hashOf(migration: Migration): string {
  const text = migration.statements.map((statement) => statement.replace(/\s+/g, " ").trim());
  return createHash("sha256").update(JSON.stringify(text)).digest("hex");
}
