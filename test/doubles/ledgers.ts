/** The ledger under the desks of a file of tests: SQLite in the desk's folder, unless the file has chosen another. */
import { join } from "node:path";
import type { Clock } from "../../src/clock.ts";
import { createPostgresLedger } from "../../src/ledger/postgres-ledger.ts";
import { createSqliteLedger } from "../../src/ledger/sqlite-ledger.ts";
import type { Ledger } from "../../src/ledger.ts";
import type { Log } from "../../src/log.ts";
import type { PostgresForTests } from "./postgres-run.ts";

type Open = (data: string, parts: { clock: Clock; log: Log }) => Promise<Ledger>;

let placeOf: (data: string) => Promise<string | undefined> = async () => undefined;

/** The ledger of a data folder, without tables when it is new. */
export const openLedger: Open = async (data, parts) => {
  const url = await placeOf(data);
  if (url !== undefined) return createPostgresLedger({ url, ...parts });
  return createSqliteLedger({ path: join(data, "ledger.sqlite"), ...parts });
};

/** From now on each data folder has its place on this server. */
export function keepLedgersIn(postgres: PostgresForTests): void {
  const places = new Map<string, Promise<string>>();
  keepLedgersAt((data) => {
    const place = places.get(data) ?? postgres.place();
    places.set(data, place);
    return place;
  });
}

/** @param where the address for a data folder; undefined: its file */
export function keepLedgersAt(where: (data: string) => Promise<string | undefined>): void {
  placeOf = where;
}
