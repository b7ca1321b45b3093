/** The same marks in the other database: what test/ledger/marks.test.ts says of it is true there as well. */
import { afterAll, describe } from "vitest";
import { keepLedgersIn } from "../doubles/ledgers.ts";
import { postgresForTests } from "../doubles/postgres-run.ts";

const postgres = await postgresForTests();
afterAll(() => postgres.remove());

describe.skipIf(postgres.missing)("on Postgres", async () => {
  keepLedgersIn(postgres);
  await import("../ledger/marks.test.ts");
});
