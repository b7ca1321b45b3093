/**
 * Copies a ledger into another, empty one, on whatever databases they are. What is read in pieces has to be one state of
 * the source: the caller has it alone, or reads it in one transaction. Nobody else may write the target.
 *
 *   empty ──marked──▶ unfinished ──rows, batch by batch──▶ compared, table by table ──mark removed──▶ whole
 *                         ▲ died, or differs: no desk starts on it; the next copy empties it and begins anew
 *
 * Ids, places in threads and numbers are data, so they stay what they were.
 */
import { createHash, type Hash } from "node:crypto";
import type { Clock } from "../clock.ts";
import { DeskError } from "../errors.ts";
import type { Ledger, Reader, Row, SqlValue, Transaction } from "../ledger.ts";
import { readSetting, unfinishedCopy, writeSetting } from "./settings.ts";
import { storable } from "./statement.ts";

export interface Copied {
  table: string;
  rows: number;
}

/** Every table with its primary key; `migrations` says of each ledger itself how its tables were made. */
export const tables: readonly { name: string; key: readonly string[] }[] = [
  { name: "threads", key: ["id"] },
  { name: "inbox", key: ["id"] },
  { name: "inbox_keys", key: ["key"] },
  { name: "messages", key: ["id"] },
  { name: "journal", key: ["turn"] },
  { name: "outbox", key: ["id"] },
  { name: "tickets", key: ["number"] },
  { name: "audit", key: ["id"] },
  { name: "identities", key: ["user_id"] },
  { name: "settings", key: ["name"] },
  { name: "marks", key: ["platform", "name"] },
  { name: "intents", key: ["id"] },
];

/** Who works on what right now: nobody does while a desk moves. */
export const leftBehind: readonly string[] = ["claims"];

const rowsAtOnce = 200;
/** Parameters of one statement: SQLite takes 32,766. */
const rowsInStatement = 20;

/**
 * @param from with its tables up to date, as those of `to`
 * @param progress what has been copied so far, after each batch; and at the end of a table once more, with `done`
 * @throws DeskError command_failed when `to` is not empty, or in the end not the same
 */
export async function copyLedger(parts: {
  from: Pick<Ledger, "read">;
  to: Ledger;
  clock: Clock;
  progress(copied: Copied, done: boolean): void;
}): Promise<Copied[]> {
  const { from, to, clock, progress } = parts;
  if ((await from.read((tx) => readSetting(tx, unfinishedCopy))) !== undefined) {
    throw new DeskError("command_failed", "the ledger to copy is itself a copy that is not whole");
  }
  await to.write((tx) => prepare(tx, clock.now()));
  const sums: { copied: Copied; sum: string }[] = [];
  for (const table of tables) {
    const copied: Copied = { table: table.name, rows: 0 };
    const hash = createHash("sha256");
    for await (const rows of pages(from, table)) {
      await to.write((tx) => insert(tx, table.name, rows));
      copied.rows += rows.length;
      addTo(hash, rows);
      progress(copied, false);
    }
    progress(copied, true);
    sums.push({ copied, sum: hash.digest("hex") });
  }
  for (const [index, { copied, sum }] of sums.entries()) await compare(to, tables[index]!, copied, sum);
  await to.write((tx) => tx.run("DELETE FROM settings WHERE name = ?", unfinishedCopy));
  return sums.map(({ copied }) => copied);
}

/** Marks the target; what an unfinished copy has left in it goes. */
async function prepare(tx: Transaction, now: number): Promise<void> {
  const unfinished = (await readSetting(tx, unfinishedCopy)) !== undefined;
  for (const { name } of tables) {
    if (unfinished) await tx.run(`DELETE FROM ${name}`);
    else if (await tx.get(`SELECT 1 AS one FROM ${name} LIMIT 1`)) {
      throw new DeskError("command_failed", `there is a desk already: its table ${name} is not empty`);
    }
  }
  await writeSetting(tx, unfinishedCopy, "yes", now);
}

type Table = (typeof tables)[number];

/** All rows in the order of their keys, without the mark. */
async function* pages(ledger: Pick<Ledger, "read">, { name, key }: Table): AsyncGenerator<Row[]> {
  const columns = key.join(", ");
  const order = `ORDER BY ${columns} LIMIT ${rowsAtOnce}`;
  const later = `(${columns}) > (${key.map(() => "?").join(", ")})`;
  let last: SqlValue[] | undefined;
  for (;;) {
    const after = last;
    const read = (tx: Reader) =>
      after === undefined
        ? tx.all(`SELECT * FROM ${name} ${order}`)
        : tx.all(`SELECT * FROM ${name} WHERE ${later} ${order}`, ...after);
    const rows = await ledger.read(read);
    const theirs = rows.filter((row) => name !== "settings" || row.name !== unfinishedCopy);
    if (theirs.length > 0) yield theirs;
    const end = rows.at(-1);
    if (!end || rows.length < rowsAtOnce) return;
    last = key.map((column) => end[column] as SqlValue);
  }
}

async function insert(tx: Transaction, table: string, rows: readonly Row[]): Promise<void> {
  const columns = Object.keys(rows[0] ?? {});
  const one = `(${columns.map(() => "?").join(", ")})`;
  for (let start = 0; start < rows.length; start += rowsInStatement) {
    const some = rows.slice(start, start + rowsInStatement);
    await tx.run(
      `INSERT INTO ${table} (${columns.join(", ")}) VALUES ${some.map(() => one).join(", ")}`,
      ...some.flatMap((row) => columns.map((column) => row[column] as SqlValue)),
    );
  }
}

async function compare(to: Ledger, table: Table, copied: Copied, sum: string): Promise<void> {
  const hash = createHash("sha256");
  let rows = 0;
  for await (const page of pages(to, table)) {
    rows += page.length;
    addTo(hash, page);
  }
  if (rows !== copied.rows || hash.digest("hex") !== sum) {
    throw new DeskError(
      "command_failed",
      `the copy of ${table.name} is not the same: ${rows} rows of ${copied.rows}. Nothing was changed where it came from; do it again`,
    );
  }
}

/** Columns by name: databases may have them in another order. Texts as every database can hold them. */
function addTo(hash: Hash, rows: readonly Row[]): void {
  for (const row of rows) {
    const fields = Object.keys(row)
      .sort()
      .map((column) => [column, storable(row[column] as SqlValue)]);
    hash.update(`${JSON.stringify(fields)}\n`);
  }
}
