import { afterEach, beforeEach, expect, it } from "vitest";
import { createLog } from "../../src/log.ts";
import { createCustomerFiles } from "../../src/records/customer-files.ts";
import { createRetention } from "../../src/records/retention.ts";
import { type DeskInARoom, openDesk } from "../doubles/desk-in-a-room.ts";

const day = 86_400_000;
let desk: DeskInARoom;
beforeEach(async () => {
  desk = await openDesk();
});
afterEach(() => desk.close());

it("the card of a ticket that was handed back says that it is resolved, once nobody has gone on with the conversation", async () => {
  const { room } = desk;
  await room.says("ann", "I want to speak to a human");
  await desk.quiet();
  await room.presses("ticket.take", 1);
  await room.presses("ticket.hand_back", 1);
  await desk.quiet();
  const card = () => room.shown.find(({ post }) => post.card)?.post;
  expect(card()?.card?.footer).toBe("Handed back to the bot");
  const said = room.seen("ann").length;

  const clock = { ...desk.clock, now: () => desk.clock.now() + 8 * day };
  const retention = createRetention({
    ...desk.core.endings,
    ledger: desk.ledger,
    files: createCustomerFiles(desk.data, clock),
    sessionIdleMs: 7 * day,
    retentionMs: 30 * day,
    clock,
    log: createLog("silent"),
  });
  expect((await retention.run()).ended).toBe(1);
  await desk.quiet();
  expect(card()?.card?.footer).toBe("Resolved");
  expect(card()?.buttons).toEqual([]);
  expect(room.seen("ann")).toHaveLength(said);
});
