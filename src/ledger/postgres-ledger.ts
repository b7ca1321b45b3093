/**
 * The ledger in Postgres, for any number of processes: the same tables and statements as in SQLite. Writes go one
 * after the other (postgres-writer.ts), reads beside them on connections that cannot write. Commits are synchronous
 * whatever the server's default is. While nobody answers, callers wait up to `busyMs`; nothing is ever written twice.
 */
import type { Clock } from "../clock.ts";
import { DeskError } from "../errors.ts";
import type { Ledger, Reader, SqlValue } from "../ledger.ts";
import type { Log } from "../log.ts";
import { createPatience, type Patience } from "./patience.ts";
import { type Connection, keyOf, openConnection } from "./postgres-connection.ts";
import { createReaders } from "./postgres-readers.ts";
import { scrubTables } from "./postgres-scrub.ts";
import { createPostgresWriter, prepareCommits } from "./postgres-writer.ts";

export interface PostgresParts {
  /** postgres://user:password@host/database; never shown */
  url: string;
  clock: Clock;
  log: Log;
  /** Of this process, for reading; one more writes. */
  connectionsMax?: number;
  /** How long a caller waits for a lock, or a server that does not answer. */
  busyMs?: number;
  /** No other process may have the ledger open meanwhile. */
  alone?: boolean;
}

/** Older ones are no longer looked after by those who make them. */
const versionMin = 130_000;
/** How long a server needs to see that a process has gone. */
const leavingMs = 1_500;

/**
 * @throws DeskError data_unusable when the server refuses us, is too old, or keeps texts in another encoding;
 *   data_in_use when another process has it alone, or this one cannot; ledger_busy when it does not answer
 */
export async function createPostgresLedger(parts: PostgresParts): Promise<Ledger> {
  if (!URL.canParse(parts.url)) throw new DeskError("data_unusable", "the database's address is none");
  const { url, clock, log, connectionsMax = 4, busyMs = 10_000, alone = false } = parts;
  // A connection that has been cut without a word is found out while there is time for another.
  const answerMaxMs = busyMs / 2;
  const patience = createPatience({ clock, busyMs, restMs: [10, 50] });
  const { patiently } = patience;
  const connect = async () =>
    present(await openConnection({ url, clock, answerMaxMs }), { alone, clock, rest: patience.rest });
  const open = await patiently(async () => {
    const first = await connect();
    try {
      // Some hosts make commits safe in another way, so it is theirs to decide.
      if (!(await examineServer(first)).fsync) log.warn("ledger.fsync_off");
      await prepareCommits(first);
      return first;
    } catch (error) {
      first.destroy();
      throw error;
    }
  });
  const writer = createPostgresWriter({ name: clock.id("w"), open, connect, clock, log, patience });
  const readers = createReaders({
    connect: () => openConnection({ url, clock, answerMaxMs, readOnly: true }),
    connectionsMax,
  });
  const ask = <R>(sql: string, values: SqlValue[]) =>
    readers.using((connection) => connection.statement<R>(sql, values));
  const reader: Reader = {
    all: async <R>(sql: string, ...values: SqlValue[]) => (await ask<R>(sql, values)).rows,
    get: async <R>(sql: string, ...values: SqlValue[]) => (await ask<R>(sql, values)).rows[0],
  };
  let closing: Promise<void> | undefined;

  async function scrub(bytesMax: number): Promise<boolean> {
    const connection = await openConnection({ url, clock, answerMaxMs });
    try {
      return await scrubTables(connection, bytesMax);
    } finally {
      await connection.close();
    }
  }

  async function close(): Promise<void> {
    await writer.close();
    await readers.close();
  }

  return {
    write: (work, how) => (closing ? Promise.reject(closed()) : writer.write(work, how)),
    read: (work) => (closing ? Promise.reject(closed()) : patiently(() => work(reader))),
    scrub: (bytesMax = Number.POSITIVE_INFINITY) =>
      closing ? Promise.reject(closed()) : patiently(() => scrub(bytesMax)),
    close() {
      closing ??= close();
      return closing;
    },
  };
}

/**
 * Every process that has the ledger open says so by a lock of its session, which many can have, or one that is alone.
 * A process that has just been killed is still there for a moment.
 * @throws DeskError data_in_use
 */
async function present(
  connection: Connection,
  { alone, clock, rest }: { alone: boolean; clock: Clock; rest: Patience["rest"] },
): Promise<Connection> {
  const how = alone ? "pg_try_advisory_lock" : "pg_try_advisory_lock_shared";
  const since = clock.elapsed();
  try {
    for (;;) {
      const [rows] = await connection.command(
        `SELECT ${how}(${keyOf("run")}) AS here, pg_is_in_recovery() AS standby`,
      );
      if (rows?.[0]?.standby === 1)
        throw new DeskError("ledger_busy", "the database only follows another one");
      if (rows?.[0]?.here === 1) return connection;
      if (clock.elapsed() - since >= leavingMs) break;
      await rest();
    }
    throw new DeskError(
      "data_in_use",
      alone ? "a desk runs on this database" : "this database is being moved",
    );
  } catch (error) {
    await connection.close();
    throw error;
  }
}

/**
 * @returns whether the server waits for its disk
 * @throws DeskError data_unusable when the ledger cannot be in this database
 */
export async function examineServer(connection: Connection): Promise<{ fsync: boolean }> {
  const [[facts]] = (await connection.command(
    `SELECT CAST(current_setting('server_version_num') AS INTEGER) AS version, current_setting('fsync') AS fsync,
       current_setting('server_encoding') AS encoding, current_schema() AS schema`,
  )) as [[{ version: number; fsync: string; encoding: string; schema: string | null }]];
  const unusable = (fault: string) => new DeskError("data_unusable", fault);
  if (facts.version < versionMin) throw unusable("the database is older than Postgres 13");
  if (facts.encoding !== "UTF8")
    throw unusable(`the database holds ${facts.encoding}, and needs to hold UTF8`);
  if (facts.schema === null) throw unusable("the search_path names no schema that exists");
  return { fsync: facts.fsync === "on" };
}

function closed(): DeskError {
  return new DeskError("ledger_failed", "the ledger is closed");
}
