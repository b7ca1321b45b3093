/**
 * Erases a customer in a process of its own that dies where it is told to: `erase DATA CUSTOMER STAGE`. Stages: `memory`
 * when the memory has been emptied, `files` when the files are gone, `commit` when the ledger's transaction is durable.
 */
import { join } from "node:path";
import { createClock } from "../../src/clock.ts";
import { createSqliteLedger } from "../../src/ledger/sqlite-ledger.ts";
import { createLog } from "../../src/log.ts";
import { createMemory } from "../../src/memory/memory.ts";
import { createCustomerFiles } from "../../src/records/customer-files.ts";
import { eraseCustomer } from "../../src/records/erase-customer.ts";
import { forgettingIn } from "../../src/records/forgetting.ts";

const [, , data = "", customer = "", stage = ""] = process.argv;
const clock = createClock();
const log = createLog("silent");
const ledger = await createSqliteLedger({ path: join(data, "ledger.sqlite"), clock, log });
const memory = forgettingIn(await createMemory({ path: join(data, "memory.sqlite"), clock, log }));
const files = createCustomerFiles(data, clock);

async function dieAfter<T>(name: string, work: Promise<T>): Promise<T> {
  const done = await work;
  if (stage === name) process.kill(process.pid, "SIGKILL");
  return done;
}

await eraseCustomer(
  {
    ledger: { ...ledger, write: (work) => dieAfter("commit", ledger.write(work)) },
    memory: { ...memory, forget: (threads) => dieAfter("memory", memory.forget(threads)) },
    files: { ...files, remove: (paths) => dieAfter("files", files.remove(paths)) },
    clock,
    log,
  },
  customer,
);
