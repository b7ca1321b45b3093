import { afterAll, describe } from "vitest";
import { createClock } from "../../src/clock.ts";
import { createPostgresLedger } from "../../src/ledger/postgres-ledger.ts";
import { createLog } from "../../src/log.ts";
import { describeLedger } from "../contracts/ledger.ts";
import { postgresForTests } from "../doubles/postgres-run.ts";

const clock = createClock();
const log = createLog("silent");
const postgres = await postgresForTests();
afterAll(() => postgres.remove());

describe.skipIf(postgres.missing)("on a real server", () => {
  describeLedger("Postgres", async () => {
    const ledger = await createPostgresLedger({ url: await postgres.place(), clock, log });
    return { ledger, remove: () => ledger.close() };
  });
});
