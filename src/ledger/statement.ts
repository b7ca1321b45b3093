/** What a statement must be on every database: one of them, with as many values as parameters, each a plain one. */
import { DeskError } from "../errors.ts";
import type { SqlValue } from "../ledger.ts";

const quotedOrComment = /'(?:[^']|'')*'|"(?:[^"]|"")*"|--[^\n]*|\/\*[\s\S]*?\*\//g;
const quotedCommentOrParameter = /'(?:[^']|'')*'|"(?:[^"]|"")*"|--[^\n]*|\/\*[\s\S]*?\*\/|\?/g;
const trigger = /^\s*CREATE\s+TRIGGER\b/i;
const transactionControl = /^\s*(BEGIN|COMMIT|END|ROLLBACK|SAVEPOINT|RELEASE)\b/i;

/**
 * The number of parameters. SQLite would leave a missing value NULL and drop a second statement without a word.
 * @throws DeskError ledger_failed for several statements, or one that begins or ends a transaction
 */
export function examine(sql: string): number {
  const bare = sql.replace(quotedOrComment, "");
  if (transactionControl.test(bare)) throw failed("a transaction's end is not its work's to say", sql);
  if (/;\s*\S/.test(bare) && !trigger.test(bare)) throw failed("more than one statement", sql);
  return bare.split("?").length - 1;
}

/** @throws DeskError ledger_failed when there are too few or too many, or one is no value */
export function checkValues(sql: string, values: readonly SqlValue[], parameters: number): void {
  if (values.length !== parameters) {
    throw failed(`${values.length} values for ${parameters} parameters`, sql);
  }
  for (const [index, value] of values.entries()) {
    if (typeof value !== "string" && value !== null && !Number.isFinite(value)) {
      throw failed(`value ${index + 1} is neither text, a finite number nor null but ${typeof value}`, sql);
    }
  }
}

/** The statement with its parameters as `$1`, `$2`, …; question marks in literals and comments stay. */
export function numbered(sql: string): string {
  let count = 0;
  return sql.replace(quotedCommentOrParameter, (part) => (part === "?" ? `$${++count}` : part));
}

/** As Postgres can hold it: it has no text with U+0000 in it, and nobody misses one. */
export function storable(value: SqlValue): SqlValue {
  return typeof value === "string" && value.includes("\0") ? value.replaceAll("\0", "\uFFFD") : value;
}

function failed(fault: string, sql: string): DeskError {
  return new DeskError("ledger_failed", `${fault} in: ${brief(sql)}`);
}

/** Statements hold no customer's text; values are never shown. */
export function brief(sql: string): string {
  const text = sql.replace(/\s+/g, " ").trim();
  return text.length > 200 ? `${text.slice(0, 200)}…` : text;
}
