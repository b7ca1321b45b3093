/** The store's question does not reach the customer where they asked: it is put to them in a private thread. */
import { afterEach, describe, expect, it } from "vitest";
import { findIntent } from "../../src/ledger/intents.ts";
import type { DeskInARoom } from "../doubles/desk-in-a-room.ts";
import { createRoom, type Room, threadOf } from "../doubles/room.ts";
import { createShop, openShop, presses, question, type Shop, says, usual } from "../intents/shop.ts";

let desk: DeskInARoom;
let shop: Shop;
afterEach(() => desk.close());

const beside = "room:t:hall/ann";

/** A room whose customers take no direct messages any more. */
function closedRoom(): Room {
  const room = createRoom();
  return { ...room, direct: async () => ({ thread: beside, way: "private_thread" }) };
}

/** Ann has asked for a refund in a direct message, and closed her direct messages before she was asked whether to do it. */
async function askedBeside(): Promise<string> {
  shop = createShop();
  desk = await openShop(shop, { room: closedRoom(), policy: usual });
  desk.room.fault("ann", "unreachable");
  await says(desk, "ann", "Please refund ord_1: it arrived broken");
  expect(desk.room.seen("ann")).toEqual([]);
  const asked = desk.room.shown.find((one) => one.place === beside);
  expect(asked?.post.text).toContain("Shall I do this?");
  expect(asked?.post.buttons?.map(({ label }) => label)).toEqual(["Confirm", "Cancel"]);
  return asked?.post.confirmation?.id ?? "";
}

async function saysBeside(who: string, text: string): Promise<void> {
  await desk.room.says(who, text, { thread: beside, customer: `cust_${who}` });
  await desk.quiet();
}

async function pressesBeside(who: string, intent: string, thread = beside): Promise<void> {
  const key = desk.clock.id("press");
  const by = { id: `room:t:${who}`, tenant: "t", name: who, customer: `cust_${who}` };
  const where = { channel: thread, thread };
  await desk.room.receives({
    kind: "action",
    keys: [key],
    name: "intent.confirm",
    value: intent,
    interaction: key,
    by,
    ...where,
  });
  await desk.quiet();
}

describe("a question that went to a private thread", () => {
  it("is answered there by a press, once", async () => {
    const intent = await askedBeside();
    await pressesBeside("ann", intent);
    expect([...shop.paid.values()]).toEqual([{ order: "ord_1", minor: 4000, customer: "cust_ann" }]);
    expect(desk.room.seen(beside).at(-1)).toBe("Done: Refund 40.00 USD for ord_1.");
    await pressesBeside("ann", intent);
    await saysBeside("ann", "yes");
    expect(shop.asked).toHaveLength(1);
  });

  it("is answered there by a plain yes, or no", async () => {
    await askedBeside();
    await saysBeside("ann", "yes");
    expect(shop.paid.size).toBe(1);
    expect(desk.room.seen(beside).at(-1)).toBe("Done: Refund 40.00 USD for ord_1.");
    await desk.close();
    await askedBeside();
    await saysBeside("ann", "no");
    expect(shop.paid.size).toBe(0);
    expect(desk.room.seen(beside).at(-1)).toBe("All right, nothing was done.");
  });

  it("is nobody else's to answer there, by a word or by a press", async () => {
    const intent = await askedBeside();
    await saysBeside("ben", "yes");
    await pressesBeside("ben", intent);
    expect(shop.asked).toEqual([]);
    await pressesBeside("ann", intent);
    expect(shop.paid.size).toBe(1);
  });

  it("is not answered where it never arrived, nor in any other thread of theirs", async () => {
    const intent = await askedBeside();
    await presses(desk, "ann", "intent.confirm", intent);
    await says(desk, "ann", "yes");
    await desk.room.says("ann", "hello", { thread: "room:t:elsewhere", customer: "cust_ann" });
    await pressesBeside("ann", intent, "room:t:elsewhere");
    expect(shop.asked).toEqual([]);
  });

  it("is about what was shown: where the shop's data has changed, it is put again, there", async () => {
    const intent = await askedBeside();
    shop.orders.set("ord_1", 3000);
    await pressesBeside("ann", intent);
    expect(shop.asked).toEqual([]);
    expect(desk.room.seen(beside).at(-1)).toContain("It is now: Refund 30.00 USD for ord_1.");
    await saysBeside("ann", "yes");
    expect([...shop.paid.values()].map(({ minor }) => minor)).toEqual([3000]);
  });

  it("that could not be put there either is not answered by a yes to something else", async () => {
    shop = createShop();
    desk = await openShop(shop, { room: closedRoom() });
    desk.room.fault("ann", "unreachable");
    desk.room.fault(beside, "unreachable");
    await says(desk, "ann", "Please refund ord_1: it arrived broken");
    await saysBeside("ann", "yes");
    expect(shop.asked).toEqual([]);
  });

  it("that has been answered already stays answered", async () => {
    shop = createShop();
    desk = await openShop(shop, { room: closedRoom() });
    await says(desk, "ann", "Please refund ord_1: it arrived broken");
    const { id } = question(desk);
    await presses(desk, "ann", "intent.cancel", id);
    expect(await desk.ledger.read((tx) => findIntent(tx, id))).toMatchObject({
      state: "declined",
      thread: threadOf("ann"),
    });
  });
});
