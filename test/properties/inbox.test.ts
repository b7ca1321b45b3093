/**
 * The inbox against platforms that deliver again, late and out of order, commits that fail or are not heard of, deaths,
 * and a wall clock that jumps: everything is dealt with once, messages in their platform's order and as they say now.
 */
import fc, { type AsyncCommand } from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createClock } from "../../src/clock.ts";
import { DeskError } from "../../src/errors.ts";
import { createInbox, type Inbox, laneOf } from "../../src/inbox.ts";
import { goOnAfter } from "../../src/ledger/ids.ts";
import { type Admitted, markDone } from "../../src/ledger/inbox.ts";
import type { Ledger } from "../../src/ledger.ts";
import type { Incoming, Message } from "../../src/message.ts";
import { createVirtualClock } from "../doubles/virtual-clock.ts";
import { atLeast, enough, runs } from "./runs.ts";
import { openStore, type Store } from "./store.ts";

let store: Store;
beforeAll(async () => {
  store = await openStore(createClock());
});
afterAll(() => store.close());

type Trouble = "fails" | "unheard" | undefined;

/** What should be true. */
interface Expected {
  events: Incoming[];
  /** In the order in which the desk took them first; messages as they say now. */
  waiting: Waits[];
  /** Keys that the desk has. */
  known: Set<string>;
  dealt: number;
}

interface Waits {
  key: string;
  lane: string;
  /** Messages only. */
  order?: string;
  text?: string;
  by?: string;
  /** Keys of what waited in its lane when it came. */
  behind: string[];
  /** The youngest message of those, in its platform's order. */
  floor: string;
}

/** What is. */
interface Real {
  inbox: Inbox;
  trouble: Trouble;
  /** The process dies; the next one takes over. */
  die(jumpMs: number): Promise<void>;
  ledger: Ledger;
}

function open(perMessage: boolean): Real {
  const clock = createVirtualClock(store.busy);
  const real = store.ledger;
  const ledger: Ledger = {
    ...real,
    async write(work) {
      const trouble = parts.trouble;
      parts.trouble = undefined;
      if (trouble === "fails") throw new DeskError("ledger_busy", "not now");
      const value = await real.write(work);
      if (trouble === "unheard") throw new DeskError("ledger_failed", "nobody hears of it");
      return value;
    },
  };
  const make = () =>
    createInbox({
      ledger,
      deskChannel: () => "room:desk",
      messageCharactersMax: 4000,
      turnPerMessage: () => perMessage,
      clock,
    });
  const parts: Real = {
    inbox: make(),
    trouble: undefined,
    ledger,
    async die(jumpMs) {
      clock.jump(jumpMs);
      clock.reboot();
      await goOnAfter(ledger, clock);
      parts.inbox = make();
    },
  };
  return parts;
}

/** An event comes, for the first time or again; a platform that is not told that it was taken delivers it once more. */
async function comes(expected: Expected, real: Real, event: Incoming): Promise<void> {
  const taken = await real.inbox.take(event).catch(() => real.inbox.take(event));
  const again = event.keys.some((key) => expected.known.has(key));
  for (const key of event.keys) expected.known.add(key);
  if (again) {
    expect(taken, "taken again").toBeUndefined();
    return;
  }
  const lane = laneOf(event);
  const inLane = expected.waiting.filter((one) => one.lane === lane);
  const about = event.kind === "edit" ? event.message.id : event.kind === "deletion" ? event.message : "";
  const asked = expected.waiting.find((one) => one.key === about);
  if (event.kind === "edit" && asked) asked.text = event.message.text;
  else if (event.kind === "deletion" && asked) expected.waiting.splice(expected.waiting.indexOf(asked), 1);
  else {
    const message =
      event.kind === "message"
        ? { order: event.message.order, text: event.message.text, by: event.message.author.id }
        : {};
    const floor = inLane
      .map((one) => one.order ?? one.floor)
      .reduce((max, one) => (one > max ? one : max), "");
    const behind = inLane.map((one) => one.key);
    expected.waiting.push({ key: event.keys[0], lane, behind, floor, ...message });
  }
}

const step = (name: string, run: (expected: Expected, real: Real) => Promise<void>) => ({
  check: () => true,
  run,
  toString: () => name,
});

type Step = AsyncCommand<Expected, Real>;

function messageOf(lane: number, order: number, by: string, text: string): Message {
  const thread = `room:t:${lane}`;
  return {
    id: `room:m:${lane}:${order}`,
    thread,
    channel: thread,
    author: { id: `room:u:${by}`, tenant: "t", name: by },
    text,
    sentAt: order,
    order: String(order).padStart(9, "0"),
    visibility: "private",
    addressed: true,
    files: [],
  };
}

const lane = fc.nat({ max: 1 });
const pick = fc.nat({ max: 30 });
let serial = 0;

const says = fc.tuple(lane, fc.nat({ max: 60 }), fc.constantFrom("ann", "ann", "ben"), fc.boolean()).map(
  ([of, order, by, short]): Step =>
    step(`${by} says ${order} in ${of}`, async (expected, real) => {
      const message = messageOf(of, order, by, `text ${order}`);
      // A platform may know the same message by two names.
      const event: Incoming = { kind: "message", keys: [message.id, `too:${message.id}`], message };
      if (!expected.events.some((one) => one.keys[0] === message.id)) expected.events.push(event);
      await comes(expected, real, short ? { ...event, keys: [message.id] } : event);
    }),
);
const again = fc.tuple(pick, fc.boolean()).map(
  ([which, other]): Step =>
    step(`again ${which}${other ? " by its other name" : ""}`, async (expected, real) => {
      const event = expected.events[which % Math.max(1, expected.events.length)];
      if (!event) return;
      const [, name] = event.keys;
      const known = other && name !== undefined && expected.known.has(name);
      await comes(expected, real, known ? { ...event, keys: [name] } : event);
    }),
);
const changes = fc.tuple(pick, fc.constantFrom("edit" as const, "deletion" as const)).map(
  ([which, kind]): Step =>
    step(`${kind} of ${which}`, async (expected, real) => {
      const event = expected.events[which % Math.max(1, expected.events.length)];
      if (event?.kind !== "message") return;
      const { message } = event;
      const keys: [string] = [`change:${++serial}`];
      const change: Incoming =
        kind === "edit"
          ? { kind, keys, message: { ...message, text: `changed ${serial}` } }
          : { kind, keys, message: message.id, thread: message.thread, channel: message.channel };
      expected.events.push(change);
      await comes(expected, real, change);
    }),
);
const presses = lane.map(
  (of): Step =>
    step(`press in ${of}`, async (expected, real) => {
      const { thread, channel, author } = messageOf(of, 0, "ann", "");
      const key = `press:${++serial}`;
      const press: Incoming = {
        kind: "action",
        keys: [key],
        name: "intent.confirm",
        value: "1",
        interaction: key,
        by: author,
        channel,
        thread,
      };
      expected.events.push(press);
      await comes(expected, real, press);
    }),
);
const trouble = fc.constantFrom<Trouble[]>("fails", "unheard").map(
  (how): Step =>
    step(`the next commit ${how}`, async (_expected, real) => {
      real.trouble = how;
    }),
);
const dies = fc
  .constantFrom(-86_400_000, 0, 86_400_000)
  .map((jumpMs): Step => step(`dies, the clock jumps by ${jumpMs}`, (_expected, real) => real.die(jumpMs)));
const turn = lane.map(
  (of): Step => step(`a turn in ${of}`, (expected, real) => takeTurn(expected, real, `room:t:${of}`)),
);

/** What the bot does: the head of what waits is dealt with, in one commit, that may fail. */
async function takeTurn(expected: Expected, real: Real, lane: string): Promise<void> {
  const waiting = await real.inbox.waiting(lane);
  const due = expected.waiting.filter((one) => one.lane === lane);
  expect(waiting.map(keyOf).toSorted()).toEqual(due.map((one) => one.key).toSorted());
  const [first] = waiting;
  if (!first) return;
  const taken = first.event.kind === "message" ? real.inbox.burst(waiting) : [first];
  const done = await real.ledger
    .write((tx) =>
      markDone(
        tx,
        taken.map((one) => one.id),
      ),
    )
    .then(
      () => true,
      (error: DeskError) => error.code === "ledger_failed",
    );
  judge(due, taken);
  if (!done) return;
  for (const one of taken) {
    expected.waiting.splice(
      expected.waiting.findIndex((other) => other.key === keyOf(one)),
      1,
    );
  }
  expected.dealt += taken.length;
}

const keyOf = (one: Admitted): string => one.event.keys[0].replace(/^too:/, "");

/** Of everything that is due in a lane, these were taken. */
function judge(due: readonly Waits[], taken: readonly Admitted[]): void {
  const found = taken.map((one) => due.find((other) => other.key === keyOf(one)) as Waits);
  const left = due.filter((one) => !found.includes(one));
  for (const one of found) {
    // Behind what waited when it came: nothing that was there before a press comes after it.
    if (one.order === undefined) expect(left.filter((other) => one.behind.includes(other.key))).toEqual([]);
    // In the platform's order.
    for (const other of left) {
      if (one.order !== undefined && other.order !== undefined) expect(one.order < other.order).toBe(true);
      // A press that came before all of this, and before any younger message, is not overtaken.
      if (other.order === undefined && !changesOnly(other) && one.behind.includes(other.key)) {
        expect(other.floor > (one.order ?? ""), `${other.key} is overtaken`).toBe(true);
      }
    }
  }
  const orders = found.map((one) => one.order ?? "");
  expect(orders).toEqual(orders.toSorted());
  expect(new Set(found.map((one) => one.by)).size).toBe(1);
  for (const [index, one] of taken.entries()) {
    if (one.event.kind === "message") expect(one.event.message.text).toBe(found[index]?.text);
  }
}

const changesOnly = (one: Waits): boolean => one.key.startsWith("change:");

describe.each([
  ["where a burst becomes one turn", false],
  ["where each message has its own reply", true],
])("%s", (_name, perMessage) => {
  it(
    "everything is dealt with once, in order, whatever comes twice, late or changed, and whatever fails",
    async () => {
      let dealt = 0;
      await fc.assert(
        fc.asyncProperty(
          fc.commands([says, says, says, again, changes, presses, trouble, dies, turn, turn], {
            maxCommands: 40,
            size: "max",
          }),
          async (commands) => {
            await store.empty();
            const expected: Expected = { events: [], waiting: [], known: new Set(), dealt: 0 };
            const real = open(perMessage);
            await fc.asyncModelRun(() => ({ model: expected, real }), commands);
            for (const of of ["room:t:0", "room:t:1"]) {
              for (let n = 0; n < 200 && expected.waiting.some((one) => one.lane === of); n++)
                await takeTurn(expected, real, of);
            }
            expect(expected.waiting).toEqual([]);
            dealt += expected.dealt;
          },
        ),
        runs(100),
      );
      expect(dealt).toBeGreaterThanOrEqual(atLeast(150));
    },
    enough,
  );
});

describe("a backlog in one lane", () => {
  it("is read in pieces, so that dealing with all of it takes time in proportion to it", async () => {
    await store.empty();
    const real = open(true);
    const message = (order: number) => messageOf(0, order, "ann", "x".repeat(50));
    await Promise.all(
      Array.from({ length: 1000 }, (_, order) =>
        real.inbox.take({ kind: "message", keys: [`m${order}`], message: message(order) }),
      ),
    );
    let read = 0;
    const dealt: string[] = [];
    for (let all = await real.inbox.waiting("room:t:0"); all.length > 0 && dealt.length < 300; ) {
      read += all.length;
      const burst = real.inbox.burst(all);
      dealt.push(...burst.map(keyOf));
      await real.ledger.write((tx) =>
        markDone(
          tx,
          burst.map((one) => one.id),
        ),
      );
      all = await real.inbox.waiting("room:t:0");
    }
    expect(dealt).toEqual(Array.from({ length: 300 }, (_, order) => `m${order}`));
    expect(read).toBeLessThanOrEqual(300 * 200);
  });
});
