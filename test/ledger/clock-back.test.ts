/** What stands in the ledger when the clock that it was noted by has gone back. */
import { afterEach, beforeEach, expect, it } from "vitest";
import { createClaims } from "../../src/crew/claims.ts";
import { findClaim, lanesLeft, putClaim, putOff, sendsLeft } from "../../src/ledger/claims.ts";
import { keepToClock } from "../../src/ledger/clock-back.ts";
import { admit } from "../../src/ledger/inbox.ts";
import { migrate } from "../../src/ledger/migrate.ts";
import { migrations } from "../../src/ledger/migrations.ts";
import { enqueue, markRetry, unsentIn } from "../../src/ledger/outbox.ts";
import type { Ledger } from "../../src/ledger.ts";
import { createLog } from "../../src/log.ts";
import { openLedger } from "../doubles/ledgers.ts";
import { createVirtualClock, type VirtualClock } from "../doubles/virtual-clock.ts";
import { temporaryFolder } from "../journeys/terminal.ts";

const log = createLog("silent");
const hourMs = 3_600_000;
const send = { does: "post", to: { thread: "slack:T1:D1" }, post: { text: "hello" } } as const;
let folder: ReturnType<typeof temporaryFolder>;
let clock: VirtualClock;
let ledger: Ledger;

beforeEach(async () => {
  folder = temporaryFolder();
  clock = createVirtualClock();
  ledger = await openLedger(folder.path, { clock, log });
  await migrate(ledger, migrations, { clock, log });
});
afterEach(async () => {
  await ledger.close();
  folder.remove();
});

const keep = () => ledger.write((tx) => keepToClock(tx));
const works = () => ledger.write((tx) => lanesLeft(tx, tx.now - 4_000, tx.now, 9));
const sends = () => ledger.write((tx) => sendsLeft(tx, tx.now - 4_000, tx.now, 9));
const refuse = (id: string, dueAt: number) =>
  ledger.write((tx) => markRetry(tx, id, { state: "waiting", attempts: 1, dueAt }, "slow down"));

it("nobody who lives loses a claim, and nobody waits for the dead for longer than ten seconds", async () => {
  const [living, other] = ["m_living", "m_other"].map((member) =>
    createClaims({ ledger, member, clock, log }),
  );
  const mine = await living?.take("work:a");
  await ledger.write((tx) => putClaim(tx, { name: "work:b", member: "m_dead", until: tx.now + 10_000 }));
  clock.jump(-hourMs);
  await keep();
  expect(await other?.take("work:a")).toBeUndefined();
  for (let seconds = 0; seconds < 60; seconds++) {
    await clock.pass(1_000);
    await keep();
    expect(await other?.take("work:a")).toBeUndefined();
    expect(mine?.holds()).toBe(true);
    if (seconds === 10) expect((await other?.take("work:b"))?.takenOver).toBe(true);
  }
  await living?.close();
  await other?.close();
});

it("what came in before is left behind as soon as if it had come in now", async () => {
  await ledger.write((tx) => admit(tx, "a", { kind: "home", keys: ["k"] } as never, clock));
  clock.jump(-hourMs);
  await keep();
  expect(await works()).toEqual([]);
  await clock.pass(4_000);
  expect(await works()).toEqual(["a"]);
});

it("what was put off before is due within a minute", async () => {
  await ledger.write((tx) => admit(tx, "a", { kind: "home", keys: ["k"] } as never, clock));
  await ledger.write((tx) => putOff(tx, "a", tx.now + 30_000));
  clock.jump(-hourMs);
  for (let seconds = 0; seconds <= 60; seconds++) {
    await keep();
    await clock.pass(1_000);
  }
  expect(await works()).toEqual(["a"]);
});

it("a pause that was said is kept, and not made longer", async () => {
  const row = await ledger.write((tx) => enqueue(tx, clock, { lane: "a", author: "desk", send }));
  await refuse(row.id, clock.now() + 5_000);
  clock.jump(-hourMs);
  await keep();
  await clock.pass(4_500);
  expect(await sends()).toEqual([]);
  await keep();
  await clock.pass(500);
  expect(await sends()).toEqual(["a"]);
});

it("a pause that was noted when the clock was years ahead ends within the hour", async () => {
  const row = await ledger.write((tx) => enqueue(tx, clock, { lane: "a", author: "desk", send }));
  await refuse(row.id, clock.now() + 20_000 * hourMs);
  await keep();
  await clock.pass(hourMs - 1_000);
  await keep();
  expect(await sends()).toEqual([]);
  await clock.pass(1_000);
  expect(await sends()).toEqual(["a"]);
});

it("where the clock goes on, nothing is changed", async () => {
  const now = clock.now();
  const row = await ledger.write((tx) => enqueue(tx, clock, { lane: "a", author: "desk", send }));
  await refuse(row.id, now + 5_000);
  await ledger.write((tx) => putClaim(tx, { name: "work:a", member: "m_1", until: now + 10_000 }));
  await ledger.write((tx) => putOff(tx, "a", now + 60_000));
  for (let n = 0; n < 3; n++) {
    await keep();
    await clock.pass(500);
  }
  expect(await ledger.read((tx) => unsentIn(tx, "a"))).toEqual([{ ...row, attempts: 1, dueAt: now + 5_000 }]);
  const until = async (name: string) => (await ledger.read((tx) => findClaim(tx, name)))?.until;
  expect([await until("work:a"), await until("later:a")]).toEqual([now + 10_000, now + 60_000]);
});
