/** What a ledger in Postgres does when its server, or the way to it, fails in the middle of writes. */
import { createServer, type Server, type Socket, connect as socketTo } from "node:net";
import { afterAll, afterEach, beforeEach, describe, expect, it } from "vitest";
import { createClock } from "../../src/clock.ts";
import { codeOf, faultOf } from "../../src/errors.ts";
import { migrate } from "../../src/ledger/migrate.ts";
import { migrations } from "../../src/ledger/migrations.ts";
import { createPostgresLedger, type PostgresParts } from "../../src/ledger/postgres-ledger.ts";
import type { Ledger } from "../../src/ledger.ts";
import { createLog } from "../../src/log.ts";
import { ownPostgres } from "../doubles/postgres-run.ts";
import type { PostgresServer } from "../doubles/postgres-server.ts";

const clock = createClock();
const log = createLog("silent");
/** Of our own, whatever TEST_DATABASE_URL says: it is stopped and killed. */
const started = await ownPostgres();
const server = started as PostgresServer;
let url: string;
const opened: Ledger[] = [];

describe.skipIf(!started)("a Postgres that fails", () => {
  afterAll(() => server.remove());
  beforeEach(async () => {
    url = await server.database();
  });
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((ledger) => ledger.close()));
  });

  async function open(parts: Partial<PostgresParts> = {}): Promise<Ledger> {
    const ledger = await createPostgresLedger({ url, clock, log, ...parts });
    opened.push(ledger);
    return ledger;
  }

  async function openCounter(parts: Partial<PostgresParts> = {}): Promise<Ledger> {
    const ledger = await open(parts);
    await ledger.write((tx) =>
      tx.run("CREATE TABLE counter (id TEXT PRIMARY KEY, count BIGINT NOT NULL, writer TEXT)"),
    );
    await ledger.write((tx) => tx.run("INSERT INTO counter (id, count) VALUES ('all', 0)"));
    return ledger;
  }

  /** Reads, adds one, writes, and leaves a row of its own. */
  const increment = (ledger: Ledger, id: string) =>
    ledger.write(async (tx) => {
      const row = await tx.get<{ count: number }>("SELECT count FROM counter WHERE id = 'all'");
      await tx.run("INSERT INTO counter (id, count) VALUES (?, ?)", id, row?.count ?? 0);
      await tx.run("UPDATE counter SET count = ? WHERE id = 'all'", (row?.count ?? 0) + 1);
    });

  interface Counted {
    done: string[];
    failed: unknown[];
  }

  /** Increments by several writers at once until it is told to stop. */
  function counting(ledgers: readonly Ledger[], writers = 4): () => Promise<Counted> {
    const counted: Counted = { done: [], failed: [] };
    let going = true;
    const running = ledgers.flatMap((ledger, process) =>
      Array.from({ length: writers }, async (_, writer) => {
        for (let n = 0; going; n++) {
          const id = `${process}-${writer}-${n}`;
          await increment(ledger, id).then(
            () => counted.done.push(id),
            (error: unknown) => counted.failed.push(error),
          );
        }
      }),
    );
    return async () => {
      going = false;
      await Promise.all(running);
      return counted;
    };
  }

  /** What was acknowledged is there, once; nothing else is. */
  async function expectExactly(ledger: Ledger, counted: Counted): Promise<void> {
    const rows = await ledger.read((tx) =>
      tx.all<{ id: string; count: number }>("SELECT id, count FROM counter WHERE id <> 'all' ORDER BY id"),
    );
    expect(rows.map((row) => row.id)).toEqual(counted.done.toSorted());
    expect(rows.map((row) => row.count).toSorted((a, b) => a - b)).toEqual(rows.map((_, index) => index));
    const total = await ledger.read((tx) => tx.get("SELECT count FROM counter WHERE id = 'all'"));
    expect(total).toEqual({ count: counted.done.length });
  }

  const pause = (ms: number) => clock.sleep(ms);

  it("connections that are ended at random lose and double nothing, of two processes", async () => {
    const ledgers = [await openCounter(), await open()];
    const stop = counting(ledgers);
    for (let n = 0; n < 30; n++) {
      await pause(20 + 60 * clock.random());
      await server.query(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'deskhand'`,
      );
    }
    const counted = await stop();
    expect(counted.failed).toEqual([]);
    expect(counted.done.length).toBeGreaterThan(30);
    await expectExactly(ledgers[0] as Ledger, counted);
  });

  it("a server that crashes and comes back loses and doubles nothing", async () => {
    const ledger = await openCounter();
    const stop = counting([ledger]);
    for (let n = 0; n < 3; n++) {
      await pause(150);
      await server.stop("immediate");
      await pause(300);
      await server.start();
    }
    await pause(300);
    const counted = await stop();
    expect(counted.failed).toEqual([]);
    await expectExactly(ledger, counted);
  });

  it("a server that stands still for a while is waited for", async () => {
    const ledger = await openCounter();
    const stop = counting([ledger]);
    await pause(100);
    const resume = server.freeze();
    await pause(1_500);
    resume();
    await pause(100);
    const counted = await stop();
    expect(counted.failed).toEqual([]);
    await expectExactly(ledger, counted);
  });

  it("a server that stands still for longer than anybody waits: ledger_busy, and nothing was written", async () => {
    const ledger = await openCounter({ busyMs: 600 });
    await increment(ledger, "before");
    const resume = server.freeze();
    const refused = await increment(ledger, "during").catch((error: unknown) => error);
    const unread = await ledger
      .read((tx) => tx.all("SELECT id FROM counter"))
      .catch((error: unknown) => error);
    resume();
    expect(codeOf(refused)).toBe("ledger_busy");
    expect(codeOf(unread)).toBe("ledger_busy");
    await increment(ledger, "after");
    await expectExactly(ledger, { done: ["before", "after"], failed: [] });
  });

  describe("behind a way that breaks", () => {
    let way: Way;
    beforeEach(async () => {
      way = await wayTo(url);
    });
    afterEach(() => way.close());

    it("during a commit that was made, the write is acknowledged and not made again", async () => {
      const ledger = await openCounter({ url: way.url });
      way.loseAnswerTo("COMMIT");
      await increment(ledger, "a");
      expect(way.broken).toBe(1);
      await expectExactly(ledger, { done: ["a"], failed: [] });
    });

    it("before a commit arrives, the write is made again, once", async () => {
      const ledger = await openCounter({ url: way.url });
      way.lose("COMMIT");
      await increment(ledger, "a");
      expect(way.broken).toBe(1);
      await expectExactly(ledger, { done: ["a"], failed: [] });
    });

    it("during a commit, and stays broken: the answer comes when it is known, and is true", async () => {
      const ledger = await openCounter({ url: way.url, busyMs: 500 });
      way.loseAnswerTo("COMMIT");
      way.refuse();
      let settled = false;
      const writing = increment(ledger, "a").then(() => {
        settled = true;
      });
      await pause(1_500);
      expect(settled).toBe(false);
      way.allow();
      await writing;
      await expectExactly(ledger, { done: ["a"], failed: [] });
    });

    it("for a process that is frozen in the middle of a write, others wait some seconds, and it writes later", async () => {
      const other = await openCounter();
      const frozen = await open({ url: way.url, busyMs: 60_000 });
      const wake = way.stallAt("UPDATE counter");
      const late = increment(frozen, "late");
      await pause(200);
      const since = clock.elapsed();
      await increment(other, "first");
      expect(clock.elapsed() - since).toBeGreaterThan(2_000);
      wake();
      await late;
      await expectExactly(other, { done: ["first", "late"], failed: [] });
    });

    it("says nothing of the password", async () => {
      const ledger = await openCounter({ url: way.url, busyMs: 200 });
      way.refuse();
      way.cut();
      const error = await increment(ledger, "a").catch((thrown: unknown) => thrown);
      const opening = await open({ url: way.url, busyMs: 200 }).catch((thrown: unknown) => thrown);
      way.allow();
      for (const one of [error, opening]) {
        expect(codeOf(one)).toBe("ledger_busy");
        expect(JSON.stringify([faultOf(one), one, String((one as Error).cause)])).not.toContain("hush");
      }
    });
  });

  it.each([
    ["a wrong password", (address: URL) => Object.assign(address, { password: "hush-wrong" })],
    ["a database that does not exist", (address: URL) => Object.assign(address, { pathname: "/nowhere" })],
    [
      "a search_path that leads nowhere",
      (address: URL) => address.searchParams.set("options", "-c search_path=x"),
    ],
  ])("%s is data_unusable at once, without the password", async (_kind, change) => {
    const address = new URL(url);
    change(address);
    const error = await open({ url: address.href }).catch((thrown: unknown) => thrown);
    expect(codeOf(error)).toBe("data_unusable");
    expect(faultOf(error)).not.toContain("hush");
  });

  it("one that is alone keeps others out, and others keep it out", async () => {
    const first = await open();
    await expect(open({ alone: true })).rejects.toMatchObject({ code: "data_in_use" });
    await first.close();
    const alone = await open({ alone: true });
    await expect(open()).rejects.toMatchObject({ code: "data_in_use" });
    await alone.close();
    await open();
  });

  it("compares texts byte by byte, whatever language the server speaks", async () => {
    const ledger = await openCounter();
    const names = ["a", "B", "_", "ä", "Z", "10", "9", "-"];
    for (const name of names) await increment(ledger, name);
    const rows = await ledger.read((tx) =>
      tx.all<{ id: string }>("SELECT id FROM counter WHERE id <> 'all' ORDER BY id"),
    );
    expect(rows.map((row) => row.id)).toEqual(["-", "10", "9", "B", "Z", "_", "a", "ä"]);
  });

  it("a text with U+0000, which Postgres cannot hold, is kept with a mark in its place", async () => {
    const ledger = await openCounter();
    await ledger.write((tx) => tx.run("UPDATE counter SET writer = ?", "a\0b"));
    expect(await ledger.read((tx) => tx.get("SELECT writer FROM counter"))).toEqual({ writer: "a\uFFFDb" });
  });

  it("is written anew without the tables of others that stand beside it", async () => {
    const ledger = await openCounter();
    await migrate(ledger, migrations, { clock, log });
    const file = (table: string) =>
      ledger.read((tx) => tx.get<{ node: number }>(`SELECT pg_relation_filenode('${table}') AS node`));
    const before = [await file("messages"), await file("counter")];
    expect(await ledger.scrub?.()).toBe(true);
    const after = [await file("messages"), await file("counter")];
    expect(after[0]).not.toEqual(before[0]);
    expect(after[1]).toEqual(before[1]);
  });

  it("a table that another process has changed is read as it is now", async () => {
    const [mine, other] = [await openCounter(), await open()];
    const all = () => mine.read((tx) => tx.all("SELECT * FROM counter"));
    const inWrite = () => mine.write((tx) => tx.all("SELECT * FROM counter"));
    expect(await all()).toEqual([{ id: "all", count: 0, writer: null }]);
    await inWrite();
    await other.write((tx) => tx.run("ALTER TABLE counter ADD COLUMN place TEXT"));
    expect(await all()).toEqual([{ id: "all", count: 0, writer: null, place: null }]);
    expect(await inWrite()).toEqual([{ id: "all", count: 0, writer: null, place: null }]);
  });
});

interface Way {
  url: string;
  /** How often it has broken by itself. */
  broken: number;
  /** The next message with these words does not arrive, and the connection breaks. */
  lose(words: string): void;
  /** The next message with these words arrives, and the connection breaks before the answer does. */
  loseAnswerTo(words: string): void;
  /** The next message with these words is held up, until the result is called. */
  stallAt(words: string): () => void;
  /** Breaks all connections. */
  cut(): void;
  refuse(): void;
  allow(): void;
  close(): Promise<void>;
}

/** A way to a server that breaks where it is told to. */
async function wayTo(url: string): Promise<Way> {
  const there = new URL(url);
  const here = new URL(url);
  const sockets = new Set<Socket>();
  const held: (() => void)[] = [];
  let fault: Fault | undefined;
  let open = true;
  const server: Server = createServer((near) => {
    if (!open) {
      near.destroy();
      return;
    }
    const far = socketTo(Number(there.port), there.hostname);
    let silent = false;
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on("error", () => {});
      socket.on("close", () => {
        sockets.delete(socket);
        near.destroy();
        far.destroy();
      });
    }
    near.on("data", (data) => {
      const now = fault && data.includes(fault.words) ? fault.kind : undefined;
      if (now) {
        fault = undefined;
        way.broken += 1;
      }
      switch (now) {
        case "lose":
          near.destroy();
          return;
        case "stall":
          held.push(() => far.write(data));
          return;
        case "lose answer":
          silent = true;
      }
      far.write(data);
    });
    far.on("data", (data) => {
      if (silent) near.destroy();
      else near.write(data);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  here.port = String(typeof address === "object" ? address?.port : 0);
  const way: Way = {
    url: here.href,
    broken: 0,
    lose: (words) => {
      fault = { words, kind: "lose" };
    },
    loseAnswerTo: (words) => {
      fault = { words, kind: "lose answer" };
    },
    stallAt(words) {
      fault = { words, kind: "stall" };
      return () => {
        for (const go of held.splice(0)) go();
      };
    },
    cut() {
      for (const socket of sockets) socket.destroy();
    },
    refuse: () => {
      open = false;
    },
    allow: () => {
      open = true;
    },
    async close() {
      way.cut();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return way;
}

interface Fault {
  words: string;
  kind: "lose" | "lose answer" | "stall";
}
