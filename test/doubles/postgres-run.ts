/**
 * One Postgres for a whole run of tests, started when the first test asks for it: the one at TEST_DATABASE_URL, or one
 * of our own. Tests run in processes of their own, so they ask the first process over a socket.
 */
import { createServer, type Server } from "node:http";
import pg from "pg";
import { inject } from "vitest";
import type { TestProject } from "vitest/node";
import { type PostgresServer, startPostgres } from "./postgres-server.ts";

declare module "vitest" {
  export interface ProvidedContext {
    postgresRun: string;
  }
}

/** Here its processes die, and no machine does: what the system has been given to write is not lost. */
const settings = { fsync: "off", full_page_writes: "off" };

/** Vitest's global setup. @returns what ends it */
export default async function postgresForTheRun(project: TestProject): Promise<() => Promise<void>> {
  let starting: Promise<PostgresServer> | undefined;
  const given = process.env.TEST_DATABASE_URL;
  const answering: Server = createServer((_request, response) => {
    starting ??= given ? undefined : startPostgres(settings);
    const database = given
      ? Promise.resolve(given)
      : (starting as Promise<PostgresServer>).then((one) => one.database());
    database.then(
      (url) => response.end(JSON.stringify({ url })),
      (error: unknown) => response.end(JSON.stringify({ reason: String(error) })),
    );
  });
  await new Promise<void>((resolve) => answering.listen(0, "127.0.0.1", resolve));
  const address = answering.address();
  project.provide("postgresRun", `http://127.0.0.1:${typeof address === "object" ? address?.port : 0}/`);
  return async () => {
    answering.closeAllConnections();
    answering.close();
    await (await starting?.catch(() => undefined))?.remove();
  };
}

export interface PostgresForTests {
  /** Why there is none; undefined when there is one. */
  missing: string | undefined;
  /** The address of a new, empty place for a ledger. */
  place(): Promise<string>;
  /** Removes the places. */
  remove(): Promise<void>;
}

/** A server for a file of tests that does it harm; undefined, and loudly so, when none can run here. */
export async function ownPostgres(): Promise<PostgresServer | undefined> {
  try {
    return await startPostgres(settings);
  } catch (error) {
    sayMissing(String(error));
    return undefined;
  }
}

function sayMissing(reason: string): void {
  process.stderr.write(`\nNO POSTGRES: its tests are skipped. ${reason}\n\n`);
}

/** A database for a file of tests. What cannot run says so. */
export async function postgresForTests(): Promise<PostgresForTests> {
  const answer = await fetch(inject("postgresRun"));
  const { url, reason } = (await answer.json()) as { url?: string; reason?: string };
  if (url === undefined) {
    sayMissing(reason ?? "unknown");
    return {
      missing: reason ?? "unknown",
      place: () => Promise.reject(new Error(reason)),
      remove: async () => {},
    };
  }
  const places: string[] = [];
  const owner = new pg.Client({ connectionString: url });
  let connecting: Promise<unknown> | undefined;
  const query = async (sql: string) => {
    connecting ??= owner.connect();
    await connecting;
    await owner.query(sql);
  };
  return {
    missing: undefined,
    async place() {
      const name = `p${process.pid}_${places.length + 1}`;
      await query(`CREATE SCHEMA ${name}`);
      places.push(name);
      const address = new URL(url);
      address.searchParams.set("options", `-c search_path=${name}`);
      return address.href;
    },
    async remove() {
      for (const name of places.splice(0)) await query(`DROP SCHEMA ${name} CASCADE`);
      if (connecting) await owner.end();
    },
  };
}
