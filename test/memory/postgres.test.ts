/** The memory on @keyv/postgres, on a real server: the contract, and whose table it is. */
import { afterAll, afterEach, describe, expect, it } from "vitest";
import { createClock } from "../../src/clock.ts";
import { createLog } from "../../src/log.ts";
import { createMemory } from "../../src/memory/memory.ts";
import type { Memory } from "../../src/memory.ts";
import { describeMemory } from "../contracts/memory.ts";
import { askPostgres as ask } from "../doubles/postgres-ask.ts";
import { postgresForTests } from "../doubles/postgres-run.ts";
import { createVirtualClock } from "../doubles/virtual-clock.ts";

const clock = createClock();
const log = createLog("silent");
const postgres = await postgresForTests();
afterAll(() => postgres.remove());

describe.skipIf(postgres.missing)("on a real server", () => {
  describeMemory("Postgres", async () => {
    const uri = await postgres.place();
    return {
      open: () => createMemory({ uri, path: "", clock, log }),
      spoil: async (key, text) =>
        void (await ask(uri, "UPDATE keyv SET value = $1 WHERE key = $2", text, `deskhand:notes:${key}`)),
      remove: async () => {},
    };
  });

  describe("a memory in Postgres", () => {
    const opened: Memory[] = [];
    afterEach(async () => {
      await Promise.all(opened.splice(0).map((memory) => memory.close()));
    });
    const open = async (uri: string, by = clock): Promise<Memory> => {
      const memory = await createMemory({ uri, path: "", clock: by, log });
      opened.push(memory);
      return memory;
    };

    it("is its desk's own: another desk, in another schema of the database, sees nothing of it", async () => {
      const [one, other] = [await postgres.place(), await postgres.place()];
      const first = await open(one);
      await first.store("codes").set("console:local:customer", "123456");
      await first.close();
      const second = await open(other);
      expect(await second.store("codes").get("console:local:customer")).toBe(undefined);
      expect(await ask(one, "SELECT key FROM keyv")).toEqual([
        { key: "deskhand:codes:console:local:customer" },
      ]);
      expect(
        await ask(one, "SELECT 1 FROM pg_tables WHERE schemaname = 'public' AND tablename = 'keyv'"),
      ).toEqual([]);
    });

    it("deletes what is over, though nobody asks for it again, and nothing else", async () => {
      const uri = await postgres.place();
      const manual = createVirtualClock();
      const memory = await open(uri, { ...manual, now: () => clock.now() + 60_000 });
      const store = memory.store<unknown>("codes");
      await Promise.all(
        Array.from({ length: 450 }, (_, n) => store.set(`over${n}`, "the code is 123456", 1_000)),
      );
      await store.set("kept", "still good", 600_000);
      await store.set("always", { expires: 1 });
      await ask(uri, "INSERT INTO keyv VALUES ('other:program', $1)", '{"value":1,"expires":1}');
      const keys = async () => {
        await manual.pass(10_000);
        return (await ask(uri, "SELECT key FROM keyv ORDER BY key")).map(({ key }) => key);
      };
      await expect
        .poll(keys, { timeout: 20_000 })
        .toEqual(["deskhand:codes:always", "deskhand:codes:kept", "other:program"]);
      expect(await store.get("always")).toEqual({ expires: 1 });
    });
  });
});
