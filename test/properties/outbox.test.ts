/**
 * The sender against a platform that fails in every way it can, with deaths, changes of hands, erasures and a wall clock
 * that jumps: posted at most once, in the order of the lane, never within a Retry-After, never past the fence.
 */
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createClock } from "../../src/clock.ts";
import { DeskError } from "../../src/errors.ts";
import { cancelUnsent } from "../../src/ledger/fence.ts";
import { goOnAfter } from "../../src/ledger/ids.ts";
import { enqueue, type OutboxRow } from "../../src/ledger/outbox.ts";
import { findThread, moveThread, openThread, versionOf } from "../../src/ledger/threads.ts";
import type { Ledger } from "../../src/ledger.ts";
import { createLog } from "../../src/log.ts";
import type { Message } from "../../src/message.ts";
import type { Platform, Posted, Target } from "../../src/platform.ts";
import { createSender, type Sender } from "../../src/sender.ts";
import { createVirtualClock } from "../doubles/virtual-clock.ts";
import { createLife, type Life } from "./life.ts";
import { atLeast, enough, runs } from "./runs.ts";
import { openStore, type Store } from "./store.ts";

type Fault =
  | "unavailable"
  | "rate_limited"
  /** It is shown, and the answer is lost. */
  | "lost_answer"
  /** It is not shown, and nobody can tell. */
  | "lost_request"
  | "unreachable"
  | "dies_before"
  | "dies_after";

type Step =
  | { does: "say"; lane: number; fenced: boolean }
  | { does: "fault"; lane: number; faults: Fault[]; retryAfterMs: number }
  | { does: "take"; lane: number }
  | { does: "erase"; lane: number }
  | { does: "pass"; ms: number }
  | { does: "jump"; days: number }
  | { does: "die"; commits: number; made: boolean };

const lane = fc.nat({ max: 2 });
const fault = fc.constantFrom<Fault[]>(
  "unavailable",
  "rate_limited",
  "lost_answer",
  "lost_request",
  "unreachable",
  "dies_before",
  "dies_after",
);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ does: fc.constant("say" as const), lane, fenced: fc.boolean() }) },
  {
    weight: 4,
    arbitrary: fc.record({
      does: fc.constant("fault" as const),
      lane,
      faults: fc.array(fault, { minLength: 1, maxLength: 4 }),
      retryAfterMs: fc.constantFrom(20, 900, 30_000, 90_000, 600_000),
    }),
  },
  { weight: 1, arbitrary: fc.record({ does: fc.constant("take" as const), lane }) },
  { weight: 1, arbitrary: fc.record({ does: fc.constant("erase" as const), lane }) },
  {
    weight: 4,
    arbitrary: fc.record({
      does: fc.constant("pass" as const),
      ms: fc.constantFrom(0, 5, 40, 700, 20_000, 100_000),
    }),
  },
  { weight: 1, arbitrary: fc.record({ does: fc.constant("jump" as const), days: fc.constantFrom(-1, 1) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      does: fc.constant("die" as const),
      commits: fc.nat({ max: 4 }),
      made: fc.boolean(),
    }),
  },
);

let store: Store;
beforeAll(async () => {
  store = await openStore(createClock());
});
afterAll(() => store.close());

describe.each([
  ["that can be asked", false],
  ["that cannot be asked", true],
])("on a platform %s", (_name, blind) => {
  it(
    "whatever happens, each post is shown at most once, in order, in time, and only by right",
    async () => {
      let posts = 0;
      await fc.assert(
        fc.asyncProperty(
          fc.array(step, { minLength: 1, maxLength: 30, size: "max" }),
          fc.boolean(),
          async (steps, dies) => {
            await store.empty();
            const office = createOffice(blind);
            for (const one of steps) await office.take(one);
            await office.recovers(dies);
            posts += await office.judge();
          },
        ),
        runs(130),
      );
      expect(posts).toBeGreaterThanOrEqual(atLeast(200));
    },
    enough,
  );
});

interface Row {
  id: string;
  lane: number;
  fenced: boolean;
  /** It ends without being shown, or nobody can tell: refused for ever, in doubt on a blind platform. */
  excused: boolean;
}

const messageIn = (thread: string): Message => ({
  id: `${thread}:m`,
  thread,
  channel: thread,
  author: { id: `${thread}:u`, tenant: "t", name: "Ann" },
  text: "",
  sentAt: 0,
  order: "",
  visibility: "private",
  addressed: true,
  files: [],
});

function createOffice(blind: boolean) {
  const clock = createVirtualClock(store.busy);
  const said: Row[] = [];
  const shown: { key: string; lane: number }[] = [];
  const wrongs: string[] = [];
  const faults = new Map<number, { faults: Fault[]; retryAfterMs: number }>();
  const notBefore = new Map<number, number>();
  /** How often each row was tried. */
  const tries = new Map<string, number>();
  /** Rows of these lanes from before this moment may not be posted any more. */
  const closed = new Map<string, string>();
  const erased = new Set<number>();
  let life: Life;
  let ledger: Ledger;
  let sender: Sender;
  let jumped = false;
  let silence = false;

  const threadOf = (of: number) => `office:t:${of}`;
  const laneOf = (target: Target) => Number(("thread" in target ? target.thread : target.channel).slice(9));

  async function post(mine: Life, target: Target, key: string): Promise<Posted> {
    const lane = laneOf(target);
    tries.set(key, (tries.get(key) ?? 0) + 1);
    const row = said.find((one) => one.id === key) as Row;
    if (clock.elapsed() < (notBefore.get(lane) ?? 0)) wrongs.push(`${key} within a Retry-After`);
    if (closed.has(key)) wrongs.push(`${key} ${closed.get(key)}`);
    const due = silence ? undefined : faults.get(lane);
    const fault = due?.faults.shift();
    if (clock.random() < 0.5) await clock.sleep(clock.random() * 30);
    if (mine.gone) {
      row.excused ||= blind;
      return new Promise(() => {});
    }
    const show = (): Posted => {
      if (closed.has(key)) wrongs.push(`${key} ${closed.get(key)}, after a moment in the air`);
      shown.push({ key, lane });
      return { id: `office:m:${key}`, thread: threadOf(lane) };
    };
    switch (fault) {
      case undefined:
        return show();
      case "unavailable":
        throw new DeskError("platform_unavailable", "closed");
      case "rate_limited": {
        const retryAfterMs = due?.retryAfterMs ?? 0;
        notBefore.set(lane, clock.elapsed() + retryAfterMs);
        throw new DeskError("platform_rate_limited", "too fast", { retryAfterMs });
      }
      case "lost_answer":
        show();
        throw new DeskError("platform_ambiguous", "no answer");
      case "lost_request":
        row.excused ||= blind;
        throw new DeskError("platform_ambiguous", "no answer");
      case "unreachable":
        row.excused = true;
        throw new DeskError("platform_unreachable", "gone");
      case "dies_before":
        row.excused ||= blind;
        mine.die();
        return new Promise(() => {});
      case "dies_after":
        show();
        mine.die();
        return new Promise(() => {});
    }
  }

  function platformOf(mine: Life): Platform {
    const platform: Platform = {
      name: "office",
      connect: async () => {},
      close: async () => {},
      post: (target, _post, key) => mine.alive(() => post(mine, target, key)),
    };
    if (blind) return platform;
    return {
      ...platform,
      find: (_target, key) =>
        mine.alive(async () => {
          const there = shown.find((one) => one.key === key);
          return there && { id: `office:m:${key}`, thread: threadOf(there.lane) };
        }),
    };
  }

  async function boot(): Promise<void> {
    life = createLife();
    ledger = life.ledger(store.ledger);
    sender = createSender({
      ledger,
      platforms: new Map([["office", platformOf(life)]]),
      sent: async () => [],
      failed: async () => [],
      overtaken: async () => [],
      clock,
      log: createLog("silent"),
    });
    await race(goOnAfter(ledger, clock).then(sender.load).then(sender.recover));
  }

  /** Waits for something of the living process; false when it died over it. */
  async function race(work: Promise<unknown>): Promise<boolean> {
    return clock.until(Promise.race([work.then(() => true), life.over.then(() => false)]));
  }

  async function takesOver(): Promise<void> {
    // What was begun and died over is in doubt for ever where nobody can be asked.
    const doubtful = await store.ledger.read((tx) =>
      tx.all<{ id: string }>("SELECT id FROM outbox WHERE state = 'sending'"),
    );
    for (const { id } of doubtful) (said.find((one) => one.id === id) as Row).excused = true;
    if (jumped) notBefore.clear();
    const noted = await store.ledger.read((tx) =>
      tx.all<{ id: string; lane: string; attempts: number; due_at: number }>(
        "SELECT id, lane, attempts, due_at FROM outbox WHERE state = 'waiting'",
      ),
    );
    // A Retry-After that was not written before the death is not known to the next process.
    for (const [lane, until] of notBefore) {
      const rows = noted.filter((row) => row.lane === threadOf(lane));
      const due = Math.max(0, ...rows.map((row) => row.due_at - clock.now()));
      const told = !blind && rows.some((row) => row.attempts > 0 && row.attempts >= (tries.get(row.id) ?? 0));
      if (!told && clock.elapsed() + due < until) notBefore.delete(lane);
    }
    clock.reboot();
    await boot();
  }

  async function say(lane: number, fenced: boolean): Promise<void> {
    if (erased.has(lane)) return;
    const committed = ledger.write(async (tx): Promise<OutboxRow> => {
      await openThread(tx, messageIn(threadOf(lane)), 0);
      const fence = await versionOf(tx, threadOf(lane));
      return enqueue(tx, clock, {
        lane: threadOf(lane),
        author: fenced ? "bot" : "staff",
        thread: threadOf(lane),
        ...(fenced ? { fence } : {}),
        send: { does: "post", to: { thread: threadOf(lane) }, post: { text: "" } },
      });
    });
    let row: OutboxRow | undefined;
    if (await race(committed)) row = await committed;
    const kept = await store.ledger.read((tx) => tx.all<{ id: string }>("SELECT id FROM outbox"));
    for (const { id } of kept) {
      if (!said.some((one) => one.id === id)) said.push({ id, lane, fenced, excused: false });
    }
    if (row) sender.push([row]);
  }

  async function change(lane: number, how: "take" | "erase"): Promise<void> {
    const thread = threadOf(lane);
    const known = await store.ledger.read((tx) => findThread(tx, thread));
    if (!known) return;
    // The desk's own commit, whole or not at all.
    await store.ledger.write(async (tx) => {
      if (how === "take") {
        await moveThread(tx, known, known.control === "automated" ? "take_over" : "hand_back");
        await cancelUnsent(tx, thread, "taken");
      } else {
        await tx.run("DELETE FROM outbox WHERE thread = ?", thread);
        await tx.run("DELETE FROM threads WHERE id = ?", thread);
      }
    });
    const affected = said.filter((row) => row.lane === lane && (how === "erase" || row.fenced));
    for (const row of affected) row.excused = true;
    if (how === "erase") {
      erased.add(lane);
      // Those whose fence was asked just before go out; from then on nothing does.
      await clock.pass(31);
    } else if (!(await race(sender.settled(thread)))) return;
    for (const row of affected) closed.set(row.id, how === "take" ? "past its fence" : "of somebody erased");
  }

  return {
    async take(step: Step): Promise<void> {
      if (!life) await boot();
      if (life.gone) await takesOver();
      switch (step.does) {
        case "say":
          return say(step.lane, step.fenced);
        case "fault":
          faults.set(step.lane, { faults: [...step.faults], retryAfterMs: step.retryAfterMs });
          return;
        case "take":
        case "erase":
          return change(step.lane, step.does);
        case "pass":
          return clock.pass(step.ms);
        case "jump":
          jumped = true;
          clock.jump(step.days * 86_400_000);
          return;
        case "die":
          life.dieAt(step.commits, step.made);
          return;
      }
    },
    /** The faults are over: what is left goes out. */
    async recovers(dies: boolean): Promise<void> {
      silence = true;
      life.dieAt(Number.POSITIVE_INFINITY, false);
      if (dies) life.die();
      if (life.gone) await takesOver();
      const since = clock.elapsed();
      while (!(await race(sender.idle()))) await takesOver();
      await clock.pass(50);
      // A pause that was noted by a clock that has jumped is kept for up to an hour.
      if (clock.elapsed() - since > (jumped ? 71 : 11) * 60_000)
        wrongs.push(`${clock.elapsed() - since} ms until the end`);
    },
    /** @returns how much was shown */
    async judge(): Promise<number> {
      expect(wrongs).toEqual([]);
      const keys = shown.map((one) => one.key);
      expect(keys, "twice").toEqual([...new Set(keys)]);
      for (const row of said) if (!row.excused) expect(keys, "lost").toContain(row.id);
      for (const lane of [0, 1, 2]) {
        const order = said.filter((row) => row.lane === lane).map((row) => row.id);
        const places = shown.filter((one) => one.lane === lane).map((one) => order.indexOf(one.key));
        expect(places, "order").toEqual(places.toSorted((a, b) => a - b));
      }
      const open = await store.ledger.read((tx) =>
        tx.all("SELECT id, state FROM outbox WHERE state IN ('waiting', 'sending', 'drafting')"),
      );
      expect(open, "unfinished").toEqual([]);
      return shown.length;
    },
  };
}
