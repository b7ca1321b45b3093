import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createClock } from "../../src/clock.ts";
import { codeOf, faultOf } from "../../src/errors.ts";
import { migrate } from "../../src/ledger/migrate.ts";
import { type Migration, migrations as released } from "../../src/ledger/migrations.ts";
import { createSqliteLedger, type SqliteLedger } from "../../src/ledger/sqlite-ledger.ts";
import { createLog } from "../../src/log.ts";
import { compileLedgerProcess, type Program } from "./other-process.ts";

const log = createLog("silent");
const clock = { ...createClock(), now: () => 1_790_000_000_000 };

const crates: Migration = {
  name: "crates",
  statements: ["CREATE TABLE crates (id TEXT PRIMARY KEY)", "INSERT INTO crates (id) VALUES ('first')"],
};
const weights: Migration = { name: "weights", statements: ["ALTER TABLE crates ADD COLUMN weight BIGINT"] };

let dir: string;
let path: string;
let ledger: SqliteLedger;

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), "deskhand-migrate-"));
  path = join(dir, "ledger.sqlite");
  ledger = await createSqliteLedger({ path, clock, log });
});
afterEach(async () => {
  await ledger.close();
  rmSync(dir, { recursive: true, force: true });
});

const run = (list: readonly Migration[]) => migrate(ledger, list, { clock, log });
const rows = (sql: string) => ledger.read((tx) => tx.all(sql));

async function failureOf(promise: Promise<unknown>): Promise<{ code: string | undefined; fault: string }> {
  const error = await promise.then(
    () => new Error("it did not fail"),
    (thrown: unknown) => thrown,
  );
  return { code: codeOf(error), fault: faultOf(error) };
}

describe("migrating a ledger", () => {
  it("runs what is missing, in order, and notes number, name and time", async () => {
    await run([crates]);
    await run([crates, weights]);
    expect(await rows("SELECT number, name, applied_at FROM migrations ORDER BY number")).toEqual([
      { number: 1, name: "crates", applied_at: 1_790_000_000_000 },
      { number: 2, name: "weights", applied_at: 1_790_000_000_000 },
    ]);
    expect(await rows("SELECT id, weight FROM crates")).toEqual([{ id: "first", weight: null }]);
  });

  it("run again, or twice at once, does everything once", async () => {
    await Promise.all([run([crates, weights]), run([crates, weights])]);
    await run([crates, weights]);
    expect(await rows("SELECT id FROM crates")).toEqual([{ id: "first" }]);
  });

  it("the released migrations run on an empty ledger", async () => {
    await run(released);
    expect(await rows("SELECT number FROM migrations")).toHaveLength(released.length);
  });

  it("one that fails leaves nothing of itself, is named, and runs once it has been put right", async () => {
    const broken = { name: "weights", statements: [...weights.statements, "INSERT INTO nowhere VALUES (1)"] };
    const { code, fault } = await failureOf(run([crates, broken]));
    expect(code).toBe("ledger_failed");
    expect(fault).toContain("migration 2 (weights)");
    expect(await rows("SELECT number FROM migrations")).toEqual([{ number: 1 }]);
    await run([crates, weights]);
    expect(await rows("SELECT weight FROM crates")).toEqual([{ weight: null }]);
  });

  it("a ledger of a newer version is refused, and nothing is changed", async () => {
    await run([crates, weights]);
    const { code, fault } = await failureOf(run([crates]));
    expect(code).toBe("data_unusable");
    expect(fault).toContain("newer version");
    expect(fault).toContain("weights");
    await run([crates, weights]);
  });

  it("one that has changed since it was applied is refused, before the next is run", async () => {
    await run([crates]);
    const changed = { name: "crates", statements: [crates.statements[0] ?? ""] };
    const { code, fault } = await failureOf(run([changed, weights]));
    expect(code).toBe("data_unusable");
    expect(fault).toContain("migration 1 (crates)");
    expect(await rows("SELECT number FROM migrations")).toEqual([{ number: 1 }]);
  });

  it("one that is only set out differently, or has another name, is the same", async () => {
    await run([crates]);
    const statements = crates.statements.map((statement) => `\n  ${statement.replaceAll(" ", "\n    ")}\n`);
    await run([{ name: "the crates", statements }, weights]);
  });

  it("a gap in what was applied is refused", async () => {
    await run([crates, weights]);
    await ledger.write((tx) => tx.run("DELETE FROM migrations WHERE number = 1"));
    expect((await failureOf(run([crates, weights]))).code).toBe("data_unusable");
  });
});

describe("a process killed while it migrates", () => {
  let program: Program;
  beforeAll(async () => {
    program = await compileLedgerProcess();
  });
  afterAll(() => program.remove());

  it("leaves whole steps, and the next process goes on from there", async () => {
    const steps = 400;
    let applied = 0;
    for (let round = 0; round < 6; round++) {
      const other = program.start("migrate", path, String(steps));
      await other.line();
      await clock.sleep(5 + round * 8);
      await other.kill();
      const before = applied;
      applied = await stepsApplied();
      expect(applied).toBeGreaterThanOrEqual(before);
    }
    const other = program.start("migrate", path, String(steps));
    expect([await other.line(), await other.line()]).toEqual(["migrating", "migrated"]);
    expect(await stepsApplied()).toBe(steps);
  });

  /** The number of migrations noted, each of which must be there with all its rows, and none more. */
  async function stepsApplied(): Promise<number> {
    const tables = await rows(
      "SELECT name FROM sqlite_master WHERE type = 'table' AND name LIKE 'step%' ORDER BY name",
    );
    for (const { name } of tables) {
      expect(await rows(`SELECT COUNT(*) AS n FROM ${name}`)).toEqual([{ n: 20 }]);
    }
    const noted = await rows("SELECT name FROM sqlite_master WHERE name = 'migrations'");
    const numbers = noted.length === 0 ? [] : await rows("SELECT number FROM migrations ORDER BY number");
    expect(numbers.map((row) => row.number)).toEqual(tables.map((_, index) => index + 1));
    return tables.length;
  }
});
