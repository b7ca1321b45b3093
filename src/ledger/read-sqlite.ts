/**
 * A ledger's file as a command reads it, whether or not a desk writes it at the same moment, and from a disk that can
 * only be read as well. Nothing is migrated: what an older version has left is read as it is.
 */
import { existsSync, statSync } from "node:fs";
import { pathToFileURL } from "node:url";
import type { Clock } from "../clock.ts";
import { codeOf } from "../errors.ts";
import type { Ledger } from "../ledger.ts";
import { type Connection, openConnection, patienceOf, usable } from "./sqlite-connection.ts";

export interface SqliteReading extends Pick<Ledger, "read"> {
  /**
   * Writes all of it, as it is at this moment, into a file; a desk that runs meanwhile is not held up.
   * @param file a path where an empty file is, or nothing
   * @throws DeskError ledger_full, also when the file cannot be written
   */
  copyTo(file: string): Promise<void>;
  close(): void;
}

const busyMs = 10_000;

/** @throws DeskError data_unusable when there is no such file, or it is no ledger; ledger_busy */
export async function readSqliteLedger(parts: { path: string; clock: Clock }): Promise<SqliteReading> {
  const { path } = parts;
  const { patiently } = patienceOf(parts.clock, busyMs);
  const connection = await patiently(() => usable(path, () => openToRead(path)));
  return {
    read: (work) =>
      patiently(() =>
        work({
          all: (sql, ...values) => connection.all(sql, values),
          get: (sql, ...values) => connection.get(sql, values),
        }),
      ),
    copyTo(file) {
      // A temporary file in a public folder would hold customers' texts.
      connection.command("PRAGMA temp_store = MEMORY");
      return patiently(() => void connection.run("VACUUM INTO ?", [file]));
    },
    close: connection.close,
  };
}

/** SQLite writes beside a file that it reads; where it may not, the file is only whole when its log is empty. */
function openToRead(path: string): Connection {
  try {
    return proved(openConnection(path, { readOnly: true }));
  } catch (error) {
    const log = `${path}-wal`;
    if (codeOf(error) !== "ledger_full" || !existsSync(path)) throw error;
    if (existsSync(log) && statSync(log).size > 0) throw error;
    return proved(openConnection(`${pathToFileURL(path).href}?immutable=1`, { readOnly: true }));
  }
}

/** A file is first looked at by the first statement. */
function proved(connection: Connection): Connection {
  try {
    connection.get("SELECT COUNT(*) AS count FROM sqlite_master", []);
    return connection;
  } catch (error) {
    connection.close();
    throw error;
  }
}
