/**
 * Short words between the processes of one desk, over Postgres' LISTEN and NOTIFY. They only make things quicker: a word
 * that is said while a connection is down is lost, and nothing may depend on it.
 */
import pg from "pg";
import type { Clock } from "../clock.ts";
import type { Log } from "../log.ts";

export interface Signals {
  /** Says it to all processes of the desk, this one included. Never throws. @param word at most 7,000 bytes */
  tell(word: string): void;
  /** Waits for what is being said, then disconnects. */
  close(): Promise<void>;
}

const pauseMs = 1_000;

/** @param parts.hear called for each word; `undefined` after a time in which words may have been lost */
export async function createSignals(parts: {
  url: string;
  hear(word: string | undefined): void;
  clock: Clock;
  log: Log;
}): Promise<Signals> {
  const { url, clock, log } = parts;
  const closing = new AbortController();
  let client: pg.Client | undefined;
  let last: Promise<unknown> = Promise.resolve();

  async function connect(): Promise<void> {
    const fresh = new pg.Client({
      connectionString: url,
      application_name: "deskhand signals",
      keepAlive: true,
    });
    // Before it is connected, too: unheard, an error would end the process.
    fresh.on("error", () => lost(fresh));
    fresh.on("end", () => lost(fresh));
    fresh.on("notification", ({ payload }) => parts.hear(payload ?? ""));
    await fresh.connect();
    await fresh.query(`LISTEN ${await channelOf(fresh)}`);
    client = fresh;
  }

  function lost(which: pg.Client): void {
    if (client !== which) return;
    client = undefined;
    if (!closing.signal.aborted) void reconnect();
  }

  async function reconnect(): Promise<void> {
    log.warn("signals.lost");
    while (!closing.signal.aborted) {
      await clock.sleep(pauseMs, closing.signal).catch(() => {});
      if (closing.signal.aborted) return;
      try {
        await connect();
        log.info("signals.found");
        parts.hear(undefined);
        return;
      } catch (error) {
        log.debug("signals.unreachable", { error });
      }
    }
  }

  await connect();
  return {
    tell(word) {
      const now = client;
      if (!now) return;
      last = now
        .query("SELECT pg_notify('deskhand_' || current_schema(), $1)", [word])
        .catch((error: unknown) => log.debug("signal.lost", { error }));
    },
    async close() {
      closing.abort();
      await last;
      const now = client;
      client = undefined;
      await now?.end().catch(() => {});
    },
  };
}

/** One to a desk: to a schema. */
async function channelOf(client: pg.Client): Promise<string> {
  const { rows } = await client.query<{ name: string }>(
    "SELECT quote_ident('deskhand_' || current_schema()) AS name",
  );
  return rows[0]?.name ?? "deskhand";
}
