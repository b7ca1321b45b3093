/** The properties of what stands on the ledger, a tenth as often, on the other database. */
import { afterAll, describe } from "vitest";
import { keepLedgersIn } from "../doubles/ledgers.ts";
import { postgresForTests } from "../doubles/postgres-run.ts";

const postgres = await postgresForTests();
afterAll(() => postgres.remove());

process.env.DESKHAND_RUNS = String(Number(process.env.DESKHAND_RUNS ?? 1) / 10);

describe.skipIf(postgres.missing)("on Postgres", () => {
  keepLedgersIn(postgres);
  describe("the inbox", async () => void (await import("../properties/inbox.test.ts")));
  describe("the outbox", async () => void (await import("../properties/outbox.test.ts")));
  describe("an intent's moves", async () => void (await import("../properties/intent-moves.test.ts")));
  describe("writes", async () => void (await import("../properties/intents.test.ts")));
});
