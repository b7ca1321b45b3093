/** The memory beside the ledger, in the same database. */
import { afterAll, describe, expect, it } from "vitest";
import { createClock } from "../../src/clock.ts";
import { createLog } from "../../src/log.ts";
import { createMemory } from "../../src/memory/memory.ts";
import { ownPostgres } from "../doubles/postgres-run.ts";

const server = await ownPostgres();
afterAll(() => server?.remove());

describe.skipIf(!server)("the memory on Postgres", () => {
  it.each(["fast", "immediate"] as const)(
    "lives on when the server is stopped (%s) while nothing is asked of it",
    async (how) => {
      if (!server) return;
      const clock = createClock();
      const log = createLog("error", { write: () => {} });
      const memory = await createMemory({ uri: await server.database(), path: "", clock, log });
      const store = memory.store("verification");
      await Promise.all(Array.from({ length: 5 }, (_, at) => store.set(`key-${at}`, { at })));
      await server.stop(how);
      await expect(store.get("key-1")).rejects.toMatchObject({ code: "memory_failed" });
      await server.start();
      await expect
        .poll(() => store.get("key-1").catch(() => "not yet"), { timeout: 15_000 })
        .toEqual({ at: 1 });
      await memory.close();
    },
  );
});
