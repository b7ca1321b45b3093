/**
 * The store's own database: customers, plans, orders. A stand-in for your shop's real systems; the tools are the only
 * ones who use it. It is created and filled in the desk's data folder when it is first needed.
 */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync, type DatabaseSyncInstance } from "@photostructure/sqlite";
import { fill } from "./first-data.ts";

const tables = `
  CREATE TABLE plans (id TEXT PRIMARY KEY, price_per_month_minor INTEGER NOT NULL, position INTEGER NOT NULL);
  CREATE TABLE customers (
    id TEXT PRIMARY KEY,
    email TEXT NOT NULL UNIQUE,
    plan TEXT NOT NULL REFERENCES plans,
    since TEXT NOT NULL,
    lifetime_value_minor INTEGER NOT NULL
  );
  -- An order without a customer was placed as a guest; its number is all that a guest has.
  CREATE TABLE orders (
    id TEXT PRIMARY KEY,
    customer_id TEXT REFERENCES customers,
    status TEXT NOT NULL,
    placed_at INTEGER NOT NULL,
    eta TEXT,
    tracking_number TEXT,
    tracking_url TEXT
  );
  CREATE TABLE order_items (
    order_id TEXT NOT NULL REFERENCES orders,
    position INTEGER NOT NULL,
    product TEXT NOT NULL,
    quantity INTEGER NOT NULL,
    price_minor INTEGER NOT NULL,
    PRIMARY KEY (order_id, position)
  );
  CREATE TABLE refunds (
    id INTEGER PRIMARY KEY,
    order_id TEXT NOT NULL REFERENCES orders,
    amount_minor INTEGER NOT NULL CHECK (amount_minor > 0),
    reason TEXT NOT NULL,
    created_at INTEGER NOT NULL
  );
  CREATE TABLE bug_reports (
    id INTEGER PRIMARY KEY,
    customer_id TEXT REFERENCES customers,
    report TEXT NOT NULL,
    created_at INTEGER NOT NULL
  );
  -- What has been done under which key: the same key never does anything twice.
  CREATE TABLE done (idempotency_key TEXT PRIMARY KEY, result TEXT NOT NULL, done_at INTEGER NOT NULL);
`;

type Value = string | number | null;

export interface Store {
  all<Row>(sql: string, ...values: Value[]): Row[];
  get<Row>(sql: string, ...values: Value[]): Row | undefined;
  run(sql: string, ...values: Value[]): void;
  /** Several statements, without values. */
  script(sql: string): void;
  /** All or nothing: when the process dies inside, nothing was done. */
  together<T>(work: () => T): T;
}

const opened = new Map<string, Store>();

/** The store in the data folder (DESKHAND_DATA). */
export function openStore(): Store {
  const folder = process.env.DESKHAND_DATA ?? ".deskhand";
  const path = join(folder, "store.sqlite");
  let store = opened.get(path);
  if (!store) {
    mkdirSync(folder, { recursive: true });
    store = wrap(new DatabaseSync(path, { timeout: 250 }));
    create(store);
    opened.set(path, store);
  }
  return store;
}

function create(store: Store): void {
  store.run("PRAGMA journal_mode = WAL");
  store.run("PRAGMA synchronous = FULL");
  store.together(() => {
    if (store.get<{ user_version: number }>("PRAGMA user_version")?.user_version !== 0) return;
    store.script(tables);
    fill(store, Date.now());
    store.run("PRAGMA user_version = 1");
  });
}

function wrap(database: DatabaseSyncInstance): Store {
  const run = (sql: string, ...values: Value[]) => void database.prepare(sql).run(...values);
  return {
    all: <Row>(sql: string, ...values: Value[]) => database.prepare(sql).all(...values) as Row[],
    get: <Row>(sql: string, ...values: Value[]) => database.prepare(sql).get(...values) as Row | undefined,
    run,
    script: (sql) => database.exec(sql),
    together(work) {
      run("BEGIN IMMEDIATE");
      try {
        const result = work();
        run("COMMIT");
        return result;
      } catch (error) {
        if (database.isTransaction) run("ROLLBACK");
        throw error;
      }
    },
  };
}
