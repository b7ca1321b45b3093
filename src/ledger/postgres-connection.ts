/**
 * One connection to a Postgres server: statements are translated and stay prepared, answers are plain numbers and
 * texts, and the driver's errors become ours. A server that does not answer is one that has been lost: whoever waits
 * is told so in time.
 */
import { Socket } from "node:net";
import pg from "pg";
import type { Clock } from "../clock.ts";
import { DeskError, type ErrorCode, faultOf } from "../errors.ts";
import type { SqlValue } from "../ledger.ts";
import { brief, checkValues, examine, numbered, storable } from "./statement.ts";

export interface Answer<R> {
  rows: R[];
  /** The number of rows changed. */
  changed: number;
}

export interface Connection {
  /** One statement of somebody's work. */
  statement<R>(sql: string, values: readonly SqlValue[]): Promise<Answer<R>>;
  /** For what works may not say, in one message to the server. @returns the rows of each command */
  command(sql: string): Promise<Record<string, SqlValue>[][]>;
  /** True once it has been lost; what was under way then may have happened or not. */
  lost(): boolean;
  /** At once, with whatever is under way. */
  destroy(): void;
  /** When nothing is under way; the server has let go of everything when it resolves. */
  close(): Promise<void>;
}

export interface ConnectionOptions {
  url: string;
  clock: Clock;
  /** How long an answer may take; after that the connection is lost. */
  answerMaxMs: number;
  readOnly?: boolean;
}

/** Texts are written by us, so there are few; one that is put together from lists could make many. */
const statementsMax = 500;
/** A process that is frozen in the middle of a write holds everybody up for this long, and no longer. */
const frozenMaxMs = 5_000;
/** How long to stand in one line for a lock; then the connection is looked at anew. */
const lockMaxMs = 2_000;
const closeMaxMs = 1_000;
/** Firewalls forget connections on which nothing is said. */
const keepAliveMs = 30_000;

/** @throws DeskError ledger_busy when nobody answers; data_unusable when the server refuses us */
export async function openConnection(options: ConnectionOptions): Promise<Connection> {
  const { clock, answerMaxMs } = options;
  const socket = new Socket();
  const client = new pg.Client({
    ...placeOf(options),
    application_name: "deskhand",
    keepAlive: true,
    // What is asked is sent at once, behind what has not been answered yet.
    pipeline: true,
    keepAliveInitialDelayMillis: keepAliveMs,
    connectionTimeoutMillis: answerMaxMs,
    stream: () => socket,
    types: { getTypeParser: parserOf },
  });
  let lost = false;
  const lose = () => {
    lost = true;
  };
  client.on("error", lose);
  client.on("end", lose);
  try {
    await client.connect();
  } catch (cause) {
    socket.destroy();
    throw refusal(cause);
  }

  async function asked<T>(sql: string, ask: () => Promise<T>): Promise<T> {
    const patience = isLong.test(sql) ? undefined : clock.after(answerMaxMs, destroy);
    try {
      return await ask();
    } catch (cause) {
      if (!(cause instanceof pg.DatabaseError) || endsConnection(cause.code)) destroy();
      throw ledgerError(cause, sql);
    } finally {
      patience?.();
    }
  }

  function destroy(): void {
    lost = true;
    socket.destroy();
  }

  const names = new Map<string, Prepared>();
  function prepared(sql: string): Prepared {
    const known = names.get(sql);
    if (known) return known;
    const fresh = translate(sql);
    if (names.size >= statementsMax) return fresh;
    const named = { ...fresh, name: `s${names.size + 1}` };
    names.set(sql, named);
    return named;
  }

  return {
    async statement<R>(sql: string, values: readonly SqlValue[]) {
      const { name, text, parameters } = prepared(sql);
      checkValues(sql, values, parameters);
      const query = { text, values: values.map(storable), ...(name ? { name } : {}) };
      const result = await asked(sql, () => client.query(query));
      return { rows: result.rows as R[], changed: result.rowCount ?? 0 };
    },
    async command(sql) {
      const results: unknown = await asked(sql, () => client.query(sql));
      const all = (Array.isArray(results) ? results : [results]) as pg.QueryResult<
        Record<string, SqlValue>
      >[];
      return all.map((result) => result.rows);
    },
    lost: () => lost,
    destroy,
    async close() {
      const patience = clock.after(closeMaxMs, destroy);
      if (!lost) await client.end().catch(() => {});
      patience();
      destroy();
    },
  };
}

/** The key of an advisory lock: one desk to a schema. */
export function keyOf(purpose: "write" | "run"): string {
  return `hashtextextended('deskhand ${purpose}:' || COALESCE(current_schema(), ''), 0)`;
}

interface Prepared {
  name?: string;
  text: string;
  parameters: number;
}

const isDefinition = /^\s*(CREATE|ALTER|DROP)\b/i;
/** These take as long as there are rows. */
const isLong = /^\s*(?:CREATE|ALTER|DROP|VACUUM)\b|^\s*DELETE\s+FROM\s+\w+\s*$/i;

/**
 * The one difference between the databases that statements have: texts are compared byte by byte, as SQLite and
 * JavaScript do it, and not in the order of somebody's language. Types are written in capitals.
 */
function translate(sql: string): Prepared {
  const parameters = examine(sql);
  const text = numbered(sql);
  return { text: isDefinition.test(sql) ? text.replace(/\bTEXT\b/g, 'TEXT COLLATE "C"') : text, parameters };
}

/** Where the server is, and what a session with it is to be like, whatever its owner has set. */
function placeOf({ url, readOnly }: ConnectionOptions): { connectionString: string; options: string } {
  const address = new URL(url);
  const given = address.searchParams.get("options") ?? "";
  address.searchParams.delete("options");
  const ours = [
    "synchronous_commit=on",
    `idle_in_transaction_session_timeout=${frozenMaxMs}`,
    `lock_timeout=${lockMaxMs}`,
    "client_min_messages=warning",
    `default_transaction_read_only=${readOnly ? "on" : "off"}`,
    "default_transaction_isolation=read\\ committed",
  ];
  return {
    connectionString: address.href,
    options: [given, ...ours.map((setting) => `-c ${setting}`)].join(" ").trim(),
  };
}

const types = { boolean: 16, bigint: 20, smallint: 21, integer: 23, numeric: 1700 };

/** Numbers are numbers, sums and counts too; booleans are 0 and 1; the rest is text. */
function parserOf(type: number): (text: string | Buffer) => string | number {
  switch (type) {
    case types.boolean:
      return (text) => (String(text) === "t" ? 1 : 0);
    case types.bigint:
    case types.smallint:
    case types.integer:
    case types.numeric:
      return (text) => Number(text);
  }
  return (text) => String(text);
}

/** The server's codes are those of appendix A of its manual. */
function ledgerError(cause: unknown, sql: string): DeskError {
  if (cause instanceof DeskError) return cause;
  return new DeskError(codeFor(cause), `${faultOf(cause)} in: ${brief(sql)}`, { cause });
}

function codeFor(cause: unknown): ErrorCode {
  if (!(cause instanceof pg.DatabaseError)) return "ledger_busy";
  const { code } = cause;
  if (endsConnection(code)) return "ledger_busy";
  switch (code) {
    case "40001": // serialization_failure
    case "40P01": // deadlock_detected
    case "55P03": // lock_not_available
    case "57014": // query_canceled
    case "53200": // out_of_memory
    case "53300": // too_many_connections
      return "ledger_busy";
    case "53100": // disk_full
    case "25006": // read_only_sql_transaction
    case "58030": // io_error
      return "ledger_full";
  }
  return "ledger_failed";
}

/**
 * Shut down, crashed, starting, idle for too long; or a plan from before somebody changed the tables
 * (feature_not_supported: "cached plan must not change result type"), which a new connection makes anew.
 */
function endsConnection(code: string | undefined): boolean {
  return code !== undefined && /^(08|57P|25P03|0A000)/.test(code);
}

/** Whom a server does not let in, nobody can help by waiting. */
function refusal(cause: unknown): DeskError {
  const code = cause instanceof pg.DatabaseError ? (cause.code ?? "") : "";
  const refused = /^(28|3D|42|22023)/.test(code);
  const fault = `the database does not let us in: ${faultOf(cause)}`;
  return refused
    ? new DeskError("data_unusable", fault, { cause })
    : new DeskError("ledger_busy", `the database does not answer: ${faultOf(cause) || "no connection"}`, {
        cause,
      });
}
