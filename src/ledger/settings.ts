/** The rows of `settings`: what operators have set while the desk runs, and what the ledger notes of itself. */
import type { Reader, Transaction } from "../ledger.ts";

/** Set in a ledger into which another one is being copied: it is not whole. */
export const unfinishedCopy = "unfinished_copy";

export async function readSetting(tx: Reader, name: string): Promise<string | undefined> {
  const row = await tx.get<{ value: string }>("SELECT value FROM settings WHERE name = ?", name);
  return row?.value;
}

export async function writeSetting(tx: Transaction, name: string, value: string, now: number): Promise<void> {
  await tx.run(
    `INSERT INTO settings (name, value, changed_at) VALUES (?, ?, ?)
     ON CONFLICT (name) DO UPDATE SET value = excluded.value, changed_at = excluded.changed_at`,
    name,
    value,
    now,
  );
}
