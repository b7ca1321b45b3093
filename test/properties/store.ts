/** One real ledger for all runs of a property; each run finds it empty. */
import { join } from "node:path";
import type { Clock } from "../../src/clock.ts";
import { migrate } from "../../src/ledger/migrate.ts";
import { migrations } from "../../src/ledger/migrations.ts";
import { createSqliteLedger } from "../../src/ledger/sqlite-ledger.ts";
import type { Ledger } from "../../src/ledger.ts";
import { createLog } from "../../src/log.ts";
import { quickFolder } from "./quick-folder.ts";

export interface Store {
  ledger: Ledger;
  empty(): Promise<void>;
  close(): Promise<void>;
}

const tables = [
  "inbox",
  "inbox_keys",
  "outbox",
  "threads",
  "messages",
  "journal",
  "tickets",
  "audit",
  "intents",
];

export async function openStore(clock: Clock): Promise<Store> {
  const folder = quickFolder();
  const log = createLog("silent");
  const ledger = await createSqliteLedger({ path: join(folder.path, "ledger.sqlite"), clock, log });
  await migrate(ledger, migrations, { clock, log });
  return {
    ledger,
    empty: () =>
      ledger.write(async (tx) => {
        for (const table of tables) await tx.run(`DELETE FROM ${table}`);
      }),
    async close() {
      await ledger.close();
      folder.remove();
    },
  };
}
