/** The rows of `marks`: small texts that adapters, and some others beside them, each keep under names of their own. */
import type { Reader, Transaction } from "../ledger.ts";

export async function readMarks(tx: Reader, platform: string): Promise<[name: string, value: string][]> {
  const rows = await tx.all<{ name: string; value: string }>(
    "SELECT name, value FROM marks WHERE platform = ?",
    platform,
  );
  return rows.map((row) => [row.name, row.value]);
}

export async function readMark(tx: Reader, platform: string, name: string): Promise<string | undefined> {
  const row = await tx.get<{ value: string }>(
    "SELECT value FROM marks WHERE platform = ? AND name = ?",
    platform,
    name,
  );
  return row?.value;
}

/** Of two whole numbers the longer one, else the one that comes later. */
const higher = `LENGTH(excluded.value) > LENGTH(marks.value)
  OR (LENGTH(excluded.value) = LENGTH(marks.value) AND excluded.value > marks.value)`;

/**
 * @param changes undefined forgets a name
 * @param rises whether a name holds a whole number that never falls: a smaller one than is kept is let be
 */
export async function writeMarks(
  tx: Transaction,
  platform: string,
  changes: Iterable<readonly [string, string | undefined]>,
  rises: (name: string) => boolean = () => false,
): Promise<void> {
  for (const [name, value] of changes) {
    if (value === undefined)
      await tx.run("DELETE FROM marks WHERE platform = ? AND name = ?", platform, name);
    else
      await tx.run(
        `INSERT INTO marks (platform, name, value) VALUES (?, ?, ?)
         ON CONFLICT (platform, name) DO UPDATE SET value = excluded.value${rises(name) ? ` WHERE ${higher}` : ""}`,
        platform,
        name,
        value,
      );
  }
}
