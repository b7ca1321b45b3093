import { afterEach, describe, expect, it } from "vitest";
import type { DeskInARoom } from "../doubles/desk-in-a-room.ts";
import { createShop, openShop, presses, question, says, usual } from "../intents/shop.ts";

let desk: DeskInARoom;
afterEach(() => desk.close());

describe("a person who comes while the customer is to be told of a write, and the platform refuses it", () => {
  it("reads once what the customer would have read", async () => {
    desk = await openShop(createShop(), { policy: { ...usual, confirm: "none" } });
    await says(desk, "ann", "I want to speak to a human");
    await desk.room.presses("ticket.hand_back", 1);
    await desk.quiet();
    desk.room.fault("ann", "unavailable");
    await desk.room.says("ann", "refund ord_1: it arrived broken", { customer: "cust_ann" });
    const tries = () => desk.ledger.read((tx) => tx.all("SELECT id FROM outbox WHERE attempts > 0"));
    await expect.poll(async () => (await tries()).length).toBe(1);
    await desk.room.presses("ticket.take", 1);
    await desk.quiet();
    const told = desk.room.shown.filter((one) => one.post.text.includes("they have not been told"));
    expect(told).toHaveLength(1);
    expect(desk.room.seen("ann").join()).not.toContain("All right.");
  });
});

describe("a customer who presses Confirm below the bot's question", () => {
  it.each(["taken", "asked for"])("when a person has been %s: that person reads it", async (when) => {
    desk = await openShop(createShop(), { policy: usual });
    await says(desk, "ann", "Please refund ord_1: it arrived broken");
    const asked = question(desk);
    await says(desk, "ann", "I want to speak to a human");
    if (when === "taken") await desk.room.presses("ticket.take", 1);
    await desk.quiet();
    await presses(desk, "ann", "intent.confirm", asked.id);
    const read = desk.room.shown.filter(({ post }) => post.as === "ann").map(({ post }) => post.text);
    expect(read).toEqual([`(has pressed “Confirm” below the bot's question: “${asked.text}”)`]);
    expect(asked.text).toContain("ord_1");
  });

  it("in a conversation that has been erased: they read that it is over, and nothing breaks", async () => {
    desk = await openShop(createShop());
    await presses(desk, "ann", "intent.confirm", "i_1");
    expect(desk.room.whispered).toEqual(["This button is not known any more."]);
    expect(await desk.ledger.read((tx) => tx.all("SELECT strikes FROM inbox"))).toEqual([{ strikes: 0 }]);
  });
});
