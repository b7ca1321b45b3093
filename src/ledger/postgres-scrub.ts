/** Makes what has been deleted from a ledger in Postgres go from its tables' files as well. */
import type { Connection } from "./postgres-connection.ts";

/**
 * Writes the tables anew, so that the old files go; larger ones are only cleared of dead rows. The server's log of
 * changes, its copies and its backups are not a client's to clear: there it stays as long as they are kept.
 * @returns whether all tables were written anew
 */
export async function scrubTables(connection: Connection, bytesMax: number): Promise<boolean> {
  const [rows = []] = await connection.command(
    `SELECT quote_ident(relname) AS name, pg_total_relation_size(oid) AS size FROM pg_class
     WHERE relkind = 'r' AND relnamespace = CAST(quote_ident(current_schema()) AS regnamespace) ORDER BY relname`,
  );
  const all = rows.reduce((sum, row) => sum + Number(row.size), 0) <= bytesMax;
  if (rows.length > 0) {
    await connection.command(`VACUUM ${all ? "(FULL) " : ""}${rows.map((row) => row.name).join(", ")}`);
  }
  return all;
}
