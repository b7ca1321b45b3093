/** What the ledger says, read from its file as anybody could. */
import { existsSync } from "node:fs";
import { DatabaseSync } from "@photostructure/sqlite";
import type { AuditRow, Books } from "./record.ts";

/** Runs one statement and gives its rows. */
export type Query = <Row>(sql: string) => Row[];

/** @throws when the file is no ledger */
export function readSqlite<T>(path: string, read: (query: Query) => T): T {
  const database = new DatabaseSync(path, { readOnly: true, timeout: 5_000 });
  try {
    return read(<Row>(sql: string) => database.prepare(sql).all() as Row[]);
  } finally {
    database.close();
  }
}

/** What has not been dealt with, in words; undefined when there is no ledger yet. */
export function leftIn(path: string): string[] | undefined {
  return existsSync(path) ? readSqlite(path, left) : undefined;
}

function left(query: Query): string[] {
  const rows = query<{ what: string }>(
    `SELECT 'inbox ' || kind || ' ' || lane AS what FROM inbox WHERE state = 'waiting'
     UNION ALL SELECT 'outbox ' || state || ' ' || lane || ' ' || id FROM outbox WHERE state IN ('drafting', 'waiting', 'sending')
     UNION ALL SELECT 'intent ' || state || ' ' || id FROM intents WHERE state IN ('approved', 'running')`,
  );
  return rows.map((row) => row.what);
}

const dayMs = 86_400_000;

/** @param now of the run's own clock, to put right what a desk wrote whose clock was wrong by days */
export function readBooks(query: Query, now = Date.now()): Books {
  const right = (at: number) => at + Math.round((now - at) / dayMs) * dayMs;
  return {
    audit: query<Omit<AuditRow, "detail"> & { detail: string }>(
      "SELECT id, at, actor, action, subject, thread, turn, detail FROM audit ORDER BY id",
    )
      .map((row) => ({
        ...row,
        at: right(row.at),
        detail: JSON.parse(row.detail) as Record<string, unknown>,
      }))
      .sort((one, other) => one.at - other.at),
    tickets: query("SELECT number, thread, card, desk_thread AS deskThread FROM tickets ORDER BY number"),
    turns: query(
      `SELECT asked.id AS message, reply.id AS reply FROM messages asked
       JOIN messages reply ON reply.turn = asked.turn AND reply.author = 'bot' WHERE asked.author = 'customer'`,
    ),
    journal: query<{ turn: string; thread: string; entries: string }>(
      "SELECT turn, thread, entries FROM journal",
    ).map(({ turn, thread, entries }) => ({
      turn,
      thread,
      calls: (JSON.parse(entries) as { role: string }[]).filter((entry) => entry.role === "result").length,
    })),
    intents: query("SELECT id, state, subject, amount_minor AS minor, thread FROM intents"),
    heard: query<{ message: string; at: number }>(
      "SELECT message, received_at AS at FROM inbox WHERE message IS NOT NULL",
    ).map(({ message, at }) => ({ message, at: right(at) })),
    left: left(query),
  };
}
