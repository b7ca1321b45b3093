/** What the ledger says, read from its file or its server as anybody could. */
import { existsSync } from "node:fs";
import { DatabaseSync } from "@photostructure/sqlite";
import pg from "pg";
import type { AuditRow, Books } from "./record.ts";
import { righted } from "./wrong-clock.ts";

/** Runs one statement and gives its rows. */
export type Query = <Row>(sql: string) => Promise<Row[]>;

/** Where the ledger is. */
export type Place = { file: string } | { url: string };

/** @throws when there is no ledger */
async function read<T>(place: Place, reading: (query: Query) => Promise<T>): Promise<T> {
  if ("url" in place) {
    const client = new pg.Client({ connectionString: place.url, types: { getTypeParser: parserOf } });
    await client.connect();
    try {
      return await reading(async <Row>(sql: string) => (await client.query(sql)).rows as Row[]);
    } finally {
      await client.end();
    }
  }
  const database = new DatabaseSync(place.file, { readOnly: true, timeout: 5_000 });
  try {
    return await reading(async <Row>(sql: string) => database.prepare(sql).all() as Row[]);
  } finally {
    database.close();
  }
}

const numbers = new Set<number>([20, 21, 23, 1700]);
const parserOf = (type: number) => (text: string | Buffer) =>
  numbers.has(type) ? Number(text) : String(text);

/** What has not been dealt with, in words; undefined when there is no ledger yet. */
export async function leftIn(place: Place): Promise<string[] | undefined> {
  return "url" in place || existsSync(place.file) ? read(place, left) : undefined;
}

/** The messages that the ledger has: what was dealt with under a wrong clock is soon forgotten by the inbox. */
export const heardIn = (place: Place): Promise<Set<string>> =>
  read(place, async (query) => {
    const rows = await query<{ message: string }>(
      "SELECT message FROM inbox WHERE message IS NOT NULL UNION SELECT id AS message FROM messages",
    );
    return new Set(rows.map((row) => row.message));
  });

async function left(query: Query): Promise<string[]> {
  const rows = await query<{ what: string }>(
    `SELECT 'inbox ' || kind || ' ' || lane AS what FROM inbox WHERE state = 'waiting'
     UNION ALL SELECT 'outbox ' || state || ' ' || lane || ' ' || id FROM outbox WHERE state IN ('drafting', 'waiting', 'sending')
     UNION ALL SELECT 'intent ' || state || ' ' || id FROM intents WHERE state IN ('approved', 'running')`,
  );
  return rows.map((row) => row.what);
}

/** @param now of the run's own clock, to put right what a desk wrote whose clock was wrong by days */
export const readBooks = (place: Place, now = Date.now()): Promise<Books> =>
  read(place, (query) => booksIn(query, now));

async function booksIn(query: Query, now: number): Promise<Books> {
  const right = (at: number) => righted(at, now);
  return {
    audit: (
      await query<Omit<AuditRow, "detail"> & { detail: string }>(
        "SELECT id, at, actor, action, subject, thread, turn, detail FROM audit ORDER BY id",
      )
    )
      .map((row) => ({
        ...row,
        at: right(row.at),
        detail: JSON.parse(row.detail) as Record<string, unknown>,
      }))
      .sort((one, other) => one.at - other.at),
    tickets: await query(
      `SELECT number, thread, card, desk_thread AS "deskThread" FROM tickets ORDER BY number`,
    ),
    turns: await query(
      `SELECT asked.id AS message, reply.id AS reply FROM messages asked
       JOIN messages reply ON reply.turn = asked.turn AND reply.author = 'bot' WHERE asked.author = 'customer'`,
    ),
    journal: (
      await query<{ turn: string; thread: string; entries: string }>(
        "SELECT turn, thread, entries FROM journal",
      )
    ).map(({ turn, thread, entries }) => ({
      turn,
      thread,
      calls: (JSON.parse(entries) as { role: string }[]).filter((entry) => entry.role === "result").length,
    })),
    intents: await query("SELECT id, state, subject, amount_minor AS minor, thread FROM intents"),
    heard: (
      await query<{ message: string; at: number }>(
        "SELECT message, received_at AS at FROM inbox WHERE message IS NOT NULL",
      )
    ).map(({ message, at }) => ({ message, at: right(at) })),
    left: await left(query),
  };
}
