import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createClock } from "../../src/clock.ts";
import { type Claims, createClaims } from "../../src/crew/claims.ts";
import { DeskError } from "../../src/errors.ts";
import { migrate } from "../../src/ledger/migrate.ts";
import { migrations } from "../../src/ledger/migrations.ts";
import type { Ledger } from "../../src/ledger.ts";
import { createLog } from "../../src/log.ts";
import { openLedger } from "../doubles/ledgers.ts";
import { temporaryFolder } from "../journeys/terminal.ts";

const parts = { clock: createClock(), log: createLog("silent") };
let folder: ReturnType<typeof temporaryFolder>;
let file: Ledger;
let ledger: Ledger;
let down: boolean;
let made: Claims[];
beforeEach(async () => {
  folder = temporaryFolder();
  file = await openLedger(folder.path, parts);
  await migrate(file, migrations, parts);
  down = false;
  made = [];
  ledger = {
    ...file,
    write: (work, how) =>
      down
        ? Promise.reject(new DeskError("ledger_busy", "the database does not answer"))
        : file.write(work, how),
  };
});
afterEach(async () => {
  for (const claims of made) await claims.close();
  await file.close();
  folder.remove();
});

function claimsOf(member: string): Claims {
  const claims = createClaims({ ledger, member, ...parts });
  made.push(claims);
  return claims;
}

describe("a claim", () => {
  it("that could not be given back is had again by its own process at once, and by no other", async () => {
    const [one, other] = [claimsOf("m_one"), claimsOf("m_other")];
    const first = await one.take("send:a");
    down = true;
    await first?.release();
    down = false;
    expect(await other.take("send:a")).toBeUndefined();
    const again = await one.take("send:a");
    expect(again?.holds()).toBe(true);
    expect(again?.takenOver).toBe(false);
    expect(first?.holds()).toBe(false);
    await again?.release();
    expect((await other.take("send:a"))?.holds()).toBe(true);
  });

  it("is one's alone: neither another process nor another hand of the same one has it too", async () => {
    const [one, other] = [claimsOf("m_one"), claimsOf("m_other")];
    const all = await Promise.all([one, one, other].map((claims) => claims.take("work:a")));
    expect(all.filter((claim) => claim?.holds())).toHaveLength(1);
  });
});
