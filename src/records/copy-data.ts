/**
 * A copy of a data folder, made beside the desk that writes it. First the ledger, as it is at one moment; then the files
 * that customers have sent, each of which was there before its message was. The ledger gets its name last: a copy that
 * broke off is none.
 */
import {
  chmodSync,
  closeSync,
  copyFileSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  statSync,
} from "node:fs";
import { join } from "node:path";
import type { Clock } from "../clock.ts";
import { DeskError, faultOf } from "../errors.ts";
import { leaveRoom } from "../ledger/leave-room.ts";
import { readSqliteLedger, type SqliteReading } from "../ledger/read-sqlite.ts";
import { openConnection } from "../ledger/sqlite-connection.ts";

/**
 * @param parts.databaseUrl where the ledger is, unless it is in the folder; the copy is a file in any case
 * @param parts.to absolute; an empty folder outside of the data
 * @throws DeskError command_failed when the folder is not empty or cannot be written; data_unusable | ledger_busy |
 *   ledger_full
 */
export async function copyData(parts: {
  data: string;
  databaseUrl?: string | undefined;
  to: string;
  clock: Clock;
}): Promise<{ ledgerBytes: number; files: number }> {
  const { data, databaseUrl, to, clock } = parts;
  if (readdirSync(to).length > 0) throw refused(`${to} is not empty; nothing was copied`);
  const ledger =
    databaseUrl === undefined
      ? await readSqliteLedger({ path: join(data, "ledger.sqlite"), clock })
      : await readDatabase(databaseUrl, clock);
  const part = join(to, "ledger.sqlite.part");
  try {
    // Made first, because SQLite would let everybody read it.
    closeSync(openSync(part, "wx", 0o600));
    await ledger.copyTo(part);
    makeRoom(part);
    keep(part);
    const files = copyFiles(join(data, "files"), join(to, "files"));
    renameSync(part, join(to, "ledger.sqlite"));
    keep(to);
    return { ledgerBytes: statSync(join(to, "ledger.sqlite")).size, files };
  } catch (cause) {
    throw cause instanceof DeskError ? cause : refused(faultOf(cause), cause);
  } finally {
    ledger.close();
  }
}

/** The driver is loaded only where there is a database. */
async function readDatabase(url: string, clock: Clock): Promise<SqliteReading> {
  const { readPostgresLedger } = await import("../ledger/read-postgres.ts");
  return readPostgresLedger({ url, clock });
}

/** The desk goes on; a desk on the copy gives none of the numbers that it gives meanwhile. */
function makeRoom(part: string): void {
  const copy = openConnection(part);
  try {
    for (const statement of leaveRoom) copy.run(statement, []);
  } finally {
    copy.close();
  }
}

/** Not those that are half written; what is erased meanwhile is not missed. */
function copyFiles(from: string, to: string): number {
  if (!existsSync(from)) return 0;
  mkdirSync(to, { mode: 0o700 });
  let count = 0;
  for (const name of readdirSync(from)) {
    if (!/^[0-9a-f]{64}$/.test(name)) continue;
    try {
      copyFileSync(join(from, name), join(to, name));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") continue;
      throw error;
    }
    chmodSync(join(to, name), 0o600);
    keep(join(to, name));
    count += 1;
  }
  keep(to);
  return count;
}

/** Whatever is said to be copied outlasts a power cut. */
function keep(path: string): void {
  const file = openSync(path, "r");
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

function refused(fault: string, cause?: unknown): DeskError {
  return new DeskError("command_failed", fault, { cause });
}
