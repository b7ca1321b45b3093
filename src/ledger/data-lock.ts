/**
 * One process to a data folder. The lock is one of the operating system's, on the file `lock.sqlite`, so it goes with
 * the process however that ends; `lock.pid` beside it only says who has it, for the error's text. Neither file is ever
 * opened by anything else: to close a file is to lose the locks that this process has on it.
 */

import { accessSync, constants, existsSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "@photostructure/sqlite";
import { DeskError, faultOf } from "../errors.ts";

type Lock = InstanceType<typeof DatabaseSync>;

/** A connection that nobody refers to is closed by the garbage collector, and its lock goes with it. */
const heldLocks = new Set<Lock>();

/**
 * @param dir must exist
 * @returns lets the folder go
 * @throws DeskError data_in_use naming the process that has it; data_unusable when the folder is missing, cannot be
 *   written, or its lock is no lock
 */
export function lockData(dir: string): () => void {
  const lockFile = join(dir, "lock.sqlite");
  const pidFile = join(dir, "lock.pid");
  proveWritable(dir, lockFile);
  const lock = held(dir, lockFile, pidFile);
  try {
    writeFileSync(pidFile, `${process.pid}\n`, { mode: 0o600 });
  } catch (cause) {
    lock.close();
    throw unusable(dir, cause);
  }
  heldLocks.add(lock);
  return () => {
    if (!heldLocks.delete(lock)) return;
    rmSync(pidFile, { force: true });
    lock.close();
  };
}

/** SQLite takes no lock on a file that it may only read, and does not say so. */
function proveWritable(dir: string, lockFile: string): void {
  try {
    if (!statSync(dir).isDirectory()) throw new Error("not a folder");
    accessSync(dir, constants.R_OK | constants.W_OK | constants.X_OK);
    if (existsSync(lockFile)) accessSync(lockFile, constants.R_OK | constants.W_OK);
  } catch (cause) {
    throw unusable(dir, cause);
  }
}

function held(dir: string, lockFile: string, pidFile: string): Lock {
  let lock: Lock | undefined;
  try {
    lock = new DatabaseSync(lockFile);
    lock.exec("BEGIN EXCLUSIVE");
    return lock;
  } catch (cause) {
    lock?.close();
    const sqliteBusy = 5;
    const code = (cause as { errcode?: number }).errcode ?? 0;
    if ((code & 0xff) !== sqliteBusy) throw unusable(lockFile, cause);
    throw new DeskError("data_in_use", `${holderOf(pidFile)} uses ${dir}`, { cause });
  }
}

function holderOf(pidFile: string): string {
  try {
    const pid = readFileSync(pidFile, "utf8").trim();
    return /^\d+$/.test(pid) ? `process ${pid}` : "another process";
  } catch {
    return "another process";
  }
}

function unusable(path: string, cause: unknown): DeskError {
  return new DeskError("data_unusable", `${path}: ${faultOf(cause)}`, { cause });
}
