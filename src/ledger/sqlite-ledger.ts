/**
 * The ledger in one SQLite file, for one process: WAL, so that readers and the writer do not wait for each other, and
 * synchronous FULL, so that what is acknowledged has been through an fsync. Two connections: one writes, one only ever
 * sees what has been committed.
 *
 * What is deleted is overwritten (secure_delete). Freed pages are used again and already blank, so the file is not
 * vacuumed as a rule: it does not shrink, and nothing stalls while it would. Only `scrub` does, because SQLite leaves
 * pieces of rows in unused parts of pages when it moves them from one to another; then it empties the log.
 */
import { closeSync, existsSync, openSync } from "node:fs";
import type { Clock } from "../clock.ts";
import { DeskError } from "../errors.ts";
import type { Ledger, Reader } from "../ledger.ts";
import type { Log } from "../log.ts";
import { type Connection, openConnection, patienceOf, usable } from "./sqlite-connection.ts";
import { createSqliteWriter } from "./sqlite-writer.ts";

export interface SqliteLedger extends Ledger {
  scrub(bytesMax?: number): Promise<boolean>;
}

/**
 * Opens the file, or makes it, readable by its owner only; its folder must exist.
 * @param parts.busyMs how long a write waits for a lock that another process holds
 * @throws DeskError data_unusable when the file cannot be opened, written or understood; ledger_busy
 */
export async function createSqliteLedger(parts: {
  path: string;
  clock: Clock;
  log: Log;
  busyMs?: number;
}): Promise<SqliteLedger> {
  const { path, clock, log, busyMs = 10_000 } = parts;
  const patience = patienceOf(clock, busyMs);
  const { patiently } = patience;
  const connection = await patiently(() => usable(path, () => openWriter(path)));
  const reading = usable(path, () => openConnection(path, { readOnly: true }));
  const writer = createSqliteWriter({ connection, clock, log, patience });
  const reader: Reader = {
    all: (sql, ...values) => reading.all(sql, values),
    get: (sql, ...values) => reading.get(sql, values),
  };
  let closing: Promise<void> | undefined;

  async function close(): Promise<void> {
    await writer.drained();
    reading.close();
    try {
      checkpoint(connection);
    } catch (error) {
      log.warn("ledger.checkpoint_failed", { error });
    }
    connection.close();
  }

  return {
    write: (work) => (closing ? Promise.reject(closed()) : writer.write(work)),
    read: (work) => (closing ? Promise.reject(closed()) : patiently(() => work(reader))),
    scrub: (bytesMax = Number.POSITIVE_INFINITY) =>
      closing ? Promise.reject(closed()) : patiently(() => scrub(connection, bytesMax)),
    close() {
      closing ??= close();
      return closing;
    },
  };
}

function openWriter(path: string): Connection {
  // Not when it exists: to close a file is to lose the locks that this process has on it.
  if (!existsSync(path)) closeSync(openSync(path, "a", 0o600));
  const connection = openConnection(path);
  try {
    const mode = connection.get<{ journal_mode: string }>("PRAGMA journal_mode = WAL", []);
    if (mode?.journal_mode !== "wal") throw new Error("this file system cannot hold a write-ahead log");
    connection.command("PRAGMA synchronous = FULL");
    connection.command("PRAGMA foreign_keys = ON");
    connection.command("PRAGMA secure_delete = ON");
    // A temporary file in a public folder would hold customers' texts.
    connection.command("PRAGMA temp_store = MEMORY");
    connection.command(`PRAGMA journal_size_limit = ${32 * 1024 * 1024}`);
    proveWritable(connection);
    return connection;
  } catch (error) {
    connection.close();
    throw error;
  }
}

/** SQLite opens a file that it may not write all the same, and only a write says so. */
function proveWritable(connection: Connection): void {
  const version = connection.get<{ user_version: number }>("PRAGMA user_version", [])?.user_version ?? 0;
  connection.command("BEGIN IMMEDIATE");
  try {
    connection.command(`PRAGMA user_version = ${version}`);
  } finally {
    if (connection.inTransaction()) connection.command("ROLLBACK");
  }
}

/** @throws DeskError ledger_busy while somebody writes or reads */
function scrub(connection: Connection, bytesMax: number): boolean {
  if (connection.inTransaction()) throw new DeskError("ledger_busy", "the ledger is being written");
  const pages = connection.get<{ page_count: number }>("PRAGMA page_count", [])?.page_count ?? 0;
  const size = connection.get<{ page_size: number }>("PRAGMA page_size", [])?.page_size ?? 0;
  const all = pages * size <= bytesMax;
  if (all) connection.command("VACUUM");
  checkpoint(connection);
  return all;
}

/** Moves the log into the file and empties it. @throws DeskError ledger_busy while somebody writes or reads */
function checkpoint(connection: Connection): void {
  const result = connection.inTransaction()
    ? undefined
    : connection.get<{ busy: number }>("PRAGMA wal_checkpoint(TRUNCATE)", []);
  if (result?.busy !== 0) throw new DeskError("ledger_busy", "the ledger's log is in use");
}

function closed(): DeskError {
  return new DeskError("ledger_failed", "the ledger is closed");
}
