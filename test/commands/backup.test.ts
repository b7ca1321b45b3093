import { existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "@photostructure/sqlite";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createClock } from "../../src/clock.ts";
import { migrate } from "../../src/ledger/migrate.ts";
import { migrations } from "../../src/ledger/migrations.ts";
import { createSqliteLedger } from "../../src/ledger/sqlite-ledger.ts";
import { createLog } from "../../src/log.ts";
import { careful } from "../fixtures/scenarios.ts";
import { writeShop } from "../fixtures/workspace.ts";
import { closeTerminals, openTerminal, temporaryFolder } from "../journeys/terminal.ts";
import { run } from "./run.ts";

let folder: ReturnType<typeof temporaryFolder>;
let data: string;
let copy: string;
let folders: string[];
beforeEach(() => {
  folder = temporaryFolder();
  const shop = writeShop(join(folder.path, "shop"), careful);
  data = join(folder.path, "data");
  copy = join(folder.path, "backups", "monday");
  folders = ["--workspace", shop, "--data", data];
});
afterEach(() => {
  closeTerminals();
  folder.remove();
});

describe("backup", () => {
  it("of a desk that goes on is a data folder on which a desk starts, as it was at that moment", async () => {
    const desk = await openTerminal(data, { args: folders });
    await desk.say("I want to speak to a human about my kettle");
    await desk.say("@staff take");
    const file = "a".repeat(64);
    mkdirSync(join(data, "files"), { recursive: true });
    writeFileSync(join(data, "files", file), "a photo");
    writeFileSync(join(data, "files", "half.part"), "half a photo");
    const { code, out, err } = await run(["backup", copy, ...folders]);
    expect([code, err]).toEqual([0, ""]);
    expect(out).toContain("and 1 file.");
    await desk.say("@staff This comes later.");
    expect(await desk.end()).toBe(0);

    expect(readdirSync(copy, { recursive: true }).sort()).toEqual([
      "files",
      `files/${file}`,
      "ledger.sqlite",
    ]);
    for (const name of ["ledger.sqlite", `files/${file}`]) {
      expect(statSync(join(copy, name)).mode & 0o077, name).toBe(0);
    }
    const restored = await openTerminal(copy, { args: folders.slice(0, 2) });
    const summary = await restored.say("summary");
    expect(summary).toContain("my kettle");
    expect(summary).not.toContain("This comes later.");
    expect(await restored.say("@staff I have it.")).toContain("staff: I have it.");
    expect(await restored.say("Thank you")).not.toContain("assistant");
  });

  it("of a ledger that is being written all the time has whole transactions only", async () => {
    const parts = { clock: createClock(), log: createLog("silent") };
    mkdirSync(data, { recursive: true });
    const ledger = await createSqliteLedger({ path: join(data, "ledger.sqlite"), ...parts });
    await migrate(ledger, migrations, parts);
    let count = 0;
    let writing = true;
    const writes = (async () => {
      while (writing) {
        count += 1;
        await ledger.write(async (tx) => {
          for (const half of ["left", "right"])
            await tx.run(
              "INSERT INTO marks (platform, name, value) VALUES (?, ?, ?)",
              "test",
              `${half}:${count}`,
              "x".repeat(2_000),
            );
        });
      }
    })();
    try {
      for (const name of ["one", "two", "three"]) {
        const { code, err } = await run(["backup", join(copy, name), ...folders]);
        expect([code, err]).toEqual([0, ""]);
      }
    } finally {
      writing = false;
      await writes;
      await ledger.close();
    }
    const counts = ["one", "two", "three"].map((name) => {
      const file = new DatabaseSync(join(copy, name, "ledger.sqlite"), { readOnly: true });
      try {
        expect(file.prepare("PRAGMA integrity_check").get()).toEqual({ integrity_check: "ok" });
        const sql = "SELECT COUNT(*) AS count FROM marks WHERE name LIKE ?";
        const of = (half: string) => Number((file.prepare(sql).get(`${half}:%`) as { count: number }).count);
        expect(of("left")).toBe(of("right"));
        return of("left");
      } finally {
        file.close();
      }
    });
    expect(counts).toEqual([...counts].sort((a, b) => a - b));
    expect(counts[0]).toBeLessThan(counts[2] ?? 0);
  });

  it("overwrites nothing, copies nothing into itself, and says when there is nothing", async () => {
    const nothing = await run(["backup", copy, ...folders]);
    expect(nothing).toMatchObject({
      code: 1,
      out: "",
      err: expect.stringContaining("there is no ledger in"),
    });
    expect(existsSync(copy)).toBe(false);
    const desk = await openTerminal(data, { args: folders });
    await desk.end();
    for (const place of [join(data, "copy"), data]) {
      const inside = await run(["backup", place, ...folders]);
      expect(inside).toMatchObject({ code: 1, err: expect.stringContaining("in the data folder itself") });
    }
    expect(existsSync(join(data, "copy"))).toBe(false);
    mkdirSync(copy, { recursive: true });
    writeFileSync(join(copy, "precious"), "x");
    const full = await run(["backup", copy, ...folders]);
    expect(full).toMatchObject({ code: 1, err: expect.stringContaining("is not empty") });
    expect(readdirSync(copy)).toEqual(["precious"]);
  });

  it("of a ledger in Postgres that does not answer says so, without the password, and leaves no copy", async () => {
    const env = { DATABASE_URL: "postgres://nobody:nothing@127.0.0.1:9/none" };
    const { code, err } = await run(["backup", copy, ...folders], { env });
    expect(code).toBe(1);
    expect(err).toContain("the database does not answer");
    expect(existsSync(join(copy, "ledger.sqlite"))).toBe(false);
    expect(err).not.toContain("nothing");
  });

  it("is asked for one folder", async () => {
    expect((await run(["backup", ...folders])).code).toBe(2);
    expect((await run(["backup", "a", "b", ...folders])).code).toBe(2);
  });
});
