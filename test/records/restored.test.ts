/** A desk that is started on a backup: money moves once, and no number stands for two things. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "@photostructure/sqlite";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createClock } from "../../src/clock.ts";
import { leaveRoom } from "../../src/ledger/leave-room.ts";
import type { Ledger } from "../../src/ledger.ts";
import { copyData } from "../../src/records/copy-data.ts";
import type { DeskInARoom } from "../doubles/desk-in-a-room.ts";
import { createShop, openShop, type Shop, says, usual } from "../intents/shop.ts";
import { temporaryFolder } from "../journeys/terminal.ts";

const clock = createClock();
let folder: ReturnType<typeof temporaryFolder>;
let shop: Shop;
let data: string;
let copy: string;
let desk: DeskInARoom;
beforeEach(() => {
  folder = temporaryFolder();
  data = join(folder.path, "data");
  copy = join(folder.path, "copy");
  for (const path of [data, copy]) mkdirSync(path);
  shop = createShop();
});
afterEach(async () => {
  await desk.close();
  folder.remove();
});

const backUp = () => copyData({ data, to: copy, clock });

/** The desk goes down, and one is started on the backup, before the same people. */
async function restore(): Promise<void> {
  const { room } = desk;
  await desk.close();
  desk = await openShop(shop, { data: copy, room });
  await desk.quiet();
}

const idsIn = async (): Promise<string[]> => {
  const rows = await desk.ledger.read((tx) => tx.all<{ id: string }>("SELECT id FROM intents ORDER BY id"));
  return rows.map(({ id }) => id);
};
const approvals = () =>
  desk.room.shown.filter((one) => one.post.card?.title.startsWith("Approval #") && one.post.buttons);

describe("a desk on a backup", () => {
  it("does what a customer confirms again under the key that it had before, so that money moves once", async () => {
    desk = await openShop(shop, { data });
    await says(desk, "ann", "refund ord_1: it arrived broken");
    await backUp();
    await says(desk, "ann", "yes");
    const before = await idsIn();
    expect([...shop.paid.keys()]).toEqual(before);
    await restore();
    await says(desk, "ann", "yes");
    expect(shop.paid.size).toBe(1);
    expect(new Set(shop.asked)).toEqual(new Set(before));
  });

  it("gives no write the key of another, of which it knows nothing", async () => {
    desk = await openShop(shop, { data });
    await says(desk, "ann", "hello");
    await backUp();
    await says(desk, "ann", "refund ord_1: it arrived broken");
    await says(desk, "ann", "yes");
    const before = await idsIn();
    expect(before).toHaveLength(1);
    await restore();
    expect(await idsIn()).toEqual([]);
    await says(desk, "cleo", "refund ord_1: it arrived broken");
    await says(desk, "cleo", "yes");
    const after = await idsIn();
    expect(after).toHaveLength(1);
    expect(before).not.toContain(after[0]);
    expect([...shop.paid.values()].map(({ customer }) => customer)).toEqual(["cust_ann", "cust_cleo"]);
  });

  it.each(["approved", "running"])(
    "looks up a write that was %s when the backup was made, though the backend knows no key any more",
    async (state) => {
      let copied = false;
      const between = (ledger: Ledger): Ledger => ({
        ...ledger,
        async write(work, how) {
          const result = await ledger.write(work, how);
          const found = await ledger.read((tx) => tx.get("SELECT 1 FROM intents WHERE state = ?", state));
          if (found && !copied) {
            copied = true;
            await backUp();
          }
          return result;
        },
      });
      desk = await openShop(shop, { data, between });
      await says(desk, "ann", "refund ord_3: it arrived broken");
      await says(desk, "ann", "yes");
      const [card] = approvals();
      await desk.room.presses("intent.approve", card?.post.buttons?.[0]?.value ?? "");
      await desk.quiet();
      expect([copied, shop.asked.length, shop.paid.size]).toEqual([true, 1, 1]);
      await restore();
      expect([shop.asked.length, shop.paid.size]).toEqual([1, 1]);
      const [row] = await desk.ledger.read((tx) => tx.all<{ state: string }>("SELECT state FROM intents"));
      expect(row?.state).toBe("done");
    },
  );

  it("gives no number that staff may have before them on a card, and a card's button decides on its own write only", async () => {
    desk = await openShop(shop, { data });
    await says(desk, "ann", "I want to speak to a human");
    await backUp();
    await says(desk, "bob", "I want to speak to a human");
    await says(desk, "cleo", "refund ord_3: it arrived broken");
    await says(desk, "cleo", "yes");
    const [lost] = approvals();
    expect(lost?.post.card?.title).toMatch(/^Approval #1:/);
    await restore();
    await says(desk, "dora", "I want to speak to a human");
    const numbers = await desk.ledger.read((tx) =>
      tx.all<{ number: number }>("SELECT number FROM tickets ORDER BY number"),
    );
    expect(numbers.map(({ number }) => number)).toEqual([1, 1_002]);
    await says(desk, "eve", "refund ord_3: the colour is wrong");
    await says(desk, "eve", "yes");
    const fresh = approvals().at(-1);
    expect(fresh?.post.card?.title).toMatch(/^Approval #1001: Refund 600/);

    const value = lost?.post.buttons?.[0]?.value ?? "";
    await desk.room.presses("intent.approve", value);
    await desk.room.presses("intent.approve", value.replace("1 ", "1001 "));
    await desk.quiet();
    expect(shop.asked).toEqual([]);
    expect(desk.room.whispered.slice(-2)).toEqual([
      "There is no approval #1.",
      "There is no approval #1001.",
    ]);
    await desk.room.presses("intent.approve", fresh?.post.buttons?.[0]?.value ?? "");
    await desk.quiet();
    expect([...shop.paid.values()]).toEqual([{ order: "ord_3", minor: 60_000, customer: "cust_eve" }]);
  });

  it("leaves out more numbers the more there have been, also after it was restored before", async () => {
    desk = await openShop(shop, { data, policy: usual });
    await desk.ledger.write((tx) =>
      tx.run("INSERT INTO settings (name, value, changed_at) VALUES ('ticket_deleted_max', '30000', 0)"),
    );
    await backUp();
    const file = new DatabaseSync(join(copy, "ledger.sqlite"));
    for (const statement of leaveRoom) file.exec(statement);
    const rows = file.prepare("SELECT name, value FROM settings ORDER BY name").all();
    file.close();
    expect(rows).toEqual([
      { name: "approval_given_max", value: "2000" },
      { name: "ticket_deleted_max", value: "120000" },
    ]);
  });
});
