/** A data folder with open tickets in it, without a desk that has made them. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { createClock } from "../../src/clock.ts";
import { migrate } from "../../src/ledger/migrate.ts";
import { migrations } from "../../src/ledger/migrations.ts";
import { createSqliteLedger } from "../../src/ledger/sqlite-ledger.ts";
import { openTicket } from "../../src/ledger/tickets.ts";
import { createLog } from "../../src/log.ts";

export async function writeTickets(data: string, count: number, lastWords: string): Promise<void> {
  mkdirSync(data, { recursive: true });
  const parts = { clock: createClock(), log: createLog("silent") };
  const ledger = await createSqliteLedger({ path: join(data, "ledger.sqlite"), ...parts });
  await migrate(ledger, migrations, parts);
  await ledger.write(async (tx) => {
    for (let n = 1; n <= count; n++) {
      const brief = { customer: "Ann", tried: [], facts: [], lastWords, nextStep: "Take the ticket." };
      const known = { thread: `console:local:t${n}`, ask: `Where is order ${n}?`, reason: "asked", brief };
      await openTicket(tx, { ...known, priority: "normal", queue: "general", language: "en" }, 1);
    }
  });
  await ledger.close();
}
