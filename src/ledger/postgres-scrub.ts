/** Makes what has been deleted from a ledger in Postgres go from its tables' files as well. */
import { leftBehind, tables } from "./copy-ledger.ts";
import type { Connection } from "./postgres-connection.ts";

/** A desk's, the memory's among them: others may stand beside them, and nobody can use a table that is written anew. */
const ours = [...tables.map(({ name }) => name), ...leftBehind, "migrations", "commits", "keyv"];

/**
 * Writes the tables anew, so that the old files go; larger ones are only cleared of dead rows. The server's log of
 * changes, its copies and its backups are not a client's to clear: there it stays as long as they are kept.
 * @returns whether all tables were written anew
 */
export async function scrubTables(connection: Connection, bytesMax: number): Promise<boolean> {
  const [rows = []] = await connection.command(
    `SELECT quote_ident(relname) AS name, pg_total_relation_size(oid) AS size FROM pg_class
     WHERE relkind = 'r' AND relnamespace = CAST(quote_ident(current_schema()) AS regnamespace)
       AND relname IN (${ours.map((name) => `'${name}'`).join(", ")}) ORDER BY relname`,
  );
  const all = rows.reduce((sum, row) => sum + Number(row.size), 0) <= bytesMax;
  if (rows.length > 0) {
    await connection.command(`VACUUM ${all ? "(FULL) " : ""}${rows.map((row) => row.name).join(", ")}`);
  }
  return all;
}
