/**
 * Writes under every order of requests, answers, clicks, decisions, changed data, broken backends, deaths and time, in
 * two threads of one customer at once: done at most once, only what was confirmed by who asked and approved where that
 * is needed, and never more than the policy allows.
 */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { DeskInARoom, DeskOptions } from "../doubles/desk-in-a-room.ts";
import { createRoom, threadOf } from "../doubles/room.ts";
import { createVirtualClock } from "../doubles/virtual-clock.ts";
import { createShop, openShop, usual } from "../intents/shop.ts";
import { createLife, type Life } from "./life.ts";
import { quickFolder } from "./quick-folder.ts";
import { enough, runs } from "./runs.ts";

const orders = ["ord_1", "ord_2", "ord_3", "ord_4", "ord_5"];
const people = ["ann", "ann", "ann", "ann", "ben", "staff-maya"] as const;

type Step =
  | { does: "ask"; thread: number; order: string; why: boolean }
  | { does: "say"; thread: number; text: "yes" | "no" | "thanks" }
  | { does: "press"; here: boolean; yes: boolean; who: string; which: number }
  | { does: "decide"; approve: boolean; who: string; which: number; twice: boolean }
  | { does: "price"; order: string; minor: number }
  | { does: "fault"; fault: "before" | "after" }
  | { does: "pass"; ms: number }
  | { does: "rest" }
  | { does: "die"; commits: number; made: boolean };

const thread = fc.nat({ max: 1 });
const which = fc.constantFrom(0, 0, 0, 1, 2);
const mostly = fc.constantFrom(true, true, true, false);
const as = <T extends string>(does: T) => fc.constant(does);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ does: as("ask"), thread, order: fc.constantFrom(...orders), why: mostly }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ does: as("say"), thread, text: fc.constantFrom("yes", "yes", "no", "thanks") }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      does: as("press"),
      here: mostly,
      yes: mostly,
      who: fc.constantFrom(...people),
      which,
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      does: as("decide"),
      approve: mostly,
      who: fc.constantFrom("staff-maya", "staff-maya", "ann", "ben"),
      which,
      twice: fc.boolean(),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      does: as("price"),
      order: fc.constantFrom(...orders),
      minor: fc.constantFrom(3000, 45_000),
    }),
  },
  { weight: 1, arbitrary: fc.record({ does: as("fault"), fault: fc.constantFrom("before", "after") }) },
  { weight: 2, arbitrary: fc.record({ does: as("pass"), ms: fc.constantFrom(1, 700, 960_000, 90_000_000) }) },
  { weight: 2, arbitrary: fc.record({ does: as("die"), commits: fc.nat({ max: 8 }), made: fc.boolean() }) },
) as fc.Arbitrary<Step>;

describe("writes", () => {
  it(
    "happen once, by right and within limits, in any order of what people, backends and deaths do",
    async () => {
      let paid = 0;
      await fc.assert(
        fc.asyncProperty(
          fc.array(fc.record({ one: step, rest: mostly }), { minLength: 8, maxLength: 30 }),
          async (steps) => {
            const story = await createStory();
            try {
              for (const { one, rest } of steps) {
                await story.take(one);
                if (rest) await story.take({ does: "rest" });
              }
              await story.ends();
              paid += await story.judge();
            } finally {
              await story.close();
            }
          },
        ),
        runs(30),
      );
      expect(paid).toBeGreaterThan(10);
    },
    enough,
  );
});

interface IntentRow {
  id: string;
  state: string;
  opener: string;
  subject: string;
  amount_minor: number;
  created_at: number;
  approval: number | null;
}

async function createStory() {
  const clock = createVirtualClock();
  const folder = quickFolder();
  const shop = createShop({ tells: true });
  const highest = new Map(shop.orders);
  const room = createRoom();
  const options: DeskOptions = { room, clock, data: folder.path };
  const left: (() => Promise<void>)[] = [];
  let serial = 0;
  let life: Life;
  let desk: DeskInARoom;

  async function opens(): Promise<void> {
    for (;;) {
      const next = createLife();
      life = next;
      clock.reboot();
      const opening = openShop(shop, { ...options, policy: usual, between: next.ledger });
      left.push(async () => {
        const opened = await Promise.race([opening, next.over]);
        await opened?.ledger.close();
      });
      const opened = await clock.until(Promise.race([opening, next.over]));
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

  const place = (of: number) => threadOf(of === 0 ? "ann" : "ann-too");

  async function says(of: number, text: string): Promise<void> {
    const id = `m${String(++serial).padStart(6, "0")}`;
    await comes(() => room.says("ann", text, { id, order: id, customer: "cust_ann", thread: place(of) }));
  }

  const by = (who: string) => ({
    id: `room:t:${who}`,
    tenant: "t",
    name: who,
    ...(who.startsWith("staff") ? {} : { customer: `cust_${who}` }),
  });

  async function presses(name: string, value: string, who: string, where: string | undefined): Promise<void> {
    const key = `p${++serial}`;
    const at = where ? { channel: where, thread: where } : { channel: room.deskChannel ?? "" };
    await comes(() =>
      room.receives({ kind: "action", keys: [key], name, value, interaction: key, by: by(who), ...at }),
    );
  }

  await opens();

  return {
    async take(one: Step): Promise<void> {
      switch (one.does) {
        case "ask":
          return says(one.thread, `refund ${one.order}${one.why ? ": it arrived broken and wet" : ""}`);
        case "say":
          return says(one.thread, one.text);
        case "press": {
          const asked = room.shown.filter(({ post }) => post.confirmation).at(-1 - one.which);
          const intent = asked?.post.confirmation?.id ?? "i_none";
          const own = asked?.place === place(1) ? 1 : 0;
          const where = place(one.here ? own : 1 - own);
          return presses(one.yes ? "intent.confirm" : "intent.cancel", intent, one.who, where);
        }
        case "decide":
          for (let n = 0; n < (one.twice ? 2 : 1); n++)
            await presses(
              one.approve ? "intent.approve" : "intent.deny",
              String(one.which + 1),
              one.who,
              undefined,
            );
          return;
        case "price":
          shop.orders.set(one.order, one.minor);
          highest.set(one.order, Math.max(one.minor, highest.get(one.order) ?? 0));
          return;
        case "fault":
          shop.faults.push(one.fault);
          return;
        case "pass":
          if (!life.gone) await clock.pass(one.ms);
          return;
        case "rest":
          return rests();
        case "die":
          life.dieAt(one.commits, one.made);
          return;
      }
    },
    async ends(): Promise<void> {
      shop.faults.length = 0;
      if (!life.gone) life.dieAt(Number.POSITIVE_INFINITY, false);
      await rests();
    },
    /** @returns how often money moved */
    async judge(): Promise<number> {
      const { intents, audit } = await desk.ledger.read(async (tx) => ({
        intents: await tx.all<IntentRow>("SELECT * FROM intents"),
        audit: await tx.all<{ actor: string; action: string; detail: string }>("SELECT * FROM audit"),
      }));
      const deeds = (action: string, intent: string) =>
        audit.filter((row) => row.action === action && JSON.parse(row.detail).intent === intent);
      const paid = [...shop.paid.keys()].map(
        (key) => intents.find((intent) => intent.id === key) as IntentRow,
      );
      for (const intent of intents) {
        // One record of each deed, and everything that was begun has come to an end.
        for (const action of ["intent.confirmed", "intent.approved", "intent.done", "intent.failed"])
          expect(deeds(action, intent.id).length, `${action} of ${intent.id}`).toBeLessThanOrEqual(1);
        for (const { actor } of deeds("intent.declined", intent.id)) expect(actor).toBe(intent.opener);
        expect(["approved", "running"], intent.id).not.toContain(intent.state);
        if (shop.asked.includes(intent.id)) expect(["done", "failed"]).toContain(intent.state);
      }
      for (const intent of paid) {
        // What a customer does is confirmed, what staff do is approved.
        const actors = (action: string) => deeds(action, intent.id).map((row) => row.actor);
        const needed = intent.approval === null ? [] : ["room:t:staff-maya"];
        expect(actors("intent.confirmed")).toEqual([intent.opener]);
        expect(actors("intent.approved")).toEqual(needed);
        if (intent.amount_minor > 50_000) expect(needed).toHaveLength(1);
      }
      for (const order of orders) {
        const back = paid
          .filter((one) => one.subject === order)
          .reduce((sum, one) => sum + one.amount_minor, 0);
        expect(back, order).toBeLessThanOrEqual(highest.get(order) ?? 0);
      }
      const alone = paid.filter((one) => one.approval === null);
      for (const one of alone) {
        const day = alone.filter(
          ({ created_at: at }) => at <= one.created_at && at > one.created_at - 85_000_000,
        );
        expect(day.reduce((sum, other) => sum + other.amount_minor, 0)).toBeLessThanOrEqual(50_000);
      }
      return paid.length;
    },
    async close(): Promise<void> {
      await clock.until(desk.core.stop(0));
      for (const shut of left) await shut();
      folder.remove();
    },
  };
}
