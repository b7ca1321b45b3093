/** What goes wrong with the disk of a SQLite ledger: another process locks the file, there is no room, nothing can be written. */
import { spawnSync } from "node:child_process";
import { rmSync, writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { DatabaseSync } from "@photostructure/sqlite";
import type { Chance } from "./chance.ts";
import type { Outage } from "./record.ts";
import type { Faults } from "./weather.ts";

export interface StorageFaultsParts {
  ledgerFile: string;
  /** As long as this file is there, storage refuses what it says: see preload.ts. */
  refusalFile: string;
  /** Of the run: the longest lock is a tenth of it, and never more than a minute. */
  minutes: number;
  somePid(): number;
  chance: Chance;
  outages: Outage[];
  /** Waits for so long, and notes that the desk could not work. */
  during(what: string, ms: number): Promise<void>;
}

const lockMaxMs = 60_000;
/** What is refused: any write at its beginning, in the middle of a transaction, or at its end. */
const refusals = ["begin", "write", "commit"];

export function createStorageFaults(parts: StorageFaultsParts): Faults {
  const { chance, during, outages } = parts;
  const longestMs = Math.min(lockMaxMs, parts.minutes * 6_000);

  /** Nothing that comes meanwhile can have been written. */
  async function unwritable(ms: number): Promise<void> {
    const from = Date.now();
    await sleep(ms);
    outages.push({ from, to: Date.now(), what: "the ledger could not be written", unwritable: true });
  }

  async function locked(ms: number): Promise<void> {
    const database = new DatabaseSync(parts.ledgerFile, { timeout: 1_000 });
    try {
      database.exec("BEGIN IMMEDIATE");
      await unwritable(ms);
      database.exec("ROLLBACK");
    } catch (error) {
      if (!String(error).includes("locked")) throw error;
    } finally {
      database.close();
    }
  }

  const lock = (ms: number) => Promise.all([during("the ledger was locked", ms), locked(ms)]);
  return {
    "the ledger is locked": async () => {
      await lock(chance.between(200, 2_000));
    },
    "the ledger is locked for long": async () => {
      await lock(chance.happens(0.2) ? chance.between(2_000, Math.max(2_500, longestMs)) : 1_500);
    },
    "the disk is full": async () => {
      const pid = parts.somePid();
      if (!limitFiles(pid, "1")) return;
      await during("the disk was full", chance.between(300, 1_500));
      limitFiles(pid, "unlimited");
    },
    "the storage is read-only": async () => {
      const ms = chance.between(300, 3_000);
      writeFileSync(parts.refusalFile, chance.pick(refusals));
      try {
        await Promise.all([during("the ledger's storage refused every write", ms), unwritable(ms)]);
      } finally {
        rmSync(parts.refusalFile);
      }
    },
  };
}

/** No file of the process may grow beyond this, until it is told otherwise; false where that cannot be done. */
export function limitFiles(pid: number, bytes: string): boolean {
  return spawnSync("prlimit", ["--pid", String(pid), `--fsize=${bytes}:`]).status === 0;
}
