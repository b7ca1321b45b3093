import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createClock } from "../../src/clock.ts";
import { readMark, writeMarks } from "../../src/ledger/marks.ts";
import { migrate } from "../../src/ledger/migrate.ts";
import { migrations } from "../../src/ledger/migrations.ts";
import { createSealedMarks } from "../../src/ledger/sealed-marks.ts";
import { createSqliteLedger } from "../../src/ledger/sqlite-ledger.ts";
import type { Ledger } from "../../src/ledger.ts";
import { createLog } from "../../src/log.ts";
import { temporaryFolder } from "../journeys/terminal.ts";

let folder: ReturnType<typeof temporaryFolder>;
let ledger: Ledger;
let logged: string[];
beforeEach(async () => {
  folder = temporaryFolder();
  const parts = { clock: createClock(), log: createLog("silent") };
  ledger = await createSqliteLedger({ path: `${folder.path}/ledger.sqlite`, ...parts });
  await migrate(ledger, migrations, parts);
  logged = [];
});
afterEach(async () => {
  await ledger.close();
  folder.remove();
});

const marksWith = (secret: string, platform = "slack") =>
  createSealedMarks({
    ledger,
    platform,
    secret: () => secret,
    clock: createClock(),
    log: createLog("info", { write: (line: string) => logged.push(line) }),
  });
const kept = (name: string) => ledger.read((tx) => readMark(tx, "slack", name));
const secret = "a secret of at least thirty-two characters";

describe("a sealed mark", () => {
  it("comes back as it was, and can be replaced and removed", async () => {
    const marks = marksWith(secret);
    for (const value of ["xoxb-1", "", "ümläut 😀 ".repeat(1_000)]) {
      await marks.save("installation:T2", value);
      expect(await marks.find("installation:T2")).toBe(value);
      expect(await marksWith(secret).find("installation:T2")).toBe(value);
    }
    await marks.remove("installation:T2");
    expect(await marks.find("installation:T2")).toBeUndefined();
    expect(await marks.find("never")).toBeUndefined();
    expect(logged).toEqual([]);
  });

  it("shows nothing of its value, and not that two are equal", async () => {
    const marks = marksWith(secret);
    await marks.save("one", "xoxb-T2-token");
    const first = await kept("one");
    await marks.save("one", "xoxb-T2-token");
    expect(first).not.toBe(await kept("one"));
    expect(Buffer.from(first?.split(".")[2] ?? "", "base64url").toString("latin1")).not.toContain("xoxb");
  });

  it("is none when it was sealed with another secret, for another name or platform, or was changed", async () => {
    await marksWith(secret).save("one", "xoxb-T2-token");
    const sealed = (await kept("one")) ?? "";
    expect(await marksWith(`${secret}!`).find("one")).toBeUndefined();
    const changed = `${sealed.slice(0, -2)}${sealed.endsWith("A") ? "BB" : "AA"}`;
    const all: [string, string][] = [
      ["two", sealed],
      ["changed", changed],
      ["cut", sealed.slice(0, 20)],
      ["foreign", "xoxb-in-the-clear"],
      ["later", sealed.replace("v1", "v2")],
    ];
    await ledger.write((tx) => writeMarks(tx, "slack", all));
    for (const [name] of all) expect(await marksWith(secret).find(name)).toBeUndefined();
    await ledger.write((tx) => writeMarks(tx, "other", [["one", sealed]]));
    expect(await marksWith(secret, "other").find("one")).toBeUndefined();
    expect(logged.filter((line) => line.includes("mark.unreadable"))).toHaveLength(7);
    expect(logged.join()).not.toContain(secret);
  });
});
