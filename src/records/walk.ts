/** Reading a whole table a little at a time, so that messages are answered meanwhile. */
import { setImmediate } from "node:timers/promises";
import type { Ledger, SqlValue } from "../ledger.ts";

/** Some milliseconds of the event loop, for rows of the usual size. */
const rowsAtOnce = 500;

/**
 * All rows in slices. What is written meanwhile may be missed or not.
 * @param sql gives `id`, and ends in `… id > ? ORDER BY id LIMIT ?`
 */
export async function* walk<R extends { id: string }>(
  ledger: Ledger,
  sql: string,
  ...values: SqlValue[]
): AsyncGenerator<R[]> {
  for (let after = ""; ; ) {
    const rows = await ledger.read((tx) => tx.all<R>(sql, ...values, after, rowsAtOnce));
    const last = rows.at(-1);
    if (!last) return;
    yield rows;
    after = last.id;
    await setImmediate();
  }
}
