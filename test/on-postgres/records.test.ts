/** What is said of retention and exports is true on the other database as well. */
import { afterAll, describe } from "vitest";
import { keepLedgersIn } from "../doubles/ledgers.ts";
import { postgresForTests } from "../doubles/postgres-run.ts";

const postgres = await postgresForTests();
afterAll(() => postgres.remove());

describe.skipIf(postgres.missing)("on Postgres", () => {
  keepLedgersIn(postgres);
  describe("retention", async () => void (await import("../records/retention.test.ts")));
  describe("exports", async () => void (await import("../records/export.test.ts")));
});
