/** Members of a crew, each with its own ledger, clock and connections, as if each were a process. */
import { afterAll, afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Clock, createClock } from "../../src/clock.ts";
import { createCrew } from "../../src/crew/crew.ts";
import type { Crew, Role } from "../../src/crew.ts";
import { createKeptWaits, type KeptWaits } from "../../src/kept-waits.ts";
import { putClaim } from "../../src/ledger/claims.ts";
import { admit } from "../../src/ledger/inbox.ts";
import { migrate } from "../../src/ledger/migrate.ts";
import { migrations } from "../../src/ledger/migrations.ts";
import { enqueue, markRetry, unsentIn } from "../../src/ledger/outbox.ts";
import { createPostgresLedger } from "../../src/ledger/postgres-ledger.ts";
import type { Ledger } from "../../src/ledger.ts";
import { createLog } from "../../src/log.ts";
import { postgresForTests } from "../doubles/postgres-run.ts";

const postgres = await postgresForTests();
afterAll(() => postgres.remove());
const log = createLog("silent");

interface Member {
  crew: Crew;
  ledger: Ledger;
  waits: KeptWaits;
  clock: Clock;
  /** What it was given to do, and when. */
  given: { what: "work" | "send"; lane: string; at: number }[];
}

describe.skipIf(postgres.missing)("the members of a crew", () => {
  let url: string;
  const members: Member[] = [];
  beforeEach(async () => {
    url = await postgres.place();
  });
  afterEach(async () => {
    for (const { crew } of members) await crew.close();
    for (const { ledger } of members.splice(0)) await ledger.close();
  });

  async function join(...roles: Role[]): Promise<Member> {
    const clock = createClock();
    const ledger = await createPostgresLedger({ url, clock, log });
    await migrate(ledger, migrations, { clock, log });
    const waits = createKeptWaits({
      ledger,
      shared: true,
      tell: (name, ms) => crew.tellWait(name, ms),
      clock,
      log,
    });
    const crew: Crew = await createCrew({
      url,
      roles: new Set(roles.length > 0 ? roles : ["receive", "work", "send"]),
      ledger,
      atOnceMax: 8,
      waits,
      clock,
      log,
    });
    const given: Member["given"] = [];
    const take = (what: "work" | "send") => async (lane: string) =>
      void given.push({ what, lane, at: performance.now() });
    const hands = { work: take("work"), send: take("send"), isHeldElsewhere: () => false };
    await crew.start({ ...hands, nudge() {}, interrupt() {} });
    const member = { crew, ledger, waits, clock, given };
    members.push(member);
    return member;
  }
  const soon = { timeout: 20_000, interval: 10 };

  it("know at once what one of them was asked to wait for, also those that come later", async () => {
    const [ana, ben] = [await join(), await join()];
    ana.waits.of("slack").note("T1 chat.postMessage C1", 60_000);
    await expect
      .poll(() => ben.waits.of("slack").left("T1 chat.postMessage C1"), soon)
      .toBeGreaterThan(50_000);
    expect(ben.waits.of("slack").left("T1 chat.postMessage C1")).toBeLessThanOrEqual(60_000);
    const cyd = await join();
    expect(cyd.waits.of("slack").left("T1 chat.postMessage C1")).toBeGreaterThan(1_000);
    expect(cyd.waits.of("slack").left("T1 chat.postMessage C2")).toBe(0);
  });

  it("tell each other of short waits, and keep those for nobody", async () => {
    const [ana, ben] = [await join(), await join()];
    // Again and again: on a slow machine a word may take longer than such a wait.
    const told = () => {
      ana.waits.of("discord").note("everything", 900);
      return ben.waits.of("discord").left("everything");
    };
    await expect.poll(told, soon).toBeGreaterThan(0);
    const kept = await ana.ledger.read((tx) => tx.all("SELECT name FROM marks"));
    expect(kept).toEqual([]);
  });

  it.each(["work", "send"] as const)(
    "%s that one of them has put off is another's when it is due, though that one is gone",
    async (what) => {
      const [ana, ben] = [await join(), await join()];
      const from = performance.now();
      await ana.crew.later(what, "slack:T1:C1:7", 1_500);
      // It takes nothing any more, and gives nothing back, as if it had died.
      await ana.crew.stop();
      await expect.poll(() => ben.given.length, soon).toBeGreaterThan(0);
      expect(ben.given).toEqual([{ what, lane: "slack:T1:C1:7", at: expect.any(Number) }]);
      expect((ben.given[0]?.at ?? 0) - from).toBeGreaterThanOrEqual(1_450);
      expect((ben.given[0]?.at ?? 0) - from).toBeLessThan(6_000);
      expect(ana.given).toEqual([]);
    },
  );

  it("take what is put off once, however many of them have put it off for the same moment", async () => {
    const crew = [await join(), await join()];
    const due = Math.ceil((crew[0]?.clock.now() ?? 0) / 100) * 100 + 1_200;
    for (const { crew: one, clock } of [...crew, ...crew])
      await one.later("send", "a", due - clock.now() - 50);
    await crew[0]?.crew.later("send", "b", 1_000);
    const given = () => crew.flatMap((one) => one.given.map(({ lane }) => lane)).sort();
    await expect.poll(() => given().length, soon).toBeGreaterThan(1);
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    expect(given()).toEqual(["a", "b"]);
  });

  it("put off work does not keep back what comes in the lane before that", async () => {
    const [ana, ben] = [await join(), await join("work")];
    await ana.crew.later("work", "a", 30_000);
    ana.crew.offerWork("a", { settle: false, supersede: false });
    await expect.poll(() => [...ana.given, ...ben.given].length, soon).toBe(1);
    expect(await ana.crew.claim("work:a")).toBeDefined();
  });

  it("what is put off for work is no one's who only sends", async () => {
    const [ana, ben] = [await join("receive"), await join("send")];
    await ana.crew.later("work", "a", 100);
    await ana.crew.later("send", "b", 100);
    await expect.poll(() => ben.given.length, soon).toBe(1);
    const cyd = await join("work");
    await expect.poll(() => cyd.given.length, soon).toBe(1);
    expect([ana.given, ben.given, cyd.given].map((one) => one.map(({ lane }) => lane))).toEqual([
      [],
      ["b"],
      ["a"],
    ]);
  });

  it("who looks for what was left behind leaves alone what is not due", async () => {
    const ana = await join("receive");
    const event = { kind: "home" as const, keys: ["k1"], user: "slack:T1:U1" };
    await ana.ledger.write((tx) => admit(tx, "a", event as never, ana.clock));
    await ana.ledger.write((tx) => admit(tx, "b", { ...event, keys: ["k2"] } as never, ana.clock));
    const from = performance.now();
    await ana.crew.later("work", "a", 2_000);
    // Whoever begins looks for everything that nobody has.
    const ben = await join("work");
    await expect.poll(() => ben.given.length, soon).toBeGreaterThanOrEqual(2);
    expect(ben.given.map(({ lane }) => lane).slice(0, 2)).toEqual(["b", "a"]);
    expect((ben.given[1]?.at ?? 0) - from).toBeGreaterThanOrEqual(1_950);
    const putOff = () => ben.ledger.read((tx) => tx.all("SELECT name FROM claims WHERE member = ''"));
    await expect.poll(putOff, soon).toEqual([]);
  });

  it("take up what a dead one has left within seconds, also when the database's clock has gone back by an hour", async () => {
    const ana = await join("receive");
    const event = { kind: "home" as const, keys: ["k1"], user: "slack:T1:U1" };
    const to = { thread: "slack:T1:D1" };
    const send = { does: "post", to, post: { text: "hello" } } as const;
    const hourMs = 3_600_000;
    // As it is noted by a clock that has been an hour ahead of what it is now.
    await ana.ledger.write(async (tx) => {
      await putClaim(tx, { name: "office:listen:somewhere", member: "m_dead", until: tx.now + 10_000 });
      await putClaim(tx, { name: "work:a", member: "m_dead", until: tx.now + 10_000 });
      await admit(tx, "a", event as never, ana.clock);
      const row = await enqueue(tx, ana.clock, { lane: "b", author: "desk", send });
      const next = { state: "waiting", attempts: 1, dueAt: tx.now + 2_000 } as const;
      await markRetry(tx, row.id, next, "slow down");
      await tx.run("UPDATE claims SET held_until = held_until + ?", hourMs);
      await tx.run("UPDATE inbox SET received_at = received_at + ?", hourMs);
      await tx.run("UPDATE outbox SET created_at = created_at + ?, due_at = due_at + ?", hourMs, hourMs);
    });
    const ben = await join("work", "send");
    const given = () => [...new Set(ben.given.map(({ what, lane }) => `${what} ${lane}`))].sort();
    await expect.poll(given, { timeout: 20_000, interval: 50 }).toEqual(["send b", "work a"]);
    expect(await ben.crew.claim("office:listen:somewhere")).toBeDefined();
    const row = await ben.ledger.read((tx) => unsentIn(tx, "b"));
    expect(row[0]?.dueAt).toBeLessThanOrEqual(ben.clock.now());
  });
});
