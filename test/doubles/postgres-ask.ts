/** Asks a Postgres beside the desk: what stands in its tables, whoever has written it. */
import pg from "pg";

export async function askPostgres(
  uri: string,
  sql: string,
  ...values: unknown[]
): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: uri });
  await client.connect();
  try {
    return (await client.query(sql, values)).rows as Record<string, unknown>[];
  } finally {
    await client.end();
  }
}
