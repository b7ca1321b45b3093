/** What a Retry-After said, over deaths: a real ledger, and a clock whose time a test lets pass. */
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { createKeptWaits, type KeptWaits } from "../src/kept-waits.ts";
import { readMarks, writeMarks } from "../src/ledger/marks.ts";
import { migrate } from "../src/ledger/migrate.ts";
import { migrations } from "../src/ledger/migrations.ts";
import { createSqliteLedger } from "../src/ledger/sqlite-ledger.ts";
import type { Ledger } from "../src/ledger.ts";
import { createLog } from "../src/log.ts";
import { createVirtualClock, type VirtualClock } from "./doubles/virtual-clock.ts";
import { temporaryFolder } from "./journeys/terminal.ts";

const log = createLog("silent");
const dayMs = 86_400_000;
let folder: ReturnType<typeof temporaryFolder>;
let clock: VirtualClock;
let ledger: Ledger;
let told: [string, number][];
let asked: number;

beforeEach(async () => {
  folder = temporaryFolder();
  clock = createVirtualClock();
  told = [];
  await open();
  await migrate(ledger, migrations, { clock, log });
  asked = 0;
});
afterEach(async () => {
  await ledger.close();
  folder.remove();
});

async function open(): Promise<void> {
  const file = await createSqliteLedger({ path: join(folder.path, "ledger.sqlite"), clock, log });
  ledger = {
    close: file.close,
    read(work) {
      asked += 1;
      return file.read(work);
    },
    write(work, how) {
      asked += 1;
      return file.write(work, how);
    },
  };
}

const begin = (shared = true): KeptWaits =>
  createKeptWaits({ ledger, shared, tell: (name, ms) => told.push([name, ms]), clock, log });

/** The process dies, and another one opens the same file. */
async function again(shared = true): Promise<KeptWaits> {
  // What is being written is on its way; a death loses it, this one waits for it.
  await clock.pass(0);
  await ledger.write(() => {});
  await ledger.close();
  clock.reboot();
  await open();
  const waits = begin(shared);
  await waits.recall();
  return waits;
}

const kept = async () => (await ledger.read((tx) => readMarks(tx, "waits"))).map(([name]) => name);

it("the next process knows what the last one was told, for as long as is left of it", async () => {
  begin().of("slack").note("T1 chat.postMessage C1", 3_000);
  await clock.pass(1_000);
  const next = await again();
  const left = next.of("slack").left("T1 chat.postMessage C1");
  expect(left).toBeGreaterThanOrEqual(2_000);
  expect(left).toBeLessThanOrEqual(2_100);
  expect(next.of("slack").left("T1 chat.postMessage C2")).toBe(0);
  expect(next.of("discord").left("T1 chat.postMessage C1")).toBe(0);
  await clock.pass(2_100);
  expect(next.of("slack").left("T1 chat.postMessage C1")).toBe(0);
});

it("what takes less than a second is told to the others, and not kept", async () => {
  begin().of("discord").note("everything", 999);
  expect(told).toEqual([["discord everything", 999]]);
  expect((await again()).of("discord").left("everything")).toBe(0);
  expect(await kept()).toEqual([]);
});

it("what the others say is known at once, and not passed on again", async () => {
  const waits = begin();
  waits.heard("slack T1 chat.postMessage C1", 2_000);
  expect(waits.of("slack").left("T1 chat.postMessage C1")).toBe(2_000);
  await clock.pass(0);
  expect(told).toEqual([]);
  expect(await kept()).toEqual([]);
});

it.each([-dayMs, dayMs])(
  "a wall's clock that jumps by %d ms makes no wait longer than was said",
  async (jumpMs) => {
    begin().of("slack").note("a", 3_000);
    await clock.pass(1_000);
    await ledger.write(() => {});
    clock.jump(jumpMs);
    expect((await again()).of("slack").left("a")).toBeLessThanOrEqual(3_000);
  },
);

it.each([-dayMs, dayMs])(
  "the only process of a machine goes by its uptime: a wall's clock that jumps by %d ms changes nothing",
  async (jumpMs) => {
    const startMs = 5 * dayMs;
    clock.uptime = () => startMs + clock.elapsed();
    begin(false).of("slack").note("a", 3_000);
    await clock.pass(1_000);
    await ledger.write(() => {});
    clock.jump(jumpMs);
    const left = (await again(false)).of("slack").left("a");
    expect(left).toBeGreaterThanOrEqual(2_000);
    expect(left).toBeLessThanOrEqual(2_100);
  },
);

it("a machine that has been started anew waits no longer than was said", async () => {
  let since = 5 * dayMs;
  clock.uptime = () => since + clock.elapsed();
  begin(false).of("slack").note("a", 3_000);
  await clock.pass(0);
  since = 0;
  expect((await again(false)).of("slack").left("a")).toBe(3_000);
});

it.each([
  ["a machine that has been started anew", false, () => 5 * dayMs],
  ["a desk that has moved from a database to a file", false, () => clock.now()],
  ["a crew whose database's clock has gone back", true, () => clock.now() + 5 * dayMs],
])("%s waits once for what was said before, and not at each start", async (_, shared, then) => {
  clock.uptime = clock.elapsed;
  const note = JSON.stringify({ until: then(), ms: 300_000 });
  await ledger.write((tx) => writeMarks(tx, "waits", [["slack a", note]]));
  const first = await again(shared);
  expect(first.of("slack").left("a")).toBe(300_000);
  await clock.pass(200_000);
  expect((await again(shared)).of("slack").left("a")).toBeLessThanOrEqual(100_100);
  await clock.pass(200_000);
  expect((await again(shared)).of("slack").left("a")).toBe(0);
  expect(await kept()).toEqual([]);
});

it("nobody waits for more than ten minutes for what an earlier process was told", async () => {
  begin().of("slack").note("a", dayMs);
  expect((await again()).of("slack").left("a")).toBe(600_000);
});

it("what is past is deleted, by the process that noted it or by the next", async () => {
  const waits = begin();
  waits.of("slack").note("short", 2_000);
  waits.of("slack").note("long", 90_000);
  await clock.pass(0);
  expect((await kept()).sort()).toEqual(["slack long", "slack short"]);
  await clock.pass(60_001);
  expect(await kept()).toEqual(["slack long"]);
  await clock.pass(60_001);
  expect(await kept()).toEqual([]);
  waits.of("slack").note("short", 2_000);
  await clock.pass(3_000);
  await again();
  expect(await kept()).toEqual([]);
});

it("where nobody asks to wait, the ledger is asked once, at the start, and other marks are let be", async () => {
  await ledger.write((tx) => writeMarks(tx, "slack", [["stream:1", "{}"]]));
  asked = 0;
  const waits = begin();
  await waits.recall();
  for (let at = 0; at < 1_000; at++) waits.of("slack").left(`${at}`);
  await clock.pass(dayMs);
  expect(asked).toBe(1);
  expect(await ledger.read((tx) => readMarks(tx, "slack"))).toEqual([["stream:1", "{}"]]);
});

it("a ledger that cannot be written costs what is remembered, and nothing else", async () => {
  const waits = begin();
  const { write } = ledger;
  ledger.write = () => Promise.reject(new Error("the disk is full"));
  waits.of("slack").note("a", 3_000);
  await clock.pass(0);
  expect(waits.of("slack").left("a")).toBe(3_000);
  ledger.write = write;
  waits.of("slack").note("b", 3_000);
  await clock.pass(0);
  expect((await kept()).sort()).toEqual(["slack a", "slack b"]);
});

it("what could not be written is written a moment later, for as long as is left of it", async () => {
  const waits = begin();
  const { write } = ledger;
  ledger.write = () => Promise.reject(new Error("the database is away"));
  waits.of("slack").note("short", 1_500);
  waits.of("slack").note("long", 30_000);
  await clock.pass(2_500);
  ledger.write = write;
  await clock.pass(1_000);
  expect(await kept()).toEqual(["slack long"]);
  const left = (await again()).of("slack").left("long");
  expect(left).toBeGreaterThan(26_000);
  expect(left).toBeLessThanOrEqual(26_600);
});

it.each([
  ["at once", 0],
  ["once the longer one is written", 10],
])("of two answers to calls of the same kind the longer one is kept: the shorter comes %s", async (_, ms) => {
  const waits = begin();
  waits.of("slack").note("a", 30_000);
  if (ms > 0) await clock.pass(ms);
  waits.of("slack").note("a", 2_000);
  await clock.pass(1_000);
  expect((await again()).of("slack").left("a")).toBeGreaterThan(28_000);
});

it("of what two processes were told the longer one is kept", async () => {
  begin().of("slack").note("a", 30_000);
  await clock.pass(10);
  begin().of("slack").note("a", 2_000);
  await clock.pass(10);
  expect((await again()).of("slack").left("a")).toBeGreaterThan(29_000);
});

it("what was noted before the clock went back is not longer than what is said now", async () => {
  begin().of("slack").note("a", 3_000);
  await clock.pass(10);
  clock.jump(-dayMs);
  begin().of("slack").note("a", 30_000);
  await clock.pass(10);
  expect((await again()).of("slack").left("a")).toBeGreaterThan(29_000);
});
