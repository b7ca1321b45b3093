import { afterEach, describe, expect, it } from "vitest";
import { type DeskInARoom, openDesk, passage } from "../doubles/desk-in-a-room.ts";
import { createScriptedModel } from "../doubles/scripted-model.ts";

let desk: DeskInARoom;
afterEach(() => desk.close());

const long = `I want to speak to a human. ${"It arrived broken, and nobody answers. ".repeat(12)}Order ord_77.`;
const inTheThread = () => {
  const card = desk.room.shown.find((message) => message.post.card);
  return desk.room.shown
    .filter((message) => message.place === `${desk.room.deskChannel}/${card?.id}`)
    .map((message) => message.post.text);
};

describe("what the bot has answered before it asks for a person", () => {
  it("is still read when the ticket is handed back and nobody has taken it", async () => {
    desk = await openDesk();
    desk.room.fault("ann", "unavailable");
    await desk.room.says("ann", "hello");
    await expect
      .poll(() => desk.ledger.read((tx) => tx.all("SELECT id FROM outbox WHERE attempts = 1")))
      .toHaveLength(1);
    await desk.room.says("ann", "I want to speak to a human");
    await expect.poll(() => desk.room.shown.filter((message) => message.post.card).length).toBe(1);
    await desk.room.presses("ticket.hand_back", 1);
    await desk.quiet();
    expect(desk.room.seen("ann")).toEqual([
      "Hello, how can I help?",
      expect.stringContaining("I have asked a colleague"),
      expect.stringContaining("You are back with the assistant"),
    ]);
  });
});

describe("what the bot has answered before it asks for a person, when the ticket goes to another queue", () => {
  it("is still read: nobody has taken it", async () => {
    desk = await openDesk({ configure: (config) => ({ ...config, queues: ["general", "billing"] }) });
    desk.room.fault("ann", "unavailable");
    await desk.room.says("ann", "I want to speak to a human");
    await expect.poll(() => desk.room.shown.filter((message) => message.post.card).length).toBe(1);
    await desk.room.presses("ticket.transfer", "1 billing");
    await desk.quiet();
    expect(desk.room.seen("ann")).toEqual([expect.stringContaining("your ticket is #1")]);
    expect(inTheThread()).toEqual(["Transferred to billing by staff-maya."]);
  });
});

describe("what a customer has written before a person is asked for", () => {
  it("brings its files to the ticket's thread: a card shows none", async () => {
    desk = await openDesk();
    desk.room.files.set("f1", new Uint8Array([1, 2, 3]));
    const file = { id: "f1", name: "broken.png", mediaType: "image/png", bytes: 3 };
    await desk.room.says("ann", "I want to speak to a human, see the picture", { files: [file] });
    await desk.quiet();
    expect(inTheThread()).toEqual(["I want to speak to a human, see the picture"]);
    const posts = desk.room.shown.flatMap(({ post }) => post.files ?? []);
    expect(posts.map(({ name }) => name)).toEqual(["broken.png"]);
  });

  it("brings along the files that the bot was sent before, but those of a conversation that is over", async () => {
    desk = await openDesk();
    for (const id of ["f1", "f2"]) desk.room.files.set(id, new Uint8Array([1, 2, 3]));
    const says = async (text: string, ...ids: string[]) => {
      const files = ids.map((id) => ({ id, name: `${id}.png`, mediaType: "image/png", bytes: 3 }));
      await desk.room.says("ann", text, { files });
      await desk.quiet();
    };
    const handed = () => desk.room.shown.flatMap(({ post }) => (post.files ?? []).map(({ name }) => name));
    await says("It looks like this", "f1");
    await says("I want to speak to a human");
    expect(inTheThread()).toEqual(["It looks like this"]);
    expect(handed()).toEqual(["f1.png"]);
    await desk.room.presses("ticket.hand_back", 1);
    await desk.quiet();
    await says("And the bill", "f2");
    await desk.room.presses("ticket.resolve", 1);
    await desk.quiet();
    await says("I want to speak to a human again");
    expect(handed()).toEqual(["f1.png"]);
  });

  it("stands in the ticket's thread when the card has no room for it, each message once", async () => {
    desk = await openDesk();
    await desk.room.hasSaid("ann", ["hello", long]);
    await desk.quiet();
    expect(inTheThread()).toEqual(["hello", long]);
    await desk.room.presses("ticket.take", 1);
    await desk.quiet();
    expect(inTheThread().filter((text) => text === long)).toHaveLength(1);
  });

  it("stands there although the ticket is handed back before the customer hears of it", async () => {
    desk = await openDesk();
    desk.room.fault("ann", ...Array.from({ length: 3 }, () => "unavailable" as const));
    await desk.room.says("ann", long);
    await expect.poll(() => desk.room.shown.filter((message) => message.post.card).length).toBe(1);
    await desk.room.presses("ticket.hand_back", 1);
    await expect.poll(inTheThread).toContain(long);
  });

  it("stands there with the name of who wrote it, where that is not whose thread it is", async () => {
    desk = await openDesk();
    const hall = { thread: "room:t:hall/1", shared: true };
    await desk.room.says("ann", "When does my parcel arrive?", hall);
    await desk.quiet();
    await desk.room.says("bob", "I want to speak to a human", hall);
    await desk.quiet();
    expect(inTheThread()).toEqual(["I want to speak to a human"]);
    expect(desk.room.shown.at(-1)?.post.as).toBe("bob");
  });

  it("stands on the card alone when that has room for it", async () => {
    desk = await openDesk();
    await desk.room.says("ann", "I want to speak to a human");
    await desk.quiet();
    expect(inTheThread()).toEqual([]);
  });
});

it("a card does not name articles as tried that were shown in a conversation that is over", async () => {
  const model = createScriptedModel("It takes 5 to 7 business days [1].");
  desk = await openDesk({ passages: [passage("Shipping", "It takes 5 to 7 business days.")], model });
  const tried = () =>
    desk.room.shown.flatMap(
      ({ post }) => post.card?.sections.find(({ label }) => label === "Tried")?.text ?? [],
    );
  for (const text of ["How long does shipping take?", "I want to speak to a human"]) {
    await desk.room.says("ann", text);
    await desk.quiet();
  }
  expect(tried()).toEqual(["- Shipping"]);
  await desk.room.presses("ticket.resolve", 1);
  await desk.quiet();
  await desk.room.says("ann", "I want to speak to a human again");
  await desk.quiet();
  expect(tried()).toEqual(["- Shipping", "No article answered it."]);
});
