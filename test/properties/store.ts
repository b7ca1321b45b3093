/** One real ledger for all runs of a property; each run finds it empty. */
import type { Clock } from "../../src/clock.ts";
import { migrate } from "../../src/ledger/migrate.ts";
import { migrations } from "../../src/ledger/migrations.ts";
import type { Ledger } from "../../src/ledger.ts";
import { createLog } from "../../src/log.ts";
import { openLedger } from "../doubles/ledgers.ts";
import { quickFolder } from "../doubles/quick-folder.ts";
import { createUnderWay } from "./under-way.ts";

export interface Store {
  ledger: Ledger;
  /** Whether it is at work: no virtual time passes then. */
  busy(): boolean;
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
  const real = await openLedger(folder.path, { clock, log });
  await migrate(real, migrations, { clock, log });
  const underWay = createUnderWay();
  const ledger = underWay.ledger(real);
  return {
    ledger,
    busy: underWay.busy,
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
