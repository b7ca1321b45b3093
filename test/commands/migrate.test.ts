import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeEach, describe, expect, it } from "vitest";
import { createClock } from "../../src/clock.ts";
import { copyLedger, leftBehind, tables } from "../../src/ledger/copy-ledger.ts";
import { lockData } from "../../src/ledger/data-lock.ts";
import { migrate } from "../../src/ledger/migrate.ts";
import { migrations } from "../../src/ledger/migrations.ts";
import { openLedger } from "../../src/ledger/open-ledger.ts";
import { createPostgresLedger } from "../../src/ledger/postgres-ledger.ts";
import { unfinishedCopy, writeSetting } from "../../src/ledger/settings.ts";
import { createSqliteLedger } from "../../src/ledger/sqlite-ledger.ts";
import type { Ledger } from "../../src/ledger.ts";
import { createLog } from "../../src/log.ts";
import { type DeskInARoom, openDesk } from "../doubles/desk-in-a-room.ts";
import { keepLedgersAt } from "../doubles/ledgers.ts";
import { postgresForTests } from "../doubles/postgres-run.ts";
import { createRoom } from "../doubles/room.ts";
import { createScriptedModel } from "../doubles/scripted-model.ts";
import { environment, program, root, temporaryFolder } from "../journeys/terminal.ts";
import { type Ran, run } from "./run.ts";

const parts = { clock: createClock(), log: createLog("silent") };
const postgres = await postgresForTests();
afterAll(() => postgres.remove());

let folder: { path: string; remove(): void };
let database: string | undefined;
let desk: DeskInARoom | undefined;
beforeEach(() => {
  folder = temporaryFolder();
  database = undefined;
  keepLedgersAt(async () => database);
});
afterEach(async () => {
  await desk?.close();
  desk = undefined;
  folder.remove();
});

const file = () => ({ path: join(folder.path, "ledger.sqlite"), ...parts });
const move = (args: string[], env: Record<string, string> = {}): Promise<Ran> =>
  run(["migrate", "--data", folder.path, ...args], { env });

/** Everything in a ledger, but when its tables were made. */
async function contentOf(ledger: Ledger): Promise<Record<string, unknown[]>> {
  const content: Record<string, unknown[]> = {};
  for (const { name, key } of tables) {
    content[name] = await ledger.read((tx) => tx.all(`SELECT * FROM ${name} ORDER BY ${key.join(", ")}`));
  }
  await ledger.close();
  return content;
}

async function makeLedger(threads: number): Promise<void> {
  const ledger = await createSqliteLedger(file());
  await migrate(ledger, migrations, parts);
  await ledger.write((tx) => {
    for (let n = 0; n < threads; n++) {
      void tx.run(
        `INSERT INTO messages (id, thread, seq, author, text, at) VALUES (?, 'room:t:ann', ?, 'customer', ?, ?)`,
        `m${n}`,
        n,
        n % 50 === 0 ? `odd \0 “text” 👩‍👩‍👧 ${n}` : "words ".repeat(20),
        1_790_000_000_000 + n,
      );
    }
  });
  await ledger.close();
}

describe("deskhand migrate", () => {
  it("says how it is used", async () => {
    const asked = await run(["migrate", "--help"]);
    expect(asked).toMatchObject({ code: 0, err: "" });
    expect(asked.out).toContain("--to PLACE");
    expect((await run(["--help"])).out).toContain("migrate");
  });

  it("without a place says so", async () => {
    expect(await move([])).toMatchObject({ code: 2, out: "" });
  });

  it.each([
    ["mysql://root:hush@127.0.0.1/d", "neither postgres://"],
    ["sqlite:other.sqlite", "both are files"],
    ["postgres://u:hush@127.0.0.1:1/d", "there is no ledger"],
  ])("to %s is refused with the reason, without a password", async (place, reason) => {
    const ran = await move(["--to", place]);
    expect(ran.code).toBe(1);
    expect(ran.err).toContain(reason);
    expect(ran.out + ran.err).not.toContain("hush");
  });

  it("copies every table that migrations make", () => {
    const made = migrations
      .flatMap((migration) => migration.statements)
      .flatMap((statement) => /^CREATE TABLE (\w+)/.exec(statement)?.[1] ?? []);
    expect([...tables.map((table) => table.name), ...leftBehind].toSorted()).toEqual(made.toSorted());
  });
});

describe.skipIf(postgres.missing)("a desk that moves", () => {
  it("to Postgres and back goes on where it was, with its ticket, its order and what it had not sent", async () => {
    const model = createScriptedModel("Hello, how can I help?");
    const room = createRoom();
    const ann = "room:t:ann";
    desk = await openDesk({ data: folder.path, room, model });
    await room.says("ann", "hello");
    await desk.quiet();
    await room.says("ann", "I want to talk to a person");
    await desk.quiet();
    await room.presses("ticket.take", 1);
    await desk.quiet();
    const ticket = `${room.deskChannel}/${room.shown.find((message) => message.post.card)?.id}`;
    room.fault("ann", "unavailable", "unavailable");
    await room.staffSays(ticket, "Said before the move.");
    await desk.close();
    const before = await contentOf(await createSqliteLedger(file()));
    expect(before.tickets).toHaveLength(1);

    database = await postgres.place();
    const there = await move(["--to", database]);
    expect(there.err).toBe("");
    expect(there.code).toBe(0);
    expect(there.out).toMatch(/^messages: \d+$/m);
    expect(there.out).toContain("Now set DATABASE_URL");
    expect(there.out).not.toContain("hush");
    expect(await contentOf(await createPostgresLedger({ url: database, ...parts }))).toEqual(before);
    expect(await contentOf(await createSqliteLedger(file()))).toEqual(before);

    desk = await openDesk({ data: folder.path, room, model });
    await room.staffSays(ticket, "Maya here.");
    await desk.quiet();
    const fromStaff = room.seen(ann).filter((text) => /before the move|Maya/.test(text));
    expect(fromStaff).toEqual([
      expect.stringContaining("Said before the move."),
      expect.stringContaining("Maya here."),
    ]);
    await room.says("bob", "I want to talk to a person");
    await desk.quiet();
    expect(room.seen("bob").at(-1)).toContain("#2");
    await room.says("ann", "thank you");
    await desk.quiet();
    await desk.close();
    const later = await contentOf(await createPostgresLedger({ url: database, ...parts }));

    const old = file().path;
    const refused = await move(["--to", "sqlite"], { DATABASE_URL: database });
    expect(refused).toMatchObject({ code: 1 });
    expect(refused.err).toContain("there is a desk already");
    folder.remove();
    const back = await move(["--to", "sqlite"], { DATABASE_URL: database });
    expect(back.err).toBe("");
    expect(back.out).toContain("Now remove DATABASE_URL");
    expect(await contentOf(await createSqliteLedger({ path: old, ...parts }))).toEqual(later);

    database = undefined;
    desk = await openDesk({ data: folder.path, room, model });
    await room.presses("ticket.resolve", 1);
    await room.says("carl", "I want to talk to a person");
    await desk.quiet();
    expect(room.seen("carl").at(-1)).toContain("#3");
    expect(room.seen(ann).filter((text) => /before the move|Maya/.test(text))).toEqual(fromStaff);
  });

  it("is not moved while it runs, from a file or from a database", async () => {
    await makeLedger(1);
    const place = await postgres.place();
    const unlock = lockData(folder.path);
    const fromFile = await move(["--to", place]);
    unlock();
    expect(fromFile.code).toBe(1);
    expect(fromFile.err).toContain("uses");
    expect(await move(["--to", place])).toMatchObject({ code: 0 });
    const running = await createPostgresLedger({ url: place, ...parts });
    const elsewhere = join(folder.path, "elsewhere");
    const fromDatabase = await move(["--from", place, "--to", `sqlite:${join(elsewhere, "ledger.sqlite")}`]);
    await running.close();
    expect(fromDatabase.code).toBe(1);
    expect(fromDatabase.err).toContain("a desk runs on this database");
    expect(existsSync(elsewhere)).toBe(false);
  });

  it("killed in the middle: no desk starts on the half copy, the source is as it was, and again begins anew", async () => {
    await makeLedger(3_000);
    const before = await contentOf(await createSqliteLedger(file()));
    const place = await postgres.place();
    const child = spawn(process.execPath, [program(), "migrate", "--data", folder.path, "--to", place], {
      cwd: root,
      env: environment(),
      stdio: ["ignore", "pipe", "inherit"],
    });
    const died = new Promise<string | null>((resolve) =>
      child.once("exit", (_code, signal) => resolve(signal)),
    );
    child.stdout.on("data", (said: Buffer) => {
      if (said.includes("threads: ")) child.kill("SIGKILL");
    });
    expect(await died).toBe("SIGKILL");
    const start = () => openLedger({ data: folder.path, databaseUrl: place }, parts);
    await expect(start()).rejects.toMatchObject({ code: "data_unusable" });
    expect(await contentOf(await createSqliteLedger(file()))).toEqual(before);
    const again = await move(["--to", place]);
    expect(again.err).toBe("");
    expect(again.code).toBe(0);
    const ledger = await start();
    expect(await ledger.read((tx) => tx.get("SELECT COUNT(*) AS count FROM messages"))).toEqual({
      count: 3_000,
    });
    await ledger.close();
  });

  it("begins anew over half a copy that takes longer to empty than a database has for an answer", async () => {
    await makeLedger(1);
    const busyMs = 400;
    const to = await createPostgresLedger({ url: await postgres.place(), busyMs, ...parts });
    await migrate(to, migrations, parts);
    await to.write((tx) => writeSetting(tx, unfinishedCopy, "yes", 0));
    await to.write((tx) => tx.run("INSERT INTO inbox_keys (key, seen_at) VALUES ('k', 0)"));
    await to.write((tx) =>
      tx.run("CREATE RULE long AS ON DELETE TO inbox_keys DO ALSO SELECT pg_sleep(0.5)"),
    );
    const from = await createSqliteLedger(file());
    const copied = await copyLedger({ from, to, clock: parts.clock, progress: () => {} });
    expect(copied.find((one) => one.table === "messages")).toEqual({ table: "messages", rows: 1 });
    await Promise.all([from.close(), to.close()]);
  });
});
