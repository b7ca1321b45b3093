/** The rows of `marks`: small texts that an adapter keeps under names of its own. */
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

/** @param changes undefined forgets a name */
export async function writeMarks(
  tx: Transaction,
  platform: string,
  changes: Iterable<readonly [string, string | undefined]>,
): Promise<void> {
  for (const [name, value] of changes) {
    if (value === undefined)
      await tx.run("DELETE FROM marks WHERE platform = ? AND name = ?", platform, name);
    else
      await tx.run(
        `INSERT INTO marks (platform, name, value) VALUES (?, ?, ?)
         ON CONFLICT (platform, name) DO UPDATE SET value = excluded.value`,
        platform,
        name,
        value,
      );
  }
}
