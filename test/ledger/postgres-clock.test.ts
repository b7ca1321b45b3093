import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { type Clock, createClock } from "../../src/clock.ts";
import { createPostgresLedger } from "../../src/ledger/postgres-ledger.ts";
import { createLog } from "../../src/log.ts";
import { postgresForTests } from "../doubles/postgres-run.ts";

const postgres = await postgresForTests();
beforeAll(() => vi.useFakeTimers({ toFake: ["Date"] }));
afterAll(async () => {
  vi.useRealTimers();
  await postgres.remove();
});

describe.skipIf(postgres.missing)("processes of one desk on Postgres", () => {
  it("go by the database's clock, whatever their machines say: what comes later has the later id", async () => {
    const dayMs = 86_400_000;
    const url = await postgres.place();
    const now = Date.now();
    const clocks = [dayMs, -dayMs].map((wrong) => {
      const clock = createClock();
      vi.setSystemTime(now + wrong);
      expect(Math.abs(clock.now() - now - wrong)).toBeLessThan(60_000);
      clock.id("o");
      return clock;
    });
    const open = (clock: Clock) => createPostgresLedger({ url, clock, log: createLog("silent") });
    const ledgers = await Promise.all(clocks.map(open));
    const ids: string[] = [];
    for (let at = 0; at < 6; at++) {
      const clock = clocks[at % 2] as Clock;
      ids.push((await ledgers[at % 2]?.write(() => clock.id("o"))) ?? "");
      expect(Math.abs(clock.now() - now)).toBeLessThan(60_000);
    }
    expect(ids).toEqual([...ids].sort());
    for (const ledger of ledgers) await ledger.close();
  });
});
