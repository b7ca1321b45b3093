/** What the outbox says to a process that did not write it. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { createClock } from "../../src/clock.ts";
import { sendsLeft } from "../../src/ledger/claims.ts";
import { cancelUnsent } from "../../src/ledger/fence.ts";
import { migrate } from "../../src/ledger/migrate.ts";
import { migrations } from "../../src/ledger/migrations.ts";
import {
  enqueue,
  hasUnsent,
  markRetry,
  markSending,
  reserve,
  unreserve,
  unsentIn,
} from "../../src/ledger/outbox.ts";
import { createSqliteLedger } from "../../src/ledger/sqlite-ledger.ts";
import type { Ledger } from "../../src/ledger.ts";
import { createLog } from "../../src/log.ts";

const thread = "slack:T1:D1";
const clock = createClock();
const send = { does: "post", to: { thread }, post: { text: "hello" } } as const;
let folder: string;
let ledger: Ledger;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "outbox-"));
  const log = createLog("error");
  ledger = await createSqliteLedger({ path: join(folder, "ledger.sqlite"), clock, log });
  await migrate(ledger, migrations, { clock, log });
});
afterEach(async () => {
  await ledger.close();
  rmSync(folder, { recursive: true });
});

it("a reply that was shown while it was written has been tried once, whoever sends it", async () => {
  await ledger.write((tx) => reserve(tx, clock, { id: "o_1", thread, fence: 1 }));
  const reply = { id: "o_1", lane: thread, author: "bot", thread, fence: 1, send } as const;
  await ledger.write((tx) => enqueue(tx, clock, reply));
  await ledger.write((tx) => enqueue(tx, clock, { lane: thread, author: "staff", send }));
  const rows = await ledger.read((tx) => unsentIn(tx, thread));
  expect(rows.map((row) => [row.state, row.attempts])).toEqual(
    expect.arrayContaining([
      ["waiting", 1],
      ["waiting", 0],
    ]),
  );
});

it("a lane has something unsent until it is sent or taken back", async () => {
  const unsent = () => ledger.read((tx) => hasUnsent(tx, thread));
  expect(await unsent()).toBe(false);
  await ledger.write((tx) => reserve(tx, clock, { id: "o_1", thread, fence: 1 }));
  expect(await unsent()).toBe(true);
  expect(await ledger.read((tx) => hasUnsent(tx, "slack:T1:D2"))).toBe(false);
  await ledger.write((tx) => unreserve(tx, "o_1"));
  expect(await unsent()).toBe(false);
});

it("a post that was begun and refused has been tried once", async () => {
  const row = await ledger.write((tx) => enqueue(tx, clock, { lane: thread, author: "staff", send }));
  await ledger.write((tx) => markSending(tx, row.id));
  const next = { state: "waiting", attempts: row.attempts + 1, dueAt: clock.now() + 5_000 } as const;
  await ledger.write((tx) => markRetry(tx, row.id, next, "slow down"));
  expect(await ledger.read((tx) => unsentIn(tx, thread))).toEqual([{ ...row, ...next }]);
});

it("what stands behind something that is not due is not left behind", async () => {
  const first = await ledger.write((tx) => enqueue(tx, clock, { lane: thread, author: "staff", send }));
  await ledger.write((tx) => enqueue(tx, clock, { lane: thread, author: "staff", send }));
  await ledger.write((tx) => enqueue(tx, clock, { lane: "slack:T1:D2", author: "staff", send }));
  const left = (now: number) => ledger.read((tx) => sendsLeft(tx, now, now, 9));
  expect((await left(clock.now())).sort()).toEqual([thread, "slack:T1:D2"]);
  const dueAt = clock.now() + 5_000;
  await ledger.write((tx) => markRetry(tx, first.id, { state: "waiting", attempts: 1, dueAt }, "slow down"));
  expect(await left(clock.now())).toEqual(["slack:T1:D2"]);
  expect((await left(dueAt)).sort()).toEqual([thread, "slack:T1:D2"]);
});

it("what a platform has refused for a while is not due before that when a person takes the thread", async () => {
  const reply = { lane: thread, author: "bot", thread, fence: 1, send } as const;
  const row = await ledger.write((tx) => enqueue(tx, clock, reply));
  const dueAt = clock.now() + 5_000;
  await ledger.write((tx) => markRetry(tx, row.id, { state: "waiting", attempts: 1, dueAt }, "slow down"));
  await ledger.write((tx) => cancelUnsent(tx, thread, "ticket.taken"));
  expect((await ledger.read((tx) => unsentIn(tx, thread))).map((one) => one.dueAt)).toEqual([dueAt]);
});
