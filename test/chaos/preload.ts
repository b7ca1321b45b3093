/**
 * Runs in the desk's process before it (`node --import`): the product has no hooks for this. It watches the database
 * driver and ends the process, as SIGKILL does, right before or after the n-th commit of a certain kind; and it shifts
 * the process's clock, lets an hour pass quickly, and has it tell the doubles its name.
 *
 *   CHAOS_POINT   `{ sql, value, when, count }`: see points.ts
 *   CHAOS_CLOCK   milliseconds by which the clock is wrong
 *   CHAOS_REFUSAL a file: see refused-writes.ts
 */
import { subscribe } from "node:diagnostics_channel";
import { writeSync } from "node:fs";
import http from "node:http";
import { DatabaseSync } from "@photostructure/sqlite";
import pg from "pg";
import { processHeader } from "./gates.ts";
import { refuseWrites } from "./refused-writes.ts";

interface Armed {
  name: string;
  sql: string;
  value?: string;
  when: "before" | "after";
  count: number;
}

interface Statement {
  run(...values: unknown[]): unknown;
  get(...values: unknown[]): unknown;
  all(...values: unknown[]): unknown;
}

const hourMs = 3_600_000;
const soonMs = 700;
const shift = Number(process.env.CHAOS_CLOCK ?? 0);
if (shift !== 0) {
  const now = Date.now;
  Date.now = () => now() + shift;
}
// What is done once an hour, such as to forget what is old, is done in the few seconds that a process lives.
const { setInterval } = globalThis;
globalThis.setInterval = ((call: () => void, ms: number) =>
  setInterval(call, ms >= hourMs ? soonMs : ms)) as typeof globalThis.setInterval;
// The doubles are to know who asks.
subscribe("undici:request:create", (message) => {
  const { request } = message as { request: { addHeader(name: string, value: string): void } };
  request.addHeader(processHeader, process.title);
});
const request = http.request as (...given: unknown[]) => http.ClientRequest;
http.request = ((...given: unknown[]) => {
  const named = request(...given);
  named.setHeader(processHeader, process.title);
  return named;
}) as typeof http.request;
if (process.env.CHAOS_REFUSAL && process.env.DATABASE_URL === undefined)
  refuseWrites(process.env.CHAOS_REFUSAL);
const armed = process.env.CHAOS_POINT;
if (armed) {
  const point = JSON.parse(armed) as Armed;
  if (process.env.DATABASE_URL === undefined) watchSqlite(point);
  else watchPostgres(point);
}

/** Commits go alone or at the end of a message with others; a connection has one transaction at a time. */
function watchPostgres(point: Armed): void {
  const { prototype } = pg.Client as unknown as { prototype: { query(...args: unknown[]): unknown } };
  const original = prototype.query;
  const touched = new WeakSet<object>();
  let left = point.count;
  prototype.query = function query(this: object, ...args: unknown[]): unknown {
    const [asked] = args;
    const { text = "", values = [] } =
      typeof asked === "string" ? { text: asked } : (asked as { text?: string; values?: unknown[] });
    if (text.includes(point.sql) && (point.value === undefined || values.includes(point.value)))
      touched.add(this);
    if (/^ROLLBACK/.test(text)) touched.delete(this);
    const due = /\bCOMMIT\s*;?\s*$/.test(text) && touched.delete(this) && --left <= 0;
    if (due && point.when === "before") die(point);
    const result = original.apply(this, args);
    if (due)
      (result as Promise<unknown>).then(
        () => die(point),
        () => {},
      );
    return result;
  };
}

function watchSqlite(point: Armed): void {
  const driver = DatabaseSync as unknown as { prototype: { prepare(sql: string): Statement } };
  const { prototype } = driver;
  let touched = false;
  let left = point.count;
  const due = () => {
    if (!touched) return false;
    left -= 1;
    return left <= 0;
  };
  function prepare(this: typeof prototype, sql: string): Statement {
    const statement = prototype.prepare.call(this, sql);
    const command = sql.trim().split(/\s/, 1)[0]?.toUpperCase();
    const kind = sql.includes(point.sql);
    if (command !== "COMMIT" && command !== "ROLLBACK" && !kind) return statement;
    for (const name of ["run", "get", "all"] as const) {
      const original = statement[name].bind(statement);
      const call = (...values: unknown[]) => {
        if (command === "COMMIT") {
          const now = due();
          touched = false;
          if (now && point.when === "before") die(point);
          const result = original(...values);
          if (now) die(point);
          return result;
        }
        const result = original(...values);
        if (command === "ROLLBACK") touched = false;
        else if (point.value === undefined || values.includes(point.value)) touched = true;
        return result;
      };
      Object.defineProperty(statement, name, { value: call });
    }
    return statement;
  }
  // The driver's methods cannot be assigned to; what it makes has the prototype that its constructor has then.
  driver.prototype = Object.create(prototype, { prepare: { value: prepare } }) as typeof prototype;
}

function die(point: Armed): never {
  writeSync(2, `${JSON.stringify({ event: "chaos.point", point: point.name, pid: process.pid })}\n`);
  process.kill(process.pid, "SIGKILL");
  for (;;); // the signal is on its way
}
