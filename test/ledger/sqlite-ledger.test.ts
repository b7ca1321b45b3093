import { execFileSync } from "node:child_process";
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createClock } from "../../src/clock.ts";
import { codeOf, faultOf } from "../../src/errors.ts";
import { createSqliteLedger, type SqliteLedger } from "../../src/ledger/sqlite-ledger.ts";
import { createLog } from "../../src/log.ts";
import { describeLedger } from "../contracts/ledger.ts";
import { canMount } from "../doubles/disk.ts";
import { compileLedgerProcess, type Program } from "./other-process.ts";

const clock = createClock();
const log = createLog("silent");

describeLedger("SQLite", async () => {
  const dir = mkdtempSync(join(tmpdir(), "deskhand-ledger-"));
  const ledger = await createSqliteLedger({ path: join(dir, "ledger.sqlite"), clock, log });
  return {
    ledger,
    async remove() {
      await ledger.close();
      rmSync(dir, { recursive: true, force: true });
    },
  };
});

let dir: string;
let path: string;
const opened: SqliteLedger[] = [];

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "deskhand-ledger-"));
  path = join(dir, "ledger.sqlite");
});
afterEach(async () => {
  await Promise.all(opened.splice(0).map((ledger) => ledger.close()));
  rmSync(dir, { recursive: true, force: true });
});

async function open(options: { busyMs?: number; path?: string } = {}): Promise<SqliteLedger> {
  const ledger = await createSqliteLedger({ path, clock, log, ...options });
  opened.push(ledger);
  return ledger;
}

async function openWithNotes(options: { busyMs?: number; path?: string } = {}): Promise<SqliteLedger> {
  const ledger = await open(options);
  await ledger.write((tx) => tx.run("CREATE TABLE IF NOT EXISTS notes (id TEXT PRIMARY KEY, text TEXT)"));
  return ledger;
}

const put = (ledger: SqliteLedger, id: string, text = "") =>
  ledger.write((tx) => tx.run("INSERT INTO notes (id, text) VALUES (?, ?)", id, text));

async function idsIn(ledger: SqliteLedger): Promise<string[]> {
  const rows = await ledger.read((tx) => tx.all<{ id: string }>("SELECT id FROM notes ORDER BY id"));
  return rows.map((row) => row.id);
}

async function failureOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => new Error("it did not fail"),
    (error: unknown) => error,
  );
}

describe("works that share a commit", () => {
  it("hundred writes of one turn of the event loop cost the log a few pages, not hundred", async () => {
    const ledger = await openWithNotes();
    await ledger.scrub();
    await Promise.all(Array.from({ length: 100 }, (_, n) => put(ledger, `n${n}`)));
    expect(statSync(`${path}-wal`).size).toBeLessThan(50 * 4096);
    expect(await idsIn(ledger)).toHaveLength(100);
  });

  it("runs works once, in the order they were asked for, a failing one among them", async () => {
    const ledger = await openWithNotes();
    const runs: number[] = [];
    const works = Array.from({ length: 10 }, (_, n) =>
      ledger.write((tx) => {
        runs.push(n);
        void tx.run("INSERT INTO notes (id) VALUES (?)", `n${n}`);
        if (n === 4) throw new Error("four");
      }),
    );
    const settled = await Promise.allSettled(works);
    expect(settled.filter((result) => result.status === "rejected")).toHaveLength(1);
    expect(runs).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(await idsIn(ledger)).toHaveLength(9);
  });

  it("when the commit itself is refused, each runs again alone and only the guilty one fails", async () => {
    const ledger = await openWithNotes();
    await ledger.write((tx) =>
      tx.run("CREATE TABLE replies (id TEXT, note TEXT REFERENCES notes (id) DEFERRABLE INITIALLY DEFERRED)"),
    );
    const before = put(ledger, "before");
    const orphan = ledger.write((tx) => tx.run("INSERT INTO replies (id, note) VALUES ('r', 'nothing')"));
    const after = put(ledger, "after");
    expect(codeOf(await failureOf(orphan))).toBe("ledger_failed");
    expect(await Promise.all([before, after])).toEqual([1, 1]);
    expect(await idsIn(ledger)).toEqual(["after", "before"]);
    expect(await ledger.read((tx) => tx.get("SELECT COUNT(*) AS n FROM replies"))).toEqual({ n: 0 });
  });

  it("a work that fails because of a neighbour is told so only once the neighbour is kept", async () => {
    const ledger = await openWithNotes();
    const first = put(ledger, "same");
    let keptBefore: string[] = [];
    const second = put(ledger, "same").catch(async () => {
      keptBefore = await idsIn(ledger);
    });
    await Promise.all([first, second]);
    expect(keptBefore).toEqual(["same"]);
  });

  it("a read in the middle of a write sees nothing of it", async () => {
    const ledger = await openWithNotes();
    const seen = await ledger.write(async (tx) => {
      await tx.run("INSERT INTO notes (id) VALUES ('a')");
      return idsIn(ledger);
    });
    expect(seen).toEqual([]);
    expect(await idsIn(ledger)).toEqual(["a"]);
  });

  it.each([
    ["synchronous", false],
    ["asynchronous", true],
  ])(
    "a write inside the work of a write fails when that is %s, instead of waiting for ever",
    async (_, late) => {
      const ledger = await openWithNotes();
      let inner: Promise<unknown> = Promise.resolve();
      const outer = ledger.write(async (tx) => {
        await tx.run("INSERT INTO notes (id) VALUES ('outer')");
        if (late) await Promise.resolve();
        inner = put(ledger, "inner");
        await inner;
      });
      expect(codeOf(await failureOf(outer))).toBe("ledger_failed");
      await Promise.allSettled([inner]);
      expect(await idsIn(ledger)).not.toContain("outer");
      await put(ledger, "later");
    },
  );

  it("a work that waits too long and then goes on can no longer write", async () => {
    const ledger = await openWithNotes();
    let goOn = () => {};
    let late: unknown;
    const waiting = ledger.write(async (tx) => {
      await new Promise<void>((resolve) => {
        goOn = resolve;
      });
      late = await failureOf((async () => tx.run("INSERT INTO notes (id) VALUES ('late')"))());
    });
    expect(codeOf(await failureOf(waiting))).toBe("ledger_failed");
    goOn();
    await put(ledger, "other");
    expect(codeOf(late)).toBe("ledger_failed");
    expect(await idsIn(ledger)).toEqual(["other"]);
  });

  it("takes ten thousand works and refuses the next as ledger_busy", async () => {
    const ledger = await openWithNotes();
    const works = Array.from({ length: 10_000 }, (_, n) => put(ledger, `n${n}`));
    expect(codeOf(await failureOf(put(ledger, "too many")))).toBe("ledger_busy");
    await Promise.all(works);
    await put(ledger, "enough room again");
    expect(await idsIn(ledger)).toHaveLength(10_001);
  });
});

describe("a column that comes later", () => {
  it("is seen by statements that were prepared before", async () => {
    const ledger = await openWithNotes();
    await put(ledger, "a");
    const all = () => ledger.read((tx) => tx.all("SELECT * FROM notes"));
    expect(await all()).toEqual([{ id: "a", text: "" }]);
    await ledger.write((tx) => tx.run("ALTER TABLE notes ADD COLUMN colour TEXT DEFAULT 'red'"));
    expect(await all()).toEqual([{ id: "a", text: "", colour: "red" }]);
  });
});

describe("another process", () => {
  let program: Program;
  beforeAll(async () => {
    program = await compileLedgerProcess();
  });
  afterAll(() => program.remove());

  it("killed while it writes, again and again, leaves everything it acknowledged and nothing in halves", async () => {
    const acknowledged: string[] = [];
    for (let round = 0; round < 8; round++) {
      const other = program.start("write", path, `round${round}`);
      for (let n = 0; n < 20 + round * 15; n++) await other.line();
      await other.kill();
      acknowledged.push(...other.lines());
    }
    const ledger = await open();
    const pairs = await ledger.read((tx) =>
      tx.all<{ pair: string; halves: number }>("SELECT pair, COUNT(*) AS halves FROM halves GROUP BY pair"),
    );
    expect(pairs.filter((row) => row.halves !== 2)).toEqual([]);
    const kept = new Set(pairs.map((row) => row.pair));
    expect(acknowledged.length).toBeGreaterThanOrEqual(8 * 20);
    expect(acknowledged.filter((pair) => !kept.has(pair))).toEqual([]);
    expect(await ledger.read((tx) => tx.get("PRAGMA integrity_check"))).toEqual({ integrity_check: "ok" });
  });

  it("that holds the write lock holds up neither timers nor reads, and the write comes through", async () => {
    const ledger = await openWithNotes();
    const other = program.start("hold", path);
    expect(await other.line()).toBe("held");
    let written = false;
    const writing = Promise.all([put(ledger, "a"), put(ledger, "b")]).then(() => {
      written = true;
    });
    for (let n = 0; n < 50; n++) {
      await clock.sleep(20);
      expect(await idsIn(ledger)).toEqual([]);
    }
    expect(written).toBe(false);
    await other.finish();
    await writing;
    expect(await idsIn(ledger)).toEqual(["a", "b"]);
  });

  it("that does not let go of the write lock: ledger_busy after the limit, and nothing is written", async () => {
    const ledger = await openWithNotes({ busyMs: 150 });
    const other = program.start("hold", path);
    await other.line();
    expect(codeOf(await failureOf(put(ledger, "a")))).toBe("ledger_busy");
    expect(codeOf(await failureOf(createSqliteLedger({ path, clock, log, busyMs: 150 })))).toBe(
      "ledger_busy",
    );
    await other.finish();
    await put(ledger, "b");
    expect(await idsIn(ledger)).toEqual(["b"]);
  });

  it("that holds the write lock while the ledger closes: what waits is still written", async () => {
    const ledger = await openWithNotes();
    const other = program.start("hold", path);
    await other.line();
    const writing = put(ledger, "a");
    const closing = ledger.close();
    await other.finish();
    await Promise.all([writing, closing]);
    expect(await idsIn(await open())).toEqual(["a"]);
  });
});

describe("a disk without room", () => {
  it("a file that may not grow: the large write is refused whole, its neighbours are kept", async () => {
    const ledger = await openWithNotes();
    const limit = (pages: number) => ledger.write((tx) => tx.get(`PRAGMA max_page_count = ${pages}`));
    await limit(12);
    const small = put(ledger, "small");
    const large = ledger.write(async (tx) => {
      await tx.run("INSERT INTO notes (id) VALUES ('part')");
      await tx.run("INSERT INTO notes (id, text) VALUES ('large', ?)", "x".repeat(100_000));
    });
    const other = put(ledger, "other");
    expect(codeOf(await failureOf(large))).toBe("ledger_full");
    await Promise.all([small, other]);
    expect(await idsIn(ledger)).toEqual(["other", "small"]);

    const caught = ledger.write(async (tx) => {
      await tx.run("INSERT INTO notes (id) VALUES ('before')");
      await (async () => tx.run("INSERT INTO notes (id, text) VALUES ('l', ?)", "x".repeat(100_000)))().catch(
        () => 0,
      );
    });
    expect(codeOf(await failureOf(caught))).toBe("ledger_full");
    expect(await idsIn(ledger)).toEqual(["other", "small"]);

    await limit(100_000);
    await put(ledger, "large", "x".repeat(100_000));
    expect(await idsIn(ledger)).toEqual(["large", "other", "small"]);
  });

  it.skipIf(!canMount())(
    "that is full (needs a mount): refused as ledger_full, then works again",
    async () => {
      const disk = join(dir, "disk");
      mkdirSync(disk);
      execFileSync("mount", ["-t", "tmpfs", "-o", "size=2m", "tmpfs", disk]);
      try {
        const ledger = await openWithNotes({ path: join(disk, "ledger.sqlite") });
        await put(ledger, "before");
        const room = execFileSync("df", ["--output=avail", "-B1", disk]).toString().split("\n")[1];
        writeFileSync(join(disk, "filler"), Buffer.alloc(Number(room) - 8192));
        const refused: unknown[] = [];
        for (let n = 0; n < 20; n++) {
          refused.push(await failureOf(put(ledger, `refused${n}`, "x".repeat(200_000))));
        }
        expect([...new Set(refused.map(codeOf))]).toEqual(["ledger_full"]);
        expect(await idsIn(ledger)).toEqual(["before"]);
        rmSync(join(disk, "filler"));
        await put(ledger, "after", "x".repeat(200_000));
        expect(await idsIn(ledger)).toEqual(["after", "before"]);
        await ledger.close();
      } finally {
        execFileSync("umount", ["-l", disk]);
      }
    },
  );
});

describe("a file that cannot be used", () => {
  async function refusal(file = path): Promise<string> {
    const error = await failureOf(createSqliteLedger({ path: file, clock, log, busyMs: 100 }));
    expect(codeOf(error)).toBe("data_unusable");
    return faultOf(error);
  }

  it("something else than a database is refused, named and left as it is", async () => {
    writeFileSync(path, "Dear diary,\n".repeat(1000));
    expect(await refusal()).toContain(path);
    expect(readFileSync(path, "utf8")).toContain("Dear diary");
  });

  it("a database with a broken beginning is refused and named", async () => {
    const ledger = await openWithNotes();
    await ledger.close();
    truncateSync(path, 4096 + 100);
    writeFileSync(path, Buffer.alloc(4000, 0xff), { flag: "r+" });
    expect(await refusal()).toContain(path);
  });

  it("a folder in its place, and a folder that is missing, are refused and named", async () => {
    mkdirSync(path);
    expect(await refusal()).toContain(path);
    const nowhere = join(dir, "nowhere", "ledger.sqlite");
    expect(await refusal(nowhere)).toContain(nowhere);
  });

  it.skipIf(!canMount())("a read-only disk (needs a mount) is refused at the start", async () => {
    await (await openWithNotes()).close();
    execFileSync("mount", ["--bind", dir, dir]);
    execFileSync("mount", ["-o", "remount,bind,ro", dir]);
    try {
      expect(await refusal()).toContain(path);
    } finally {
      execFileSync("umount", ["-l", dir]);
    }
  });

  it.skipIf(process.getuid?.() === 0)("a read-only file (not as root) is refused at the start", async () => {
    await (await openWithNotes()).close();
    execFileSync("chmod", ["444", path]);
    expect(await refusal()).toContain(path);
  });
});

describe("the files", () => {
  it("can be read by their owner only", async () => {
    const ledger = await openWithNotes();
    await put(ledger, "a");
    for (const file of [path, `${path}-wal`]) expect(statSync(file).mode & 0o077).toBe(0);
  });

  it("hold nothing of what was deleted, once scrubbed", async () => {
    const ledger = await openWithNotes();
    const secret = "the customer's address is 12 Elm Street";
    await put(ledger, "a", secret.repeat(500));
    await put(ledger, "b", "something else");
    await ledger.scrub();
    expect(readFileSync(path).includes(secret)).toBe(true);
    await ledger.write((tx) => tx.run("DELETE FROM notes WHERE id = 'a'"));
    await Promise.all([ledger.scrub(), put(ledger, "c")]);
    await ledger.scrub();
    for (const file of [path, `${path}-wal`]) expect(readFileSync(file).includes(secret)).toBe(false);
    expect(await idsIn(ledger)).toEqual(["b", "c"]);
  });

  it("are one file after close: it may be copied without its log", async () => {
    const ledger = await openWithNotes();
    await put(ledger, "a");
    await ledger.close();
    const copy = join(dir, "copy.sqlite");
    copyFileSync(path, copy);
    expect(await idsIn(await open({ path: copy }))).toEqual(["a"]);
  });

  it("say so when they are full to a statement that gives rows as well", async () => {
    const ledger = await openWithNotes();
    const writing = ledger.write(async (tx) => {
      await tx.get("PRAGMA max_page_count = 12");
      return tx.all("INSERT INTO notes (id, text) VALUES ('a', ?) RETURNING id", "x".repeat(100_000));
    });
    expect(codeOf(await failureOf(writing))).toBe("ledger_full");
  });
});
