import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createNotes } from "../../adapters/discord/watermarks.ts";
import { createClock } from "../../src/clock.ts";
import { readMark, readMarks, writeMarks } from "../../src/ledger/marks.ts";
import { migrate } from "../../src/ledger/migrate.ts";
import { migrations } from "../../src/ledger/migrations.ts";
import type { Ledger } from "../../src/ledger.ts";
import { createLog } from "../../src/log.ts";
import { openLedger } from "../doubles/ledgers.ts";
import { temporaryFolder } from "../journeys/terminal.ts";

const parts = { clock: createClock(), log: createLog("silent") };
let folder: ReturnType<typeof temporaryFolder>;
let ledger: Ledger;
beforeEach(async () => {
  folder = temporaryFolder();
  ledger = await openLedger(folder.path, parts);
  await migrate(ledger, migrations, parts);
});
afterEach(async () => {
  await ledger.close();
  folder.remove();
});

const kept = (name: string) => ledger.read((tx) => readMark(tx, "discord", name));

/** What a process notes. */
async function notes() {
  const made = createNotes({
    marks: {
      read: kept,
      load: () => ledger.read((tx) => readMarks(tx, "discord")),
      save: (changes, rises) => ledger.write((tx) => writeMarks(tx, "discord", changes, rises)),
    },
    ...parts,
  });
  await made.reload();
  return made;
}

describe("how far a channel has been taken", () => {
  it("is not forgotten when a process that was frozen meanwhile saves what it last knew", async () => {
    const frozen = await notes();
    frozen.set("at:1", "99");
    const other = await notes();
    other.set("at:1", "100");
    await other.flush();
    await frozen.flush();
    expect(await kept("at:1")).toBe("100");
    await frozen.reload();
    expect(frozen.get("at:1")).toBe("100");
    frozen.set("at:1", "101");
    await frozen.flush();
    expect(await kept("at:1")).toBe("101");
  });

  it("is a number, whatever else is noted is what was said last", async () => {
    const one = await notes();
    for (const value of ["9", "10", undefined, "5"]) {
      one.set("session", value);
      await one.flush();
      expect(await kept("session")).toBe(value);
    }
  });
});
