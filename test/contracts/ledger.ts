/** What every ledger does, whatever database is behind it. `make` gives an empty one and the way to remove it. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { codeOf } from "../../src/errors.ts";
import type { Ledger } from "../../src/ledger.ts";

export interface LedgerUnderTest {
  ledger: Ledger;
  /** Closes the ledger, when the test has not, and removes what it kept. */
  remove(): Promise<void>;
}

export function describeLedger(name: string, make: () => Promise<LedgerUnderTest>): void {
  describe(`the contract of a ledger: ${name}`, () => {
    let under: LedgerUnderTest;
    let ledger: Ledger;

    beforeEach(async () => {
      under = await make();
      ledger = under.ledger;
      await ledger.write((tx) =>
        tx.run("CREATE TABLE parcels (id TEXT PRIMARY KEY, weight BIGINT NOT NULL, note TEXT)"),
      );
    });
    afterEach(() => under.remove());

    const put = (id: string, weight = 1, note: string | null = null) =>
      ledger.write((tx) =>
        tx.run("INSERT INTO parcels (id, weight, note) VALUES (?, ?, ?)", id, weight, note),
      );
    const ids = async () => {
      const rows = await ledger.read((tx) => tx.all<{ id: string }>("SELECT id FROM parcels ORDER BY id"));
      return rows.map((row) => row.id);
    };

    describe("statements", () => {
      it("run gives the number of rows changed", async () => {
        expect(await put("a")).toBe(1);
        await put("b");
        expect(await ledger.write((tx) => tx.run("UPDATE parcels SET weight = weight + 1"))).toBe(2);
        expect(await ledger.write((tx) => tx.run("DELETE FROM parcels WHERE id = ?", "none"))).toBe(0);
      });

      it("ON CONFLICT DO NOTHING changes no row the second time", async () => {
        const once = () =>
          ledger.write((tx) =>
            tx.run("INSERT INTO parcels (id, weight) VALUES (?, ?) ON CONFLICT (id) DO NOTHING", "a", 1),
          );
        expect(await once()).toBe(1);
        expect(await once()).toBe(0);
      });

      it("RETURNING gives the rows that were written", async () => {
        const row = await ledger.write((tx) =>
          tx.get("INSERT INTO parcels (id, weight) VALUES (?, ?) RETURNING id, weight, note", "a", 7),
        );
        expect(row).toEqual({ id: "a", weight: 7, note: null });
      });

      it("get gives undefined and all gives an empty list when nothing is found", async () => {
        expect(await ledger.read((tx) => tx.get("SELECT * FROM parcels WHERE id = ?", "none"))).toBe(
          undefined,
        );
        expect(await ledger.read((tx) => tx.all("SELECT * FROM parcels"))).toEqual([]);
      });

      it("numbers come back as numbers: counts and milliseconds since 1970", async () => {
        await put("a", 1_790_000_000_123);
        await put("b", 5);
        const row = await ledger.read((tx) =>
          tx.get("SELECT COUNT(*) AS n, MAX(weight) AS latest, MIN(weight) AS least FROM parcels"),
        );
        expect(row).toEqual({ n: 2, latest: 1_790_000_000_123, least: 5 });
        expect(
          await ledger.read((tx) => tx.all("SELECT id FROM parcels WHERE weight >= ?", 1_790_000_000_123)),
        ).toEqual([{ id: "a" }]);
      });

      it.each([
        ["empty", ""],
        ["with quotes and a semicolon", `'); DROP TABLE parcels; -- "?" ?`],
        ["in many scripts", "naïve 日本語 עברית 👩‍👩‍👧‍👦\n\ttab"],
        ["of a megabyte", "long ".repeat(200_000)],
        ["that is a number", "0123"],
      ])("text %s comes back as it went in", async (_kind, text) => {
        await put("a", 1, text);
        expect(await ledger.read((tx) => tx.get("SELECT note FROM parcels"))).toEqual({ note: text });
      });

      it("question marks in literals and comments are no parameters", async () => {
        const row = await ledger.read((tx) =>
          tx.get("SELECT '?' AS mark, CAST(? AS TEXT) AS given -- really?\n", "yes"),
        );
        expect(row).toEqual({ mark: "?", given: "yes" });
      });

      it.each([
        ["undefined", undefined],
        ["NaN", Number.NaN],
        ["an object", { id: 1 }],
        ["true", true],
      ])("%s is refused as a value, and nothing is written", async (_kind, value) => {
        const writing = ledger.write(async (tx) => {
          await tx.run("INSERT INTO parcels (id, weight) VALUES ('before', 1)");
          await tx.run(
            "INSERT INTO parcels (id, weight, note) VALUES ('a', 1, ?)",
            value as unknown as string,
          );
        });
        await expectCode(writing, "ledger_failed");
        expect(await ids()).toEqual([]);
      });

      it.each([
        ["too few values", "INSERT INTO parcels (id, weight, note) VALUES (?, ?, ?)", ["a", 1]],
        ["too many values", "INSERT INTO parcels (id, weight) VALUES (?, ?)", ["a", 1, "x"]],
        ["two statements in one", "INSERT INTO parcels VALUES (?, ?, NULL); DELETE FROM parcels", ["a", 1]],
        ["bad syntax", "INSERT PARCEL", []],
        ["an unknown table", "DELETE FROM letters", []],
        ["the end of the transaction", "COMMIT", []],
      ])("%s is refused as ledger_failed", async (_kind, sql, values) => {
        await expectCode(
          ledger.write((tx) => tx.run(sql, ...values)),
          "ledger_failed",
        );
        expect(await ids()).toEqual([]);
      });

      it("a broken constraint is ledger_failed, with the database's own error as its cause", async () => {
        await put("a");
        const error = await put("a").catch((thrown: unknown) => thrown);
        expect(codeOf(error)).toBe("ledger_failed");
        expect((error as Error).cause).toBeInstanceOf(Error);
        await expectCode(
          ledger.write((tx) => tx.run("INSERT INTO parcels (id, weight) VALUES (?, ?)", "b", null)),
          "ledger_failed",
        );
        await put("c");
        expect(await ids()).toEqual(["a", "c"]);
      });
    });

    describe("write", () => {
      it("knows the database's time, which does not go back", async () => {
        const first = await ledger.write((tx) => tx.now);
        const second = await ledger.write((tx) => tx.now);
        expect(Math.abs(first - Date.now())).toBeLessThan(60_000);
        expect(Number.isInteger(first)).toBe(true);
        expect(second).toBeGreaterThanOrEqual(first);
      });

      it("gives what its work gives, whether it is synchronous or not", async () => {
        expect(await ledger.write(() => 1)).toBe(1);
        expect(await ledger.write(async () => 2)).toBe(2);
        expect(await ledger.write(() => undefined)).toBe(undefined);
      });

      it("has been committed when it resolves", async () => {
        await put("a");
        expect(await ids()).toEqual(["a"]);
      });

      it("sees its own writes before they are committed", async () => {
        const seen = await ledger.write(async (tx) => {
          await tx.run("INSERT INTO parcels (id, weight) VALUES ('a', 1)");
          return tx.all("SELECT id FROM parcels");
        });
        expect(seen).toEqual([{ id: "a" }]);
      });

      it("rejects with exactly what its work throws, and keeps nothing of it", async () => {
        const oops = new Error("not today");
        const synchronous = ledger.write((tx) => {
          void tx.run("INSERT INTO parcels (id, weight) VALUES ('a', 1)");
          throw oops;
        });
        await expect(synchronous).rejects.toBe(oops);
        const asynchronous = ledger.write(async (tx) => {
          await tx.run("INSERT INTO parcels (id, weight) VALUES ('b', 1)");
          throw oops;
        });
        await expect(asynchronous).rejects.toBe(oops);
        expect(await ids()).toEqual([]);
      });

      it("one that fails takes nothing from those asked for at the same time", async () => {
        const works = Array.from({ length: 60 }, (_, n) =>
          ledger.write(async (tx) => {
            await tx.run("INSERT INTO parcels (id, weight) VALUES (?, ?)", `p${n}`, n);
            if (n % 7 === 0) throw new Error(`p${n}`);
            if (n % 11 === 0) await tx.run("INSERT INTO nowhere (id) VALUES (1)");
            return n;
          }),
        );
        const settled = await Promise.allSettled(works);
        const kept = settled.flatMap((result) => (result.status === "fulfilled" ? [`p${result.value}`] : []));
        expect(kept).toHaveLength(60 - 9 - 5);
        expect((await ids()).toSorted()).toEqual(kept.toSorted());
      });

      it("a statement that failed fails its work, even when the work caught it", async () => {
        await put("a");
        const writing = ledger.write(async (tx) => {
          await tx.run("INSERT INTO parcels (id, weight) VALUES ('b', 1)");
          try {
            await tx.run("INSERT INTO parcels (id, weight) VALUES ('a', 1)");
          } catch {
            return "all is well";
          }
          return "not reached";
        });
        await expectCode(writing, "ledger_failed");
        expect(await ids()).toEqual(["a"]);
      });

      it("loses no increment of many at once", async () => {
        await put("counter", 0);
        const increment = () =>
          ledger.write(async (tx) => {
            const row = await tx.get<{ weight: number }>("SELECT weight FROM parcels WHERE id = 'counter'");
            await tx.run("UPDATE parcels SET weight = ? WHERE id = 'counter'", (row?.weight ?? 0) + 1);
          });
        await Promise.all(Array.from({ length: 40 }, increment));
        expect(await ledger.read((tx) => tx.get("SELECT weight FROM parcels"))).toEqual({ weight: 40 });
      });

      it("of two that change the same version, one finds no row", async () => {
        await put("a", 1);
        const change = () =>
          ledger.write((tx) =>
            tx.run("UPDATE parcels SET weight = weight + 1 WHERE id = ? AND weight = ?", "a", 1),
          );
        expect((await Promise.all([change(), change()])).toSorted()).toEqual([0, 1]);
      });

      it("makes and unmakes tables like rows", async () => {
        const failing = ledger.write(async (tx) => {
          await tx.run("CREATE TABLE crates (id TEXT PRIMARY KEY)");
          throw new Error("changed my mind");
        });
        await expect(failing).rejects.toThrow("changed my mind");
        await ledger.write((tx) => tx.run("CREATE TABLE crates (id TEXT PRIMARY KEY)"));
      });

      it("fails work that waits for something else, and goes on with the others", async () => {
        const waiting = ledger.write(async (tx) => {
          await tx.run("INSERT INTO parcels (id, weight) VALUES ('a', 1)");
          await new Promise(() => {});
        });
        const neighbour = put("b");
        await expectCode(waiting, "ledger_failed");
        await neighbour;
        expect(await ids()).toEqual(["b"]);
      });

      it("refuses a transaction after its work has ended", async () => {
        const kept = await ledger.write((tx) => ({ tx }));
        await expectCode(
          (async () => kept.tx.run("INSERT INTO parcels (id, weight) VALUES ('late', 1)"))(),
          "ledger_failed",
        );
        expect(await ids()).toEqual([]);
      });
    });

    describe("read", () => {
      it("gives what its work gives and rejects with what it throws", async () => {
        const oops = new Error("no");
        expect(await ledger.read(async () => 3)).toBe(3);
        const throwing = ledger.read(() => {
          throw oops;
        });
        await expect(throwing).rejects.toBe(oops);
      });

      it("never sees half of a write", async () => {
        await put("here", 100);
        await put("there", 0);
        let moving = true;
        const totals = new Set<unknown>();
        const watching = (async () => {
          while (moving) {
            const row = await ledger.read((tx) => tx.get("SELECT SUM(weight) AS total FROM parcels"));
            totals.add(Number(row?.total));
            await new Promise((resolve) => setImmediate(resolve));
          }
        })();
        for (let n = 0; n < 50; n++) {
          await ledger.write(async (tx) => {
            await tx.run("UPDATE parcels SET weight = weight - 1 WHERE id = 'here'");
            await tx.run("UPDATE parcels SET weight = weight + 1 WHERE id = 'there'");
          });
        }
        moving = false;
        await watching;
        expect([...totals]).toEqual([100]);
      });

      it("cannot write", async () => {
        const writing = ledger.read((tx) =>
          tx.get("INSERT INTO parcels (id, weight) VALUES ('a', 1) RETURNING id"),
        );
        await expect(writing).rejects.toThrow();
        expect(await ids()).toEqual([]);
      });
    });

    describe("close", () => {
      it("waits for what was asked for before, then refuses", async () => {
        const writes = Array.from({ length: 20 }, (_, n) => put(`p${n}`));
        const closing = ledger.close();
        await expectCode(put("late"), "ledger_failed");
        await closing;
        expect(await Promise.all(writes)).toHaveLength(20);
        await expectCode(ids(), "ledger_failed");
        await ledger.close();
      });
    });

    it("scrub, where there is one, keeps what is there", async () => {
      await put("a");
      await ledger.scrub?.();
      expect(await ids()).toEqual(["a"]);
      await put("b");
      expect(await ids()).toEqual(["a", "b"]);
    });
  });
}

async function expectCode(promise: Promise<unknown>, code: string): Promise<void> {
  const error = await promise.then(
    () => new Error("it did not fail"),
    (thrown: unknown) => thrown,
  );
  expect(codeOf(error), String(error)).toBe(code);
}
