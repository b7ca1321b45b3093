import { afterEach, describe, expect, it } from "vitest";
import { createClock } from "../../src/clock.ts";
import { createIntents } from "../../src/intents/intents.ts";
import { auditOf } from "../../src/ledger/audit.ts";
import { saveIdentity } from "../../src/ledger/identities.ts";
import { createLog } from "../../src/log.ts";
import type { DeskInARoom } from "../doubles/desk-in-a-room.ts";
import { threadOf } from "../doubles/room.ts";
import {
  createShop,
  deeds,
  movableClock,
  openShop,
  question,
  resultIn,
  type Shop,
  says,
  usual,
} from "./shop.ts";

let desk: DeskInARoom;
let shop: Shop;
afterEach(() => desk.close());

const hourMs = 3_600_000;
const card = () => desk.room.shown.find((one) => one.place === desk.room.deskChannel && one.post.card);
const toAnn = () => desk.room.seen("ann").at(-1);

/** Ann has asked for 600.00 back and confirmed it: above what the desk may do by itself. */
async function held(options: Parameters<typeof openShop>[1] = {}): Promise<void> {
  shop = createShop({ tells: true });
  desk = await openShop(shop, options);
  await says(desk, "ann", "refund ord_3: it arrived broken");
  await says(desk, "ann", "yes");
}

async function press(what: "approve" | "deny", who = "staff-maya", number = 1): Promise<void> {
  await desk.room.presses(`intent.${what}`, number, who);
  await desk.quiet();
}

describe("above the limit", () => {
  it("a person approves what the card shows, and only then it is done", async () => {
    await held();
    expect(shop.asked).toEqual([]);
    expect(toAnn()).toContain("needs the approval of a colleague");
    expect(card()?.post).toMatchObject({
      text: "Approval #1: Refund 600.00 USD for ord_3",
      card: { footer: "Waiting for a decision" },
    });
    await press("approve");
    expect([...shop.paid.values()]).toEqual([{ order: "ord_3", minor: 60_000, customer: "cust_ann" }]);
    expect(toAnn()).toBe("Done: Refund 600.00 USD for ord_3.");
    expect(card()?.post.card?.footer).toBe("Done: Refund 600.00 USD for ord_3.");
    expect(card()?.post.buttons).toBeUndefined();
    expect(await deeds(desk)).toEqual([
      "intent.proposed",
      "approval.asked",
      "intent.confirmed",
      "intent.approved",
      "intent.done",
    ]);
  });

  it("the approver is on record", async () => {
    await held();
    await press("approve");
    const rows = await desk.ledger.read((tx) => auditOf(tx, threadOf("ann")));
    const done = rows.filter((row) => ["intent.approved", "intent.done"].includes(row.action));
    expect(done.map((row) => row.actor)).toEqual(["room:t:staff-maya", "room:t:staff-maya"]);
  });

  it("the model sees later what became of it", async () => {
    await held();
    await press("approve");
    await says(desk, "ann", "thanks");
    expect(resultIn(desk.model.requests.at(-1))).toEqual({ refunded: true, order: "ord_3" });
  });

  it("a second click, by whomever, does nothing more", async () => {
    await held();
    await Promise.all([press("approve"), press("approve", "staff-li"), press("deny", "staff-li")]);
    await press("approve");
    expect(shop.asked).toHaveLength(1);
    expect(desk.room.seen("ann").filter((text) => text.startsWith("Done"))).toHaveLength(1);
    expect(desk.room.whispered.filter((text) => text === "That has been decided already.")).toHaveLength(3);
    expect(await waiting()).toBe(0);
  });

  it("a denial is final, and the customer hears why", async () => {
    await held();
    await desk.room.receives({
      kind: "action",
      keys: ["deny"],
      name: "intent.deny",
      value: "1",
      interaction: "deny",
      by: { id: "room:t:staff-maya", tenant: "t", name: "Maya" },
      channel: desk.room.deskChannel ?? "",
      reason: "The parcel was delivered",
    });
    await desk.quiet();
    await press("approve");
    expect(shop.asked).toEqual([]);
    expect(toAnn()).toBe("A colleague has decided against it: The parcel was delivered. Nothing was done.");
  });

  it("what staff should not have pasted into the reason reaches nobody and is kept nowhere", async () => {
    await held();
    await desk.room.receives({
      kind: "action",
      keys: ["deny"],
      name: "intent.deny",
      value: "1",
      interaction: "deny",
      by: { id: "room:t:staff-maya", tenant: "t", name: "Maya" },
      channel: desk.room.deskChannel ?? "",
      reason: "paid with 4242 4242 4242 4242\u0000, see the till",
    });
    await desk.quiet();
    expect(toAnn()).toContain("paid with [removed: card number], see the till");
    for (const table of ["inbox", "messages", "journal", "outbox", "intents", "audit", "tickets"]) {
      const rows = await desk.ledger.read((tx) => tx.all(`SELECT * FROM ${table}`));
      expect(JSON.stringify(rows), table).not.toContain("4242 4242");
    }
  });

  it("a press that is neither Approve nor Deny decides nothing", async () => {
    await held();
    await desk.room.presses("intent.whatever", 1);
    await desk.quiet();
    await press("approve");
    expect(shop.asked).toHaveLength(1);
  });
});

describe("who may approve", () => {
  it("nobody outside the desk, and the attempt is on record", async () => {
    await held();
    await press("approve", "bob");
    expect(shop.asked).toEqual([]);
    expect(desk.room.whispered.at(-1)).toBe("Only the approvers of this tool can do this.");
    expect(await deeds(desk)).toContain("approval.refused");
    await press("approve");
    expect(shop.asked).toHaveLength(1);
  });

  it("never the one who asked, even as staff", async () => {
    shop = createShop();
    desk = await openShop(shop);
    await says(desk, "staff-ann", "refund ord_3: it arrived broken");
    await says(desk, "staff-ann", "yes");
    await press("approve", "staff-ann");
    expect(shop.asked).toEqual([]);
    expect(desk.room.whispered.at(-1)).toBe("Nobody approves their own request.");
  });

  it("never the same customer with another account, even as staff", async () => {
    await held();
    await desk.ledger.write((tx) =>
      saveIdentity(tx, {
        user: "room:t:staff-maya",
        tenant: "t",
        customer: "cust_ann",
        method: "email_code",
        now: 1,
      }),
    );
    await press("approve");
    expect(shop.asked).toEqual([]);
    await press("approve", "staff-li");
    expect(shop.asked).toHaveLength(1);
  });

  it("only the named people, where some are named", async () => {
    await held({ policy: { ...usual, approvers: ["lead"] } });
    await press("approve");
    expect(shop.asked).toEqual([]);
  });

  it("an approval that does not exist is nobody's", async () => {
    await held();
    await press("approve", "staff-maya", 7);
    expect(desk.room.whispered.at(-1)).toBe("There is no approval #7.");
  });
});

describe("between the card and the click", () => {
  it("the company's data has changed: nothing is done, and both sides hear so", async () => {
    await held();
    shop.orders.set("ord_3", 90_000);
    await press("approve");
    expect(shop.asked).toEqual([]);
    expect(toAnn()).toContain("it has changed since it was asked for");
    expect(card()?.post.card?.footer).toBe(toAnn());
  });

  it("what else was waiting is gone: a person's word needs no reason of the customer's", async () => {
    shop = createShop();
    desk = await openShop(shop);
    await says(desk, "ann", "refund ord_5: it arrived broken");
    await says(desk, "ann", "refund ord_4");
    await says(desk, "ann", "refund ord_4: the colour is wrong");
    await says(desk, "ann", "yes");
    expect(card()?.post.text).toBe("Approval #1: Refund 300.00 USD for ord_4");
    const first = desk.room.shown.find((one) => one.post.confirmation?.text.includes("ord_5"));
    await desk.ledger.write((tx) =>
      tx.run("UPDATE intents SET state = 'declined' WHERE id = ?", first?.post.confirmation?.id ?? ""),
    );
    await press("approve");
    expect([...shop.paid.values()].map(({ order }) => order)).toEqual(["ord_4"]);
  });

  it("a person has taken the thread: the result goes to them, not to the customer", async () => {
    await held();
    await says(desk, "ann", "I want to talk to a human");
    await desk.room.presses("ticket.take", 1);
    await desk.quiet();
    const before = desk.room.seen("ann").length;
    await press("approve");
    expect(shop.asked).toHaveLength(1);
    expect(desk.room.seen("ann")).toHaveLength(before);
    const inThread = desk.room.shown.filter((one) => one.place.startsWith(`${desk.room.deskChannel}/`));
    expect(inThread.at(-1)?.post.text).toBe(
      "What the customer has been promised to hear, and has not been told; please tell them: “Done: Refund 600.00 USD for ord_3.”",
    );
  });

  it("what was approved a day after it was asked for counts on the day on which it was done", async () => {
    const clock = movableClock();
    await held({ clock });
    clock.forward(23.9 * hourMs);
    await press("approve");
    expect(shop.asked).toHaveLength(1);
    clock.forward(hourMs);
    await says(desk, "ann", "refund ord_2: it arrived broken");
    await says(desk, "ann", "yes");
    expect(shop.asked).toHaveLength(1);
    expect(toAnn()).toContain("needs the approval of a colleague");
  });

  it("the company's systems do not answer: whoever pressed reads so, and can press again", async () => {
    await held();
    const { preview } = shop.tool;
    shop.tool.preview = () => {
      throw new Error("the backend is down");
    };
    await press("approve");
    expect(desk.room.whispered).toEqual([
      "I could not look up what this would do now, so nothing was decided. Please press it again in a moment.",
    ]);
    expect(await waiting()).toBe(0);
    expect(await deeds(desk)).not.toContain("inbox.parked");
    shop.tool.preview = preview as NonNullable<typeof preview>;
    await press("approve");
    expect(shop.paid.size).toBe(1);
  });

  it("a day has passed: it is over, and both sides hear so once", async () => {
    const clock = movableClock();
    await held({ clock });
    clock.forward(24 * hourMs);
    await press("approve");
    expect(desk.room.whispered.at(-1)).toBe("This approval has expired.");
    await sweep();
    await sweep();
    expect(shop.asked).toEqual([]);
    expect(desk.room.seen("ann").filter((text) => text.startsWith("Nobody has approved"))).toHaveLength(1);
    expect(card()?.post.card?.footer).toContain("Nobody has approved");
    expect((await deeds(desk)).filter((action) => action === "intent.expired")).toHaveLength(1);
  });
});

describe("while an approval is being carried out", () => {
  /** Pauses between tries are short. */
  const hasty = () => {
    const clock = createClock();
    return { ...clock, sleep: (ms: number, signal?: AbortSignal) => clock.sleep(Math.min(ms, 5), signal) };
  };

  it("the backend stays down: the colleague whom the customer is promised has a ticket", async () => {
    await held({ clock: hasty() });
    shop.faults.push("before", "before", "before");
    await press("approve");
    expect(desk.room.seen("ann").slice(-2)).toEqual([
      "I could not make sure that this was done. A colleague will look at it and answer you here.",
      "I have asked a colleague to help you: your ticket is #1. A person will answer you right here.",
    ]);
    const cards = desk.room.shown.filter((one) => one.place === desk.room.deskChannel && one.post.card);
    expect(cards.at(-1)?.post).toMatchObject({
      text: "Ticket #1: Refund 600.00 USD for ord_3 (It is not known whether refund was done; look at the log and at the store.)",
      card: { facts: expect.arrayContaining([{ label: "Priority", value: "high" }]) },
    });
  });

  it("the backend stays down while somebody has the conversation: they are told to look", async () => {
    await held({ clock: hasty() });
    await says(desk, "ann", "I want to talk to a human");
    shop.faults.push("before", "before", "before");
    await press("approve");
    const inThread = desk.room.shown.filter((one) => one.place.startsWith(`${desk.room.deskChannel}/`));
    expect(inThread.at(-1)?.post.text).toBe(
      "It is not known whether refund was done; look at the log and at the store.",
    );
  });

  it("the backend stays down after the conversation was resolved: it has a ticket again", async () => {
    await held({ clock: hasty() });
    await says(desk, "ann", "I want to talk to a human");
    await desk.room.presses("ticket.resolve", 1);
    await desk.quiet();
    shop.faults.push("before", "before", "before");
    await press("approve");
    expect(desk.room.seen("ann").slice(-2)).toEqual([
      "I could not make sure that this was done. A colleague will look at it and answer you here.",
      "I have asked a colleague to help you: your ticket is #2. A person will answer you right here.",
    ]);
  });

  it("a customer who asks for it again is told so, and it is not begun a second time", async () => {
    await held();
    const { tool } = shop;
    const { run } = tool;
    let go = () => {};
    let runs = 0;
    const slow = new Promise<void>((resolve) => (go = resolve));
    tool.run = async (...given) => {
      runs += 1;
      await slow;
      return run(...given);
    };
    void desk.room.presses("intent.approve", 1, "staff-maya");
    while (runs === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    await desk.room.says("ann", "refund ord_3: it arrived broken", { customer: "cust_ann" });
    while (!desk.model.requests.some((one) => JSON.stringify(one).includes("It is being done now")))
      await new Promise((resolve) => setTimeout(resolve, 5));
    expect(runs).toBe(1);
    go();
    await desk.quiet();
    expect(runs).toBe(1);
    expect([...shop.paid.values()]).toHaveLength(1);
  });
});

describe("what the process dies of again and again while it carries out an approval", () => {
  /** The tool hangs; the process has died so often while this waited, and dies once more. */
  async function dying(deaths: number): Promise<void> {
    await held();
    const { tool } = shop;
    const { run } = tool;
    let begun = () => {};
    const running = new Promise<void>((resolve) => (begun = resolve));
    tool.run = () => {
      begun();
      return new Promise(() => {});
    };
    void desk.room.presses("intent.approve", 1, "staff-maya");
    await running;
    tool.run = run;
    await desk.ledger.write((tx) => tx.run("UPDATE inbox SET strikes = ? WHERE state = 'waiting'", deaths));
  }
  const key = async () =>
    (await desk.ledger.read((tx) => tx.get<{ id: string }>("SELECT id FROM intents")))?.id ?? "";
  const state = async () =>
    (await desk.ledger.read((tx) => tx.get<{ state: string }>("SELECT state FROM intents")))?.state;

  it("is over, is tried no more, and both sides hear that nobody knows", async () => {
    await dying(20);
    desk = await desk.reopen();
    await desk.quiet();
    expect(await state()).toBe("failed");
    expect(shop.asked).toEqual([]);
    expect(desk.room.seen("ann").at(-2)).toContain("I could not make sure that this was done");
    expect(card()?.post.card?.footer).toContain("could not make sure");
    expect(await waiting()).toBe(0);
    expect((await deeds(desk)).filter((action) => action === "intent.failed")).toHaveLength(1);
  });

  it("is done when the company's data says so", async () => {
    await dying(20);
    shop.paid.set(await key(), { order: "ord_3", minor: 60_000, customer: "cust_ann" });
    desk = await desk.reopen();
    await desk.quiet();
    expect(await state()).toBe("done");
    expect(toAnn()).toBe("Done: Refund 600.00 USD for ord_3.");
    expect((await deeds(desk)).filter((action) => action === "intent.done")).toHaveLength(1);
  });

  it("asks the company's program nothing more when the process died of that, too", async () => {
    await dying(21);
    shop.paid.set(await key(), { order: "ord_3", minor: 60_000, customer: "cust_ann" });
    desk = await desk.reopen();
    await desk.quiet();
    expect(await state()).toBe("failed");
    expect(desk.room.seen("ann").at(-2)).toContain("I could not make sure that this was done");
  });
});

describe("the customer", () => {
  it("is asked first: nothing is put to staff before their yes", async () => {
    shop = createShop();
    desk = await openShop(shop);
    await says(desk, "ann", "refund ord_3: it arrived broken");
    expect(desk.room.seen("desk")).toEqual([]);
    await says(desk, "ann", "no");
    expect(desk.room.seen("desk")).toEqual([]);
  });

  it("who asks for the same again has one approval waiting, not two", async () => {
    await held();
    await says(desk, "ann", "refund ord_3: it arrived broken");
    expect(desk.room.shown.filter((one) => one.post.card)).toHaveLength(1);
  });

  it("is asked nothing where the request is enough: the card comes at once", async () => {
    shop = createShop();
    desk = await openShop(shop, { policy: { ...usual, confirm: "none" } });
    await says(desk, "ann", "refund ord_3: it arrived broken");
    expect(() => question(desk)).toThrow();
    await press("approve");
    expect(shop.asked).toHaveLength(1);
  });
});

async function waiting(): Promise<number> {
  const rows = await desk.ledger.read((tx) => tx.all("SELECT id FROM inbox WHERE state = 'waiting'"));
  return rows.length;
}

/** What the desk does from time to time. */
async function sweep(): Promise<void> {
  const rows: string[] = [];
  const intents = createIntents({
    ledger: desk.ledger,
    clock: desk.clock,
    log: createLog("silent"),
    ruleOf: () => usual,
    toolTimeoutMs: 1000,
    toolOf: () => shop.tool,
    channel: () => desk.room.deskChannel,
    mayApprove: async () => false,
    sameCustomer: async () => false,
    harmless: (text) => text,
    callPerson: async () => [],
    tell: async () => {},
    push: (pushed) => rows.push(...pushed.map((row) => row.id)),
  });
  await intents.expire();
  const again = await desk.reopen();
  await again.quiet();
  await again.core.stop(0);
  expect(rows.length).toBeLessThanOrEqual(2);
}
