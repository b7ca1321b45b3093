/** What is said of takeovers, copies and writes is true on the other database as well. */
import { afterAll, describe } from "vitest";
import { keepLedgersIn } from "../doubles/ledgers.ts";
import { postgresForTests } from "../doubles/postgres-run.ts";

const postgres = await postgresForTests();
afterAll(() => postgres.remove());

describe.skipIf(postgres.missing)("on Postgres", () => {
  keepLedgersIn(postgres);
  describe("the desk", async () => void (await import("../desk/service.test.ts")));
  describe("questions in a private thread", async () => void (await import("../desk/detour.test.ts")));
  describe("whose thread it is", async () => void (await import("../desk/whose-thread.test.ts")));
  describe("half a reply", async () => void (await import("../desk/half-shown.test.ts")));
  describe("copies", async () => void (await import("../desk/copies.test.ts")));
  describe("confirmation", async () => void (await import("../intents/confirmation.test.ts")));
  describe("approvals", async () => void (await import("../intents/approvals.test.ts")));
  describe("conversations from outside", async () => void (await import("../sessions.test.ts")));
});
