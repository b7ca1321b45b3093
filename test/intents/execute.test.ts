import { afterEach, describe, expect, it } from "vitest";
import { DeskError } from "../../src/errors.ts";
import { findIntent, moveIntent, type OkPreview } from "../../src/ledger/intents.ts";
import type { Tool } from "../../src/tool.ts";
import type { DeskInARoom } from "../doubles/desk-in-a-room.ts";
import { createShop, deeds, openShop, question, type Shop, type ShopOptions, says } from "./shop.ts";

let desk: DeskInARoom;
let shop: Shop;
afterEach(() => desk.close());

async function confirmed(faults: Shop["faults"], options: ShopOptions = {}): Promise<void> {
  shop = createShop(options);
  shop.faults.push(...faults);
  desk = await openShop(shop);
  await says(desk, "ann", "refund ord_1: it arrived broken");
  await says(desk, "ann", "yes");
}
const told = () => desk.room.seen("ann").at(-1);

describe("a backend in trouble", () => {
  it("that was down is asked again, under the same key", async () => {
    await confirmed(["before"]);
    expect(shop.asked).toHaveLength(2);
    expect(new Set(shop.asked).size).toBe(1);
    expect(shop.paid.size).toBe(1);
    expect(told()).toBe("Done: Refund 40.00 USD for ord_1.");
  });

  it("whose answer was lost is looked up before it is asked again", async () => {
    await confirmed(["after"]);
    expect(shop.asked).toHaveLength(1);
    expect(shop.paid.size).toBe(1);
    expect(told()).toBe("Done: Refund 40.00 USD for ord_1.");
  });

  it("that cannot be looked up is asked again under the same key, which makes it one payment", async () => {
    await confirmed(["after"], { cannotTell: true });
    expect(shop.asked).toHaveLength(2);
    expect(shop.paid.size).toBe(1);
  });

  it("that stays down: an honest word, and a person looks at it", async () => {
    await confirmed(["before", "before", "before"]);
    expect(shop.asked).toHaveLength(3);
    expect(told()).toContain("I could not make sure that this was done.");
    expect(desk.room.seen("desk")[0]).toBeDefined();
    expect(await deeds(desk)).toContain("intent.failed");
  });

  it("says in the log what was wrong, and neither to the model nor in what is kept and exported", async () => {
    await confirmed(["before", "before", "before"]);
    const tables = ["journal", "intents", "tickets", "outbox", "messages", "audit"];
    const kept = await desk.ledger.read((tx) =>
      Promise.all(tables.map((name) => tx.all(`SELECT * FROM ${name}`))),
    );
    expect(JSON.stringify(kept)).toContain("tool_failed");
    expect(JSON.stringify(kept)).not.toContain("the backend is down");
  });

  it("that tells a novel of what it has done is cut", async () => {
    shop = createShop();
    const novel = "It was a dark and stormy night. ".repeat(20_000);
    const tool: Tool = { ...shop.tool, run: () => ({ refunded: true, message: novel }) };
    desk = await openShop({ ...shop, tool });
    await says(desk, "ann", "refund ord_1: it arrived broken");
    await says(desk, "ann", "yes");
    expect(told()?.length).toBeLessThan(2_000);
    await says(desk, "ann", "thank you");
    expect(JSON.stringify(desk.model.requests.at(-1)).length).toBeLessThan(50_000);
  });

  it("of which nobody knows whether it has paid: what it may have paid counts against the limits", async () => {
    await confirmed(["before", "before", "before"]);
    const rows = await desk.ledger.read((tx) => tx.all("SELECT id FROM intents WHERE state = 'failed'"));
    expect(rows).toHaveLength(1);
    await desk.ledger.write((tx) =>
      tx.run("UPDATE threads SET control = 'automated', version = version + 1"),
    );
    await says(desk, "ann", "refund ord_1: it arrived broken");
    await says(desk, "ann", "yes");
    expect(shop.paid.size).toBe(0);
    expect(told()).toContain("needs the approval of a colleague");
  });
});

describe("a run that says that it has done nothing", () => {
  const runs = async (...results: unknown[]): Promise<void> => {
    shop = createShop();
    const facts = { captured_minor: 4000 };
    const tool: Tool = {
      ...shop.tool,
      preview: async (input, context) => ({
        ...((await shop.tool.preview?.(input, context)) as OkPreview),
        facts,
      }),
      run() {
        const result = results.shift();
        if (result instanceof Error) throw result;
        return result;
      },
    };
    desk = await openShop({ ...shop, tool });
    for (let left = results.length; left > 0; left--) {
      await says(desk, "ann", "refund ord_1: it arrived broken");
      await says(desk, "ann", "yes");
    }
  };

  it.each([{ ok: false }, { refunded: false }])(
    "%j counts against no limit: the customer may ask again",
    async (nothing) => {
      await runs({ ...nothing, reason: "The bank is closed until noon." }, { refunded: true });
      expect(told()).toBe("Done: Refund 40.00 USD for ord_1.");
    },
  );

  it.each([
    ["in part", { refunded: true, partial: false, reason: "broken" }],
    ["perhaps", { error: "the receipt was not sent" }],
    ["at a second try", new Error("the answer was lost"), { refunded: false, reason: "It is paid back." }],
  ])("%s counts like one that is done", async (_, ...unclear) => {
    await runs(...unclear, { refunded: true });
    expect(await deeds(desk)).toContain("intent.refused");
    const done = await desk.ledger.read((tx) => tx.all("SELECT id FROM intents WHERE state = 'done'"));
    expect(done).toHaveLength(1);
  });
});

describe("the table of moves", () => {
  it("lets an intent leave a state once, and refuses moves it does not have", async () => {
    shop = createShop();
    desk = await openShop(shop);
    await says(desk, "ann", "refund ord_1: it arrived broken");
    const intent = await desk.ledger.read((tx) => findIntent(tx, question(desk).id));
    if (!intent) throw new Error("no intent");
    const moved = await desk.ledger.write((tx) => moveIntent(tx, intent, "decline", 1));
    expect(moved?.state).toBe("declined");
    expect(await desk.ledger.write((tx) => moveIntent(tx, intent, "confirm", 1))).toBeUndefined();
    const again = desk.ledger.write((tx) => moveIntent(tx, moved ?? intent, "confirm", 1));
    await expect(again).rejects.toThrow(DeskError);
  });
});
