/**
 * The memory in Postgres, in the schema in which the connection makes its tables, as the ledger's are: @keyv/postgres itself
 * writes into `public`, where two desks of one database would read each other's, and some may not make a table.
 *
 * Its pool tells nobody of a connection that breaks while it is idle, as all do when the server is stopped; unheard, that
 * would end the process. The connections given to it keep it to themselves: the pool has thrown the broken one away by
 * then, and the next operation opens another.
 */
import { KeyvPostgres } from "@keyv/postgres";
import pg from "pg";
import type { Backend } from "./backend.ts";

/** So many rows are looked at in one go; their values are read, and some are large. */
const sweepRows = 200;

export function postgresBackend(uri: string): () => Promise<Backend> {
  return async () => {
    const options = { uri, application_name: "deskhand memory", Client: QuietClient };
    const store = new StoreBySearchPath(options);
    // Its errors come with the operation that they belong to.
    store.on("error", () => {});
    return { store, sweep: sweeping(store), close: () => store.disconnect() };
  };
}

class StoreBySearchPath extends KeyvPostgres {
  override async connect(): ReturnType<KeyvPostgres["connect"]> {
    const query = await super.connect();
    return (sql, values) => query(sql.replaceAll(" public.keyv", " keyv"), values);
  }
}

/** Postgres deletes nothing by itself, and most of what is over is never asked for again: a few rows at a time, round and round. */
function sweeping(store: KeyvPostgres): (now: number) => Promise<void> {
  let swept = "";
  return async (now) => {
    const [row] = await store.query(
      `WITH looked AS (
         SELECT key, value FROM keyv WHERE key > $1 AND key LIKE 'deskhand:%' ORDER BY key LIMIT ${sweepRows}
       ), gone AS (
         DELETE FROM keyv USING looked WHERE keyv.key = looked.key AND keyv.value = looked.value
           AND CAST(substring(looked.value from '"expires":([0-9]{1,18})}$') AS BIGINT) < $2
       )
       SELECT MAX(key) AS last FROM looked`,
      [swept, now],
    );
    swept = row.last ?? "";
  };
}

class QuietClient extends pg.Client {
  override emit(event: string, ...details: unknown[]): boolean {
    if (event !== "error") return super.emit(event as "end", ...(details as []));
    try {
      return super.emit("error", ...(details as [Error]));
    } catch {
      return true;
    }
  }
}
