/** A desk on Postgres is backed up and put into another database, as docs/operations.md says. */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "@photostructure/sqlite";
import { afterAll, afterEach, beforeEach, describe, expect, it } from "vitest";
import { createClock } from "../../src/clock.ts";
import { migrate } from "../../src/ledger/migrate.ts";
import { migrations } from "../../src/ledger/migrations.ts";
import { createPostgresLedger } from "../../src/ledger/postgres-ledger.ts";
import { createLog } from "../../src/log.ts";
import { run } from "../commands/run.ts";
import { askPostgres } from "../doubles/postgres-ask.ts";
import { postgresForTests } from "../doubles/postgres-run.ts";
import { closeTerminals, openTerminal, root, type Terminal, temporaryFolder } from "../journeys/terminal.ts";

const postgres = await postgresForTests();
afterAll(() => postgres.remove());

const page = readFileSync(join(root, "docs", "operations.md"), "utf8");
const [leaveRoom = "", writes = ""] = [...page.matchAll(/```sql\n([\s\S]*?)```/g)].map(([, sql = ""]) => sql);

describe.skipIf(postgres.missing)("a desk on Postgres", () => {
  let folder: ReturnType<typeof temporaryFolder>;
  beforeEach(() => {
    folder = temporaryFolder();
  });
  afterEach(() => {
    closeTerminals();
    folder.remove();
  });
  const start = (data: string, url: string): Promise<Terminal> =>
    openTerminal(join(folder.path, data), { env: { DATABASE_URL: url } });
  const move = async (...args: string[]) =>
    expect(await run(["migrate", ...args, "--data", join(folder.path, "other")])).toMatchObject({
      code: 0,
      err: "",
    });

  it("goes on in another database with its open ticket, and gives no number that was given since", async () => {
    const [lost, found] = [await postgres.place(), await postgres.place()];
    const backup = join(folder.path, "backups", "monday");
    const first = await start("a", lost);
    expect(await first.say("I want to talk to a person about my kettle")).toContain("your ticket is #1");
    expect(await first.say("@staff take")).toContain("Taken by");
    const made = await run(["backup", backup, "--data", join(folder.path, "a")], {
      env: { DATABASE_URL: lost },
    });
    expect([made.code, made.err]).toEqual([0, ""]);
    expect(made.out).toContain(`migrate --from sqlite:${join(backup, "ledger.sqlite")} --to`);
    expect(readdirSync(backup)).toEqual(["ledger.sqlite"]);
    expect(statSync(join(backup, "ledger.sqlite")).mode & 0o077).toBe(0);
    expect(await first.say("@staff resolve")).toContain("Resolved");
    expect(await first.end()).toBe(0);

    await move("--from", `sqlite:${join(backup, "ledger.sqlite")}`, "--to", found);
    const env = { DATABASE_URL: found };
    const data = join(folder.path, "c");
    expect(await run(["pause", "--data", data], { env })).toMatchObject({ code: 0 });
    const listed = await run(["tickets", "--data", data], { env });
    expect(listed.out).toMatch(/^#1 .*taken.*my kettle/);
    const third = await start("c", found);
    expect(await third.say("@staff I have it.")).toContain("staff: I have it.");
    expect(await third.say("@staff resolve")).toContain("Resolved");
    expect(await third.say("I want to talk to a person")).toContain("your ticket is #1002");
    expect(await third.end()).toBe(0);
    expect(await askPostgres(found, writes)).toEqual([]);
  });

  it("is backed up as it is at one moment, while it is written all the time", async () => {
    const url = await postgres.place();
    const parts = { clock: createClock(), log: createLog("silent") };
    const ledger = await createPostgresLedger({ url, ...parts });
    await migrate(ledger, migrations, parts);
    const put = (name: string) =>
      ledger.write(async (tx) => {
        // Read in this order by a copy: settings, then marks.
        const sql = "INSERT INTO settings (name, value, changed_at) VALUES (?, ?, 0)";
        await tx.run(sql, `half:${name}`, "x".repeat(500));
        await tx.run(
          "INSERT INTO marks (platform, name, value) VALUES ('test', ?, ?)",
          name,
          "x".repeat(500),
        );
      });
    for (let n = 0; n < 300; n++) await put(`before ${n}`);
    let writing = true;
    const writes = (async () => {
      for (let n = 0; writing; n++) await put(`${n}`);
    })();
    const copies: number[] = [];
    try {
      for (const name of ["one", "two"]) {
        const to = join(folder.path, name);
        expect(
          await run(["backup", to, "--data", join(folder.path, "data")], { env: { DATABASE_URL: url } }),
        ).toMatchObject({
          code: 0,
          err: "",
        });
        const file = new DatabaseSync(join(to, "ledger.sqlite"), { readOnly: true });
        const count = (sql: string) => Number((file.prepare(sql).get() as { count: number }).count);
        copies.push(count("SELECT COUNT(*) AS count FROM marks"));
        expect(count("SELECT COUNT(*) AS count FROM settings WHERE name LIKE 'half:%'")).toBe(copies.at(-1));
        file.close();
      }
    } finally {
      writing = false;
      await writes;
      await ledger.close();
    }
    expect(copies[0]).toBeGreaterThan(300);
    expect(copies[1]).toBeGreaterThan(copies[0] ?? 0);
  });

  it("that was restored by Postgres' own tools gives no number again after the statements of the page", async () => {
    const url = await postgres.place();
    const parts = { clock: createClock(), log: createLog("silent") };
    const ledger = await createPostgresLedger({ url, ...parts });
    await migrate(ledger, migrations, parts);
    await askPostgres(url, leaveRoom);
    const settings = await ledger.read((tx) => tx.all("SELECT name, value FROM settings ORDER BY name"));
    await ledger.close();
    expect(settings).toEqual([
      { name: "approval_given_max", value: "1000" },
      { name: "ticket_deleted_max", value: "1000" },
    ]);
  });
});
