/**
 * A shop's desk, what people, backends, deaths and time do to it, one step after the other, and what must be true of it
 * in the end: money moved once, by right, and within limits.
 */
import fc from "fast-check";
import { expect } from "vitest";
import { saveIdentity } from "../../src/ledger/identities.ts";
import type { Ledger } from "../../src/ledger.ts";
import type { Tool } from "../../src/tool.ts";
import type { DeskInARoom, DeskOptions } from "../doubles/desk-in-a-room.ts";
import { quickFolder } from "../doubles/quick-folder.ts";
import { createRoom, threadOf } from "../doubles/room.ts";
import { createVirtualClock } from "../doubles/virtual-clock.ts";
import { createShop, openShop, type Shop, usual } from "../intents/shop.ts";
import { createLife, type Death, type Life } from "./life.ts";
import { customers, type DeedRow, type IntentRow, judge, type Tried } from "./shop-judge.ts";
import { createUnderWay } from "./under-way.ts";

export type Step =
  | { does: "ask"; thread: number; order: string; why: boolean; yes: boolean }
  | { does: "say"; thread: number; text: "yes" | "no" | "thanks" }
  | { does: "press"; here: boolean; yes: boolean; who: string; which: number }
  | { does: "decide"; approve: boolean; who: string; which: number; twice: boolean }
  | { does: "price"; order: string | "last"; minor: number }
  | { does: "fault"; fault: "before" | "after" }
  | { does: "slow"; ms: number }
  | { does: "pass"; ms: number }
  | { does: "sleep"; ms: number }
  | { does: "rest" };

/** A shop as it may be. */
export interface World {
  /** Whether customers are asked before anything is done. */
  asks: boolean;
  /** Whether the backend says what it has paid back; otherwise only the desk knows. */
  tells: boolean;
}

export const world: fc.Arbitrary<World> = fc.record({
  asks: fc.constantFrom(true, true, false),
  tells: fc.constantFrom(true, true, false),
});

const orders = ["ord_1", "ord_2", "ord_3", "ord_4", "ord_5"];
/** The account that opens each thread; the first two are one customer's, the last is also a member of staff. */
const openers = ["ann", "ann", "staff-lee"];
const places = [threadOf("ann"), threadOf("ann-too"), threadOf("staff-lee")];
const thread = fc.constantFrom(0, 0, 1, 2);
const which = fc.constantFrom(0, 0, 0, 1, 2);
/** The third costs more than the desk may pay back by itself, and so do any two or three others on the same day. */
const order = fc.constantFrom(...orders, "ord_2", "ord_3", "ord_3");
const mostly = fc.constantFrom(true, true, true, false);
const does = <T extends Step["does"]>(what: T) => fc.constant(what);
const often = (weight: number, arbitrary: fc.Arbitrary<Step>) => ({ weight, arbitrary });

export const step: fc.Arbitrary<Step> = fc.oneof(
  often(6, fc.record({ does: does("ask"), thread, order, why: mostly, yes: fc.boolean() })),
  often(
    3,
    fc.record({
      does: does("say"),
      thread,
      text: fc.constantFrom("yes" as const, "yes" as const, "no" as const, "thanks" as const),
    }),
  ),
  often(
    5,
    fc.record({
      does: does("press"),
      here: mostly,
      yes: mostly,
      who: fc.constantFrom("opener", "opener", "opener", "ann", "ben", "staff-maya", "staff-lee"),
      which,
    }),
  ),
  often(
    6,
    fc.record({
      does: does("decide"),
      approve: mostly,
      who: fc.constantFrom(
        ...["staff-maya", "staff-maya", "staff-maya", "staff-ann", "staff-joe", "staff-lee", "ann", "ben"],
      ),
      which,
      twice: fc.boolean(),
    }),
  ),
  often(
    2,
    fc.record({
      does: does("price"),
      order: fc.constantFrom("last", "last", ...orders),
      minor: fc.constantFrom(3000, 45_000),
    }),
  ),
  often(1, fc.record({ does: does("fault"), fault: fc.constantFrom("before" as const, "after" as const) })),
  often(2, fc.record({ does: does("slow"), ms: fc.constantFrom(0, 400, 3000) })),
  often(1, fc.record({ does: does("pass"), ms: fc.constantFrom(1, 700, 5000) })),
  often(1, fc.record({ does: does("sleep"), ms: fc.constantFrom(700_000, 960_000, 90_000_000) })),
);

/** A step as a sentence. */
export function tell(one: Step): string {
  switch (one.does) {
    case "ask":
      return `${openers[one.thread]} asks in ${places[one.thread]} for ${one.order} back${one.why ? ", says why" : ""}${one.yes ? ", and says yes" : ""}`;
    case "say":
      return `${openers[one.thread]} says "${one.text}" in ${places[one.thread]}`;
    case "press":
      return `${one.who} presses ${one.yes ? "Confirm" : "Cancel"} of the question ${one.which} before the last${one.here ? "" : ", in another thread"}`;
    case "decide":
      return `${one.who} presses ${one.approve ? "Approve" : "Deny"} of the approval ${one.which} before the last${one.twice ? " twice" : ""}`;
    case "price":
      return `${one.order === "last" ? "the order asked for last" : one.order} turns out to have cost ${one.minor}`;
    case "fault":
      return one.fault === "before" ? "the backend is down once" : "an answer of the backend's is lost";
    case "slow":
      return `the backend takes ${one.ms} ms from now on`;
    case "pass":
      return `${one.ms} ms pass`;
    case "sleep":
      return `the machine sleeps for ${one.ms} ms`;
    case "rest":
      return "everything comes to rest";
  }
}

/** A shop whose backend takes its time, and says as little as it must. */
function slowly(shop: Shop, takes: () => Promise<void>): Shop {
  const { tool } = shop;
  const slow: Tool = {
    ...tool,
    async preview(input, context) {
      await takes();
      const seen = (await tool.preview?.(input, context)) ?? { ok: false, reason: "it cannot tell" };
      return seen.ok ? { ...seen, facts: { captured_minor: seen.amount?.minor ?? 0, ...seen.facts } } : seen;
    },
    async run(input, context) {
      await takes();
      return tool.run(input, context);
    },
  };
  return { ...shop, tool: slow };
}

export type ShopStory = Awaited<ReturnType<typeof createShopStory>>;

export async function createShopStory(world: World) {
  const underWay = createUnderWay();
  const clock = createVirtualClock(underWay.busy);
  const folder = quickFolder();
  let slowMs = 0;
  const shop = slowly(createShop({ tells: world.tells }), async () => {
    if (slowMs > 0) await clock.sleep(slowMs);
  });
  const highest = new Map(shop.orders);
  const room = createRoom();
  const policy = { ...usual, confirm: world.asks ? ("customer" as const) : ("none" as const) };
  const options: DeskOptions & { policy: typeof policy } = { room, clock, data: folder.path, policy };
  const wrongs: string[] = [];
  const left: (() => Promise<void>)[] = [];
  let serial = 0;
  let last = "ord_1";
  let life: Life;
  let desk: DeskInARoom;

  async function opens(): Promise<void> {
    for (;;) {
      const next = createLife();
      life = next;
      clock.reboot();
      const between = (real: Ledger) => next.ledger(underWay.ledger(real));
      const opening = openShop(shop, { ...options, between });
      left.push(async () => {
        const opened = await Promise.race([opening, next.over]);
        await opened?.ledger.close();
      });
      const opened = await underWay.during(Promise.race([opening, next.over]));
      if (!opened) continue;
      desk = opened;
      return;
    }
  }

  /** Happens in the living process; what it has not taken when it dies comes again to the next. */
  async function comes(event: () => Promise<unknown>): Promise<void> {
    for (;;) {
      if (life.gone) await opens();
      const taken = clock.until(Promise.race([event().then(() => true), life.over.then(() => false)]));
      if (await taken) return;
    }
  }

  const rests = async (): Promise<void> => {
    do await comes(() => desk.quiet());
    while (life.gone);
  };

  function costs(order: string, minor: number): void {
    shop.orders.set(order, minor);
    highest.set(order, Math.max(minor, highest.get(order) ?? 0));
  }

  async function says(of: number, text: string): Promise<void> {
    const id = `m${String(++serial).padStart(6, "0")}`;
    const who = openers[of] ?? "";
    const said = { id, order: id, customer: customers[who] ?? "", thread: places[of] ?? "" };
    await comes(() => room.says(who, text, said));
  }

  async function presses(name: string, value: string, who: string, where?: string): Promise<void> {
    const key = `p${++serial}`;
    const at = where ? { channel: where, thread: where } : { channel: room.deskChannel ?? "" };
    // As staff they are nobody's customer that their platform knows of, but for one of them.
    const customer = where || who === "staff-joe" ? customers[who] : undefined;
    const by = { id: `room:t:${who}`, tenant: "t", name: who, ...(customer ? { customer } : {}) };
    await comes(() =>
      room.receives({ kind: "action", keys: [key], name, value, interaction: key, by, ...at }),
    );
  }

  const stateOf = (intent: string) =>
    desk.ledger.read(async (tx) => (await tx.get("SELECT state FROM intents WHERE id = ?", intent))?.state);

  async function answers(one: Extract<Step, { does: "press" }>): Promise<void> {
    const asked = room.shown.filter(({ post }) => post.confirmation).at(-1 - one.which);
    const own = asked ? places.indexOf(asked.place) : 0;
    const where = places[one.here ? own : (own + 1) % places.length];
    const who = one.who === "opener" ? (openers[own] ?? "") : one.who;
    const intent = asked?.post.confirmation?.id ?? "i_none";
    const press = () => presses(one.yes ? "intent.confirm" : "intent.cancel", intent, who, where);
    if (one.here || !asked) return press();
    await rests();
    const before = await stateOf(intent);
    await press();
    await rests();
    const after = await stateOf(intent);
    if (after !== before)
      wrongs.push(`${intent} was ${before} and is ${after}, by a press in another thread`);
  }

  await opens();
  await desk!.ledger.write((tx) =>
    saveIdentity(tx, {
      user: "room:t:staff-ann",
      tenant: "t",
      customer: "cust_ann",
      method: "test",
      now: clock.now(),
    }),
  );

  return {
    async take(one: Step, death?: Death): Promise<void> {
      if (death) life.dieAt(death.commits, death.made);
      switch (one.does) {
        case "ask":
          last = one.order;
          await says(one.thread, `refund ${one.order}${one.why ? ": it arrived broken and wet" : ""}`);
          if (!one.yes) return;
          await rests();
          return says(one.thread, "yes");
        case "say":
          return says(one.thread, one.text);
        case "press":
          return answers(one);
        case "decide": {
          const name = one.approve ? "intent.approve" : "intent.deny";
          const asked = room.shown.filter(({ post }) => post.text.startsWith("Approval #")).length;
          for (let n = 0; n < (one.twice ? 2 : 1); n++)
            await presses(name, String(Math.max(1, asked - one.which)), one.who);
          return;
        }
        case "price":
          // Not between somebody's yes and what comes of it: that is the backend's to sort out.
          await rests();
          costs(one.order === "last" ? last : one.order, one.minor);
          return;
        case "fault":
          shop.faults.push(one.fault);
          return;
        case "slow":
          slowMs = one.ms;
          return;
        case "pass":
          if (!life.gone) await clock.pass(one.ms);
          return;
        case "sleep":
          await rests();
          return clock.sleepThrough(one.ms);
        case "rest":
          return rests();
      }
    },
    async ends(): Promise<void> {
      shop.faults.length = 0;
      if (!life.gone) life.dieAt(Number.POSITIVE_INFINITY, false);
      await rests();
    },
    async judge(): Promise<Tried> {
      const rows = await desk.ledger.read(async (tx) => ({
        intents: await tx.all<IntentRow>("SELECT * FROM intents ORDER BY id"),
        audit: await tx.all<DeedRow>("SELECT * FROM audit ORDER BY id"),
      }));
      expect(wrongs).toEqual([]);
      return judge({ ...rows, shop, highest, shown: room.shown, world });
    },
    /** Everything on record, in order. */
    happened: () =>
      desk.ledger.read(async (tx) => {
        const deeds = await tx.all<DeedRow>("SELECT * FROM audit WHERE action <> 'turn.ended' ORDER BY id");
        return deeds.map(
          (deed) => `${deed.at}: ${deed.actor} ${deed.action} ${deed.subject} ${deed.detail ?? ""}`,
        );
      }),
    async close(): Promise<void> {
      try {
        await clock.until(desk.core.stop(0));
        for (const shut of left) await shut();
      } finally {
        folder.remove();
      }
    },
  };
}
