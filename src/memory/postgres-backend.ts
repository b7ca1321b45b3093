/**
 * The memory in Postgres. The pool of @keyv/postgres tells nobody of a connection that breaks while it is idle, as all do
 * when the server is stopped; unheard, that would end the process. The connections given to it keep it to themselves:
 * the pool has thrown the broken one away by then, and the next operation opens another.
 */
import { KeyvPostgres } from "@keyv/postgres";
import pg from "pg";
import type { Backend } from "./backend.ts";

export function postgresBackend(uri: string): () => Promise<Backend> {
  return async () => {
    const options = { uri, application_name: "deskhand memory", Client: QuietClient };
    const store = new KeyvPostgres(options);
    // Its errors come with the operation that they belong to.
    store.on("error", () => {});
    return { store, close: () => store.disconnect() };
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
