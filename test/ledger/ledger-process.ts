/**
 * Another process at the same files, for the tests that need one: killed while it writes, or holding a lock. It says
 * on standard output what it has done, one line each, and obeys a closed standard input.
 *
 *   write PATH        writes pairs of rows, several at once; a line is the id of a pair that was acknowledged
 *   hold PATH         holds the file's write lock: `held`
 *   lock DIR          holds the data folder's lock: `locked`, or the error's code and text
 *   migrate PATH N    runs migrations of N rows each, for ever more of them: `migrated`
 */
import { writeSync } from "node:fs";
import { DatabaseSync } from "@photostructure/sqlite";
import { createClock } from "../../src/clock.ts";
import { codeOf, faultOf } from "../../src/errors.ts";
import { lockData } from "../../src/ledger/data-lock.ts";
import { migrate } from "../../src/ledger/migrate.ts";
import { createSqliteLedger } from "../../src/ledger/sqlite-ledger.ts";
import { createLog } from "../../src/log.ts";

const [, , mode, path = "", argument = ""] = process.argv;
const clock = createClock();
const log = createLog("silent");
const say = (line: string) => writeSync(1, `${line}\n`);

switch (mode) {
  case "write": {
    const ledger = await createSqliteLedger({ path, clock, log });
    await ledger.write((tx) => tx.run("CREATE TABLE IF NOT EXISTS halves (pair TEXT, half BIGINT)"));
    const writing = async (name: string) => {
      for (let n = 0; ; n++) {
        const pair = `${argument}-${name}-${n}`;
        await ledger.write(async (tx) => {
          await tx.run("INSERT INTO halves (pair, half) VALUES (?, 1)", pair);
          await tx.run("INSERT INTO halves (pair, half) VALUES (?, 2)", pair);
        });
        say(pair);
      }
    };
    await Promise.all(["a", "b", "c", "d"].map(writing));
    break;
  }
  case "hold": {
    const database = new DatabaseSync(path);
    database.exec("BEGIN IMMEDIATE");
    say("held");
    process.stdin.resume().on("end", () => {
      database.exec("ROLLBACK");
      database.close();
    });
    break;
  }
  case "lock": {
    try {
      const release = lockData(path);
      say("locked");
      process.stdin.resume().on("end", release);
    } catch (error) {
      say(`${codeOf(error)}: ${faultOf(error)}`);
    }
    break;
  }
  case "migrate": {
    const ledger = await createSqliteLedger({ path, clock, log });
    const migrations = Array.from({ length: Number(argument) }, (_, index) => ({
      name: `step ${index + 1}`,
      statements: [
        `CREATE TABLE step_${index + 1} (n BIGINT)`,
        ...Array.from({ length: 20 }, (_, n) => `INSERT INTO step_${index + 1} (n) VALUES (${n})`),
      ],
    }));
    say("migrating");
    await migrate(ledger, migrations, { clock, log });
    await ledger.close();
    say("migrated");
    break;
  }
}
