/** Half of a reply is visible when a person takes the thread, and the process dies before it has taken that back. */
import { afterEach, expect, it } from "vitest";
import { type DeskInARoom, openDesk } from "../doubles/desk-in-a-room.ts";
import { createRoom } from "../doubles/room.ts";
import { createScriptedModel } from "../doubles/scripted-model.ts";

let desk: DeskInARoom;
afterEach(() => desk.close());

async function taken(): Promise<void> {
  const control = () => desk.ledger.read((tx) => tx.get<{ control: string }>("SELECT control FROM threads"));
  await expect.poll(async () => (await control())?.control).toBe("taken_over");
}

/** Ann is back with the bot, under her ticket, and it shows half of an answer. */
async function halfShown(whole: () => string | Promise<never>): Promise<void> {
  desk = await openDesk({
    room: createRoom({ drafts: true }),
    model: createScriptedModel((_request, _signal, show) => {
      const said = whole();
      if (typeof said !== "string") show?.("It is on its way. It");
      return said;
    }),
  });
  await desk.room.says("ann", "I want to speak to a human");
  await desk.quiet();
  await desk.room.presses("ticket.hand_back", 1);
  await desk.quiet();
  desk.room.hold("ann");
  await desk.room.says("ann", "Where is my lamp?");
  await expect.poll(() => desk.room.seen("ann").at(-1)).toContain("It is on its way. ");
}

const turns = () => desk.ledger.read((tx) => tx.all("SELECT turn FROM journal WHERE outcome = 'answer'"));
const atTheDesk = () =>
  desk.room.shown
    .filter((one) => one.place.startsWith(`${desk.room.deskChannel}/`))
    .map((one) => one.post.text);

it("the next process takes back what was about to be finished, and the person has the question once", async () => {
  await halfShown(() => "It is on its way. It comes tomorrow.");
  await expect.poll(async () => (await turns()).length).toBe(1);
  await desk.room.presses("ticket.take", 1);
  await taken();
  expect(desk.room.seen("ann").at(-1)).toContain("It is on its way. ");
  const next = await desk.reopen();
  await next.quiet();
  expect(desk.room.seen("ann").join()).not.toContain("on its way");
  expect(atTheDesk().filter((text) => text.includes("Where is my lamp?"))).toHaveLength(1);
  await next.core.stop();
});

it("the next process takes back what was still being thought, and the person has the question once", async () => {
  let hang = true;
  await halfShown(() => (hang ? new Promise(() => {}) : "It comes tomorrow."));
  await desk.ledger.write((tx) =>
    tx.run(
      "UPDATE threads SET control = 'taken_over', version = version + 1, assignee = 'room:t:staff-maya'",
    ),
  );
  hang = false;
  const next = await desk.reopen();
  await next.quiet();
  expect(desk.room.seen("ann").join()).not.toContain("on its way");
  expect(atTheDesk().filter((text) => text.includes("Where is my lamp?"))).toHaveLength(1);
  await next.core.stop();
});
