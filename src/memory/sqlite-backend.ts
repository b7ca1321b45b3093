/**
 * The memory in one SQLite file. A broken one is set aside: what it held can be made again. Found broken at the start,
 * it is begun anew; found broken later, the memory is in this process only until the next start, because the driver
 * may keep the old file open, and would in the end take the new one's log for the old one's.
 */
import { existsSync, renameSync, rmSync } from "node:fs";
import { KeyvSqlite } from "@keyv/sqlite";
import { DeskError, faultOf } from "../errors.ts";
import type { Log } from "../log.ts";
import type { Backend } from "./backend.ts";

/** So many rows are looked at in one go; their values are read, and some are large. */
const sweepRows = 200;
const brokenMax = 3;

/** What opens it. @throws DeskError data_unusable, from what is returned */
export function sqliteBackend(path: string, log: Log): () => Promise<Backend> {
  let place = path;

  async function discard(store: KeyvSqlite): Promise<void> {
    place = ":memory:";
    await store.close();
    if (path !== place) setAside(path, log);
  }

  return async () => {
    try {
      const store = await open(place).catch((error: unknown) => {
        if (!isBroken(error)) throw error;
        setAside(place, log);
        return open(place);
      });
      return {
        store,
        isBroken,
        discard: () => discard(store),
        sweep: sweeping(store),
        scrub: (bytesMax) => scrub(store, bytesMax),
        close: () => store.close(),
      };
    } catch (cause) {
      throw new DeskError("data_unusable", `${place}: ${faultOf(cause)}`, { cause });
    }
  };
}

async function open(place: string): Promise<KeyvSqlite> {
  const store = new KeyvSqlite({ uri: `sqlite://${place}` });
  // Its errors come with the operation that they belong to; unheard, they would end the process.
  store.on("error", () => {});
  await store.query("SELECT 1");
  return store;
}

/** Keyv deletes what is over when it is asked for, and most of it never is again: a few rows at a time, round and round. */
function sweeping(store: KeyvSqlite): (now: number) => Promise<void> {
  let swept = 0;
  return async (now) => {
    const [row] = await store.query(
      "SELECT MAX(rowid) AS last FROM (SELECT rowid FROM keyv WHERE rowid > ? ORDER BY rowid LIMIT ?)",
      swept,
      sweepRows,
    );
    const last: number | null = row.last;
    if (last !== null) {
      await store.query(
        `DELETE FROM keyv WHERE rowid > ? AND rowid <= ?
           AND CASE WHEN json_valid(value) THEN json_extract(value, '$.expires') < ? ELSE TRUE END`,
        swept,
        last,
        now,
      );
    }
    swept = last ?? 0;
  };
}

/** As of the ledger: pieces of rows are left where SQLite has moved them. @throws while another process reads */
async function scrub(store: KeyvSqlite, bytesMax: number): Promise<boolean> {
  const [{ page_count: pages }] = await store.query("PRAGMA page_count");
  const [{ page_size: size }] = await store.query("PRAGMA page_size");
  const all = pages * size <= bytesMax;
  if (all) await store.query("VACUUM");
  const [row] = await store.query("PRAGMA wal_checkpoint(TRUNCATE)");
  if (row.busy !== 0) throw new Error("the memory's log is in use");
  return all;
}

/** By the names that the sqlite3 package gives SQLite's errors. */
function isBroken(error: unknown): boolean {
  const code = (error as { code?: unknown }).code;
  return code === "SQLITE_CORRUPT" || code === "SQLITE_NOTADB";
}

/** Moves the file and its log out of the way, for whoever wants to look into it; the last few are kept. */
function setAside(path: string, log: Log): void {
  let number = 1;
  while (number < brokenMax && existsSync(`${path}.broken-${number}`)) number++;
  const aside = `${path}.broken-${number}`;
  for (const suffix of ["", "-wal", "-shm"]) {
    rmSync(aside + suffix, { recursive: true, force: true });
    if (existsSync(path + suffix)) renameSync(path + suffix, aside + suffix);
  }
  log.warn("memory.set_aside", { file: path, to: aside });
}
