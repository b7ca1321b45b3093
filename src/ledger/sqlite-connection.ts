/**
 * One connection to a SQLite file: values are checked, statements stay prepared, and the driver's errors become ours.
 * The driver is synchronous and its busy_timeout blocks the event loop, so that is a moment only: whoever finds the
 * lock taken rests outside the driver (`patiently`) and comes again.
 */
import { DatabaseSync, type StatementSyncInstance } from "@photostructure/sqlite";
import type { Clock } from "../clock.ts";
import { codeOf, DeskError, faultOf } from "../errors.ts";
import type { SqlValue } from "../ledger.ts";
import { createPatience, type Patience } from "./patience.ts";
import { brief, checkValues, examine } from "./statement.ts";

export interface Connection {
  all<R>(sql: string, values: readonly SqlValue[]): R[];
  get<R>(sql: string, values: readonly SqlValue[]): R | undefined;
  /** The number of rows changed. */
  run(sql: string, values: readonly SqlValue[]): number;
  /** For what works may not say: BEGIN, COMMIT, SAVEPOINT, PRAGMA. */
  command(sql: string): void;
  /** False after SQLite has rolled back by itself, as it does when the disk is full. */
  inTransaction(): boolean;
  close(): void;
}

/** How long the driver may block the event loop for a lock. */
const driverBusyMs = 2;
/** Texts are written by us, so there are few; one that is put together from lists could make many. */
const statementsMax = 500;

/** @throws DeskError ledger_busy | ledger_full | ledger_failed, as all methods of the result do */
export function openConnection(path: string, options: { readOnly?: boolean } = {}): Connection {
  const database = mapped(() => new DatabaseSync(path, { ...options, timeout: driverBusyMs }));
  const commands = new Map<string, StatementSyncInstance>();
  const prepared = new Map<string, Prepared>();

  function prepare(sql: string): Prepared {
    const known = prepared.get(sql);
    if (known) return known;
    const fresh = { statement: database.prepare(sql), parameters: examine(sql) };
    if (prepared.size >= statementsMax) prepared.delete(prepared.keys().next().value ?? "");
    prepared.set(sql, fresh);
    return fresh;
  }

  function bound(sql: string, values: readonly SqlValue[]): StatementSyncInstance {
    const { statement, parameters } = prepare(sql);
    checkValues(sql, values, parameters);
    return statement;
  }

  return {
    all: <R>(sql: string, values: readonly SqlValue[]) =>
      mapped(() => bound(sql, values).all(...values) as R[], sql),
    get: <R>(sql: string, values: readonly SqlValue[]) =>
      mapped(() => bound(sql, values).get(...values) as R | undefined, sql),
    run: (sql, values) => mapped(() => bound(sql, values).run(...values).changes, sql),
    command(sql) {
      mapped(() => {
        const statement = commands.get(sql) ?? database.prepare(sql);
        commands.set(sql, statement);
        statement.run();
      }, sql);
    },
    inTransaction: () => database.isTransaction,
    // The driver cannot finalize a statement: the file stays open until they have been collected as garbage.
    close() {
      commands.clear();
      prepared.clear();
      mapped(() => database.close());
    },
  };
}

/** What opening a file comes to. @throws DeskError ledger_busy; data_unusable, with the file's path, for all else that it throws */
export function usable<T>(path: string, open: () => T): T {
  try {
    return open();
  } catch (cause) {
    if (codeOf(cause) === "ledger_busy") throw cause;
    throw new DeskError("data_unusable", `${path}: ${faultOf(cause)}`, { cause });
  }
}

/** Rests long beside the driver's own wait. */
export const patienceOf = (clock: Clock, busyMs: number): Patience =>
  createPatience({ clock, busyMs, restMs: [5, 25] });

interface Prepared {
  statement: StatementSyncInstance;
  parameters: number;
}

function mapped<T>(call: () => T, sql?: string): T {
  try {
    return call();
  } catch (cause) {
    throw cause instanceof DeskError ? cause : ledgerError(cause, sql);
  }
}

/** The low byte of SQLite's result code says what went wrong. */
function ledgerError(cause: unknown, sql?: string): DeskError {
  const fault = sql === undefined ? faultOf(cause) : `${faultOf(cause)} in: ${brief(sql)}`;
  switch (resultCode(cause) & 0xff) {
    case 5: // SQLITE_BUSY
    case 6: // SQLITE_LOCKED
      return new DeskError("ledger_busy", fault, { cause });
    case 8: // SQLITE_READONLY
    case 10: // SQLITE_IOERR
    case 13: // SQLITE_FULL
    case 14: // SQLITE_CANTOPEN
      return new DeskError("ledger_full", fault, { cause });
  }
  return new DeskError("ledger_failed", fault, { cause });
}

function resultCode(error: unknown): number {
  if (!(error instanceof Error)) return 0;
  const code = (error as { errcode?: unknown }).errcode;
  return typeof code === "number" ? code : (codesByText[error.message] ?? 0);
}

/** The driver's `all` throws without a code (1.2.1), but with SQLite's own text, which is the same for ever. */
const codesByText: Readonly<Record<string, number>> = {
  "database is locked": 5,
  "database table is locked": 6,
  "attempt to write a readonly database": 8,
  "disk I/O error": 10,
  "database or disk is full": 13,
  "unable to open database file": 14,
};
