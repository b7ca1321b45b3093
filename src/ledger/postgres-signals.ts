/**
 * Short words between the processes of one desk, over Postgres' LISTEN and NOTIFY. They only make things quicker: a word
 * that is said while a connection is down is lost, and nothing may depend on it.
 */
import { Socket } from "node:net";
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
/** How long an answer may take; then the way there is one that has been cut without a word. */
const answerMaxMs = 5_000;
/** How soon that is found out where nothing is said. */
const checkEveryMs = 10_000;

interface Connection {
  client: pg.Client;
  socket: Socket;
}

/** @param parts.hear called for each word; `undefined` after a time in which words may have been lost */
export async function createSignals(parts: {
  url: string;
  hear(word: string | undefined): void;
  clock: Clock;
  log: Log;
}): Promise<Signals> {
  const { url, clock, log } = parts;
  const closing = new AbortController();
  let open: Connection | undefined;
  let last: Promise<unknown> = Promise.resolve();

  async function connect(): Promise<void> {
    const socket = new Socket();
    const client = new pg.Client({
      connectionString: url,
      application_name: "deskhand signals",
      keepAlive: true,
      stream: () => socket,
    });
    const fresh = { client, socket };
    // Before it is connected, too: unheard, an error would end the process.
    client.on("error", () => lost(fresh));
    client.on("end", () => lost(fresh));
    client.on("notification", ({ payload }) => parts.hear(payload ?? ""));
    try {
      await answered(fresh, client.connect());
      await answered(fresh, client.query(`LISTEN ${await answered(fresh, channelOf(client))}`));
    } catch (error) {
      // A server that only follows another lets us in, and not listen.
      socket.destroy();
      throw error;
    }
    if (closing.signal.aborted) socket.destroy();
    else open = fresh;
  }

  /** What has no answer in time ends the connection. */
  function answered<T>({ socket }: Connection, asked: Promise<T>): Promise<T> {
    const patience = clock.after(answerMaxMs, () => socket.destroy());
    return asked.finally(patience);
  }

  function ask(sql: string, ...values: string[]): void {
    if (open)
      last = answered(open, open.client.query(sql, values)).catch((error: unknown) =>
        log.debug("signal.lost", { error }),
      );
  }

  function lost(which: Connection): void {
    if (open !== which) return;
    open = undefined;
    if (!closing.signal.aborted) void reconnect();
  }

  async function reconnect(): Promise<void> {
    log.warn("signals.lost");
    while (!closing.signal.aborted) {
      await clock.sleep(pauseMs, closing.signal).catch(() => {});
      if (closing.signal.aborted) return;
      try {
        await connect();
        if (closing.signal.aborted) return;
        log.info("signals.found");
        parts.hear(undefined);
        return;
      } catch (error) {
        log.debug("signals.unreachable", { error });
      }
    }
  }

  await connect();
  const stopChecking = clock.every(checkEveryMs, () => ask("SELECT 1"));
  return {
    tell: (word) => ask("SELECT pg_notify('deskhand_' || current_schema(), $1)", word),
    async close() {
      closing.abort();
      stopChecking();
      await last;
      const now = open;
      open = undefined;
      if (now) await answered(now, now.client.end()).catch(() => {});
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
