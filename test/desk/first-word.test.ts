/** Whose word it is in threads that others read: people who talk to each other, and staff who answer before the bot does. */
import { afterEach, describe, expect, it } from "vitest";
import { type DeskInARoom, openDesk } from "../doubles/desk-in-a-room.ts";
import { createScriptedModel, hanging } from "../doubles/scripted-model.ts";

let desk: DeskInARoom;
afterEach(() => desk.close());

const shared = "room:t:hall/1";
const cardOf = (number = 1) =>
  desk.room.shown.find((one) => one.post.card?.title.startsWith(`Ticket #${number}:`));
const ticketThread = (number = 1) => `${desk.room.deskChannel}/${cardOf(number)?.id}`;
const atTheDesk = (number = 1) => desk.room.seen(ticketThread(number));
const inShared = (who: string, text: string) => desk.room.says(who, text, { thread: shared, shared: true });

describe("staff who answer in a thread that others read", () => {
  it("right behind the question: the bot says nothing, and they have the thread", async () => {
    desk = await openDesk({ settleMs: 500, model: createScriptedModel("I am the bot.") });
    await inShared("ann", "When do you open?");
    await inShared("staff-maya", "At nine, Ann.");
    await desk.quiet();
    expect(desk.room.seen(shared)).toEqual([]);
    expect(desk.model.requests).toHaveLength(0);
    expect(atTheDesk().join()).toContain("Taken by staff-maya");
    await inShared("ann", "And on Sundays?");
    await desk.quiet();
    expect(desk.model.requests).toHaveLength(0);
    expect(atTheDesk()).toContain("And on Sundays?");
  });

  it("while the bot thinks: it does not think again, and what was asked is on the card and in its thread", async () => {
    const thinking = hanging();
    desk = await openDesk({ model: createScriptedModel(thinking.line, "I am the bot.") });
    await inShared("ann", "When do you open?");
    await thinking.asked;
    await inShared("staff-maya", "At nine, Ann.");
    await desk.quiet();
    expect(desk.room.seen(shared)).toEqual([]);
    expect(desk.model.requests).toHaveLength(1);
    expect(atTheDesk().join()).toContain("Taken by staff-maya");
    expect(cardOf()?.post.card?.title).toBe("Ticket #1: When do you open?");
    expect(atTheDesk()).toContain("When do you open?");
  });
});

it("staff who answer in a thread of their own have it from then on, where a customer has asked there", async () => {
  desk = await openDesk({ model: createScriptedModel("I am the bot.") });
  await inShared("staff-maya", "Our new release is near: ask here.");
  await desk.quiet();
  expect(cardOf()).toBeUndefined();
  await inShared("ann", "When does it come?");
  await desk.quiet();
  await inShared("staff-maya", "Tomorrow, Ann.");
  await desk.quiet();
  await inShared("ann", "At what time?");
  await desk.quiet();
  expect(desk.room.seen(shared)).toEqual(["I am the bot."]);
  expect(atTheDesk()).toContain("At what time?");
});

it("staff who correct, or delete, their own word in a customer's thread are not taken for the customer", async () => {
  desk = await openDesk({ model: createScriptedModel("I am the bot.") });
  await inShared("ann", "When do you open?");
  await desk.quiet();
  const id = await inShared("staff-maya", "At ten, Ann.");
  await desk.quiet();
  const before = atTheDesk();
  const place = { thread: shared, channel: "room:t:hall" };
  await desk.room.receives({
    kind: "edit",
    keys: ["edit:1"],
    message: {
      ...place,
      id,
      author: { id: "room:t:staff-maya", tenant: "t", name: "staff-maya" },
      text: "At nine, Ann.",
      sentAt: 9,
      order: "000000900",
      visibility: "shared",
      addressed: true,
      files: [],
    },
  });
  await desk.room.receives({ kind: "deletion", keys: ["deletion:1"], message: id, ...place });
  await desk.quiet();
  expect(atTheDesk()).toEqual(before);
});

it("staff who talk to each other in a thread of their own have no ticket of it, and the bot answers who asks there", async () => {
  desk = await openDesk({ model: createScriptedModel("I am the bot.") });
  await inShared("staff-maya", "Maintenance tonight from ten on.");
  await desk.quiet();
  await inShared("staff-tom", "I am there, too.");
  await desk.quiet();
  expect(desk.room.shown).toEqual([]);
  await inShared("ann", "For how long?");
  await desk.quiet();
  expect(desk.room.seen(shared)).toEqual(["I am the bot."]);
});

describe("people who talk to each other", () => {
  it("in a thread where nobody has spoken to the bot are not answered, and nothing of it is kept", async () => {
    desk = await openDesk();
    await unaddressed("room:t:plaza/7", "Lunch?");
    await unaddressed("room:t:plaza/7", "Lunch at one?", "edit");
    await desk.quiet();
    expect(desk.room.shown).toEqual([]);
    expect(await desk.ledger.read((tx) => tx.all("SELECT id FROM threads"))).toEqual([]);
    expect(await desk.ledger.read((tx) => tx.all("SELECT id FROM inbox"))).toEqual([]);
  });

  it("in a thread where the bot was spoken to go on with it", async () => {
    desk = await openDesk();
    await inShared("ann", "@bot hello");
    await desk.quiet();
    await unaddressed(shared, "And when do you open?");
    await desk.quiet();
    expect(desk.room.seen(shared)).toHaveLength(2);
  });

  const unaddressed = (thread: string, text: string, kind: "message" | "edit" = "message") =>
    desk.room.receives({
      kind,
      keys: [`${thread}/${text}`],
      message: {
        id: `room:m:${text}`,
        thread,
        channel: "room:t:plaza",
        author: { id: "room:t:ann", tenant: "t", name: "ann" },
        text,
        sentAt: 9,
        order: "000000900",
        visibility: "shared",
        addressed: false,
        files: [],
      },
    });
});

describe("where all of staff may answer, and staff are named", () => {
  it("words of somebody else who can write in the channel stay inside", async () => {
    desk = await openDesk({
      configure: (config) => ({
        ...config,
        desk: { ...config.desk, relay: "staff", staff: ["support"] },
      }),
    });
    const belongs = desk.room.belongs;
    desk.room.belongs = async (user, group) =>
      group === "support" ? user.startsWith("room:t:staff-") : ((await belongs?.(user, group)) ?? false);
    await desk.room.says("ann", "I want to talk to a human please");
    await desk.quiet();
    await desk.room.presses("ticket.take", 1);
    await desk.quiet();
    await desk.room.staffSays(ticketThread(), "Hello, I am just passing by.", "eve");
    await desk.room.staffSays(ticketThread(), "Tom here, I help out.", "staff-tom");
    await desk.quiet();
    expect(desk.room.seen("ann").join()).not.toContain("passing by");
    expect(desk.room.seen("ann").at(-1)).toBe("Tom here, I help out.");
  });
});
