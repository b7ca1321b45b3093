/**
 * Runs in the desk's process: as long as a certain file is there, the database driver refuses writes as it does when the
 * storage is read-only. The errors are the driver's own: they come from a file that has been opened for reading only.
 */
import { readFileSync } from "node:fs";
import { DatabaseSync, type DatabaseSyncInstance } from "@photostructure/sqlite";

/** What the file's content takes for a write. */
const refused: Readonly<Record<string, RegExp>> = {
  begin: /^\s*BEGIN\s+IMMEDIATE\b|\b(INSERT|UPDATE|DELETE|REPLACE|CREATE|DROP|ALTER|VACUUM)\b/i,
  write: /\b(INSERT|UPDATE|DELETE|REPLACE|CREATE|DROP|ALTER|VACUUM)\b/i,
  commit: /^\s*COMMIT\b/i,
};
const anyOf = new RegExp(
  Object.values(refused)
    .map((one) => one.source)
    .join("|"),
  "i",
);

type Statement = Record<"run" | "get" | "all", (...values: unknown[]) => unknown>;

/** Kept: a statement does not outlive its database, and does not keep it. */
let readOnly: DatabaseSyncInstance;

/** @param file while it is there, what it names is refused: `begin`, `write` or `commit` */
export function refuseWrites(file: string): void {
  const scratch = `${file}.sqlite`;
  const maker = new DatabaseSync(scratch);
  maker.exec("PRAGMA busy_timeout = 5000; CREATE TABLE IF NOT EXISTS scratch (value)");
  maker.close();
  readOnly = new DatabaseSync(scratch, { readOnly: true });
  const refusal = readOnly.prepare("INSERT INTO scratch VALUES (1)");

  const driver = DatabaseSync as unknown as { prototype: { prepare(sql: string): Statement } };
  const { prototype } = driver;
  function prepare(this: typeof prototype, sql: string): Statement {
    const statement = prototype.prepare.call(this, sql);
    if (!anyOf.test(sql)) return statement;
    for (const name of ["run", "get", "all"] as const) {
      const original = statement[name].bind(statement);
      const call = (...values: unknown[]) => {
        if (refused[contentOf(file)]?.test(sql)) (refusal as unknown as Statement)[name]();
        return original(...values);
      };
      Object.defineProperty(statement, name, { value: call, configurable: true });
    }
    return statement;
  }
  // The driver's methods cannot be assigned to; what it makes has the prototype that its constructor has then.
  driver.prototype = Object.create(prototype, { prepare: { value: prepare } }) as typeof prototype;
}

/** Empty when there is no such file. */
function contentOf(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}
