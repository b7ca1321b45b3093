import { expect, it } from "vitest";
import { createClock } from "../src/clock.ts";
import { createSessions } from "../src/sessions.ts";
import { openDesk } from "./doubles/desk-in-a-room.ts";
import { threadOf } from "./doubles/room.ts";

it("a conversation that was begun anew shows nothing of the one before, however long a commit takes", async () => {
  const plain = createClock();
  let ticks = 0;
  const desk = await openDesk({ clock: { ...plain, now: () => plain.now() + ++ticks } });
  try {
    const sessions = createSessions(desk);
    const ann = { id: "room:t:ann", tenant: "t", name: "ann" };
    await desk.room.says("ann", "hello");
    await desk.quiet();
    await sessions.reset(threadOf("ann"), ann);
    expect(await sessions.messages(threadOf("ann"), 50)).toEqual([]);
    await desk.room.says("ann", "hello again");
    await desk.quiet();
    expect(await sessions.messages(threadOf("ann"), 50)).toMatchObject([
      { from: "customer" },
      { from: "bot" },
    ]);
  } finally {
    await desk.close();
  }
});

it("what staff have changed or taken back reads so, and a ticket that is resolved is not open any more", async () => {
  const desk = await openDesk();
  try {
    const sessions = createSessions(desk);
    const read = async () =>
      (await sessions.messages(threadOf("ann"), 50)).map((line) =>
        line.from === "customer" ? line.text : line.post.text,
      );
    const { room } = desk;
    const ticket = async () => (await sessions.find(threadOf("ann")))?.ticket;
    await room.says("ann", "I want to talk to a human");
    await desk.quiet();
    await room.presses("ticket.take", 1);
    await desk.quiet();
    const card = room.shown.find((one) => one.place === room.deskChannel && one.post.card);
    const side = `${room.deskChannel}/${card?.id}`;
    const first = await room.staffSays(side, "It comes on Monday.");
    const second = await room.staffSays(side, "Bob's address is 1 Main Street.");
    await desk.quiet();
    expect((await read()).slice(-2)).toEqual(["It comes on Monday.", "Bob's address is 1 Main Street."]);
    const channel = room.deskChannel ?? "";
    const author = { id: "room:t:staff-maya", tenant: "t", name: "Maya" };
    await room.receives({
      kind: "edit",
      keys: ["edit"],
      message: {
        id: first,
        thread: side,
        channel,
        author,
        text: "It comes on Tuesday.",
        sentAt: 1,
        order: "1",
        visibility: "shared",
        addressed: true,
        files: [],
      },
    });
    await room.receives({ kind: "deletion", keys: ["gone"], message: second, thread: side, channel });
    await desk.quiet();
    const shown = await read();
    expect(shown.at(-1)).toBe("It comes on Tuesday.");
    expect(shown.join()).not.toMatch(/Monday|Main Street/);
    expect(await ticket()).toBe(1);
    await room.presses("ticket.resolve", 1);
    await desk.quiet();
    expect(await ticket()).toBeUndefined();
    await room.says("ann", "hello again");
    await desk.quiet();
    expect(await ticket()).toBeUndefined();
  } finally {
    await desk.close();
  }
});
