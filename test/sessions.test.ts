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
