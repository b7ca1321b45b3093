/** What bot and staff have promised is kept: whoever has the conversation next sees it. */
import { afterEach, beforeEach, expect, it } from "vitest";
import { type DeskInARoom, openDesk } from "../doubles/desk-in-a-room.ts";
import { createScriptedModel } from "../doubles/scripted-model.ts";

let desk: DeskInARoom;
beforeEach(async () => {
  desk = await openDesk({ model: createScriptedModel("Hello.") });
});
afterEach(() => desk.close());

const says = async (text: string) => {
  await desk.room.says("ann", text);
  await desk.quiet();
};
const card = () => desk.room.shown.find(({ post }) => post.card)?.post.card;
const promised = () => card()?.sections.find(({ label }) => label === "Promised")?.text;
const staffSay = async (text: string) => {
  const ticket = await desk.ledger.read((tx) =>
    tx.get<{ desk_thread: string }>("SELECT desk_thread FROM tickets"),
  );
  await desk.room.staffSays(ticket?.desk_thread ?? "", text);
  await desk.quiet();
};

it("the card shows what staff promise as they promise it, not what they only note, and the next turn is shown it, too", async () => {
  await says("I want to speak to a human about ord_1001");
  expect(promised()).toBeUndefined();
  await desk.room.presses("ticket.take", 1);
  await desk.quiet();
  await staffSay("Hello Ann, let me see.");
  await staffSay("// we will never refund this by Monday");
  expect(promised()).toBeUndefined();
  await staffSay("I will send you a new one by Friday. It is blue.");
  await staffSay("We will also refund the shipping costs.");
  const both = "- I will send you a new one by Friday.\n- We will also refund the shipping costs.";
  expect(promised()).toBe(both);

  await desk.room.presses("ticket.hand_back", 1);
  await desk.quiet();
  desk.model.script = ["Let me look."];
  await says("Thanks. When was that again?");
  const shown = JSON.stringify(desk.model.requests.at(-1)?.transcript);
  expect(shown).toContain("I will send you a new one by Friday.");

  await says("I want to speak to a human again");
  expect(promised()).toBe(both);
});

it("a ticket shows what the bot has promised before, each once, and nothing of what every ticket says", async () => {
  desk.model.script = ["I will look into ord_1001 and get back to you tomorrow.", "It is blue."];
  await says("Where is ord_1001?");
  await says("Which colour is it?");
  await says("I want to speak to a human");
  expect(promised()).toBe("- I will look into ord_1001 and get back to you tomorrow.");
  await says("Hello?");
  await desk.room.presses("ticket.hand_back", 1);
  await desk.quiet();
  desk.model.script = ["I will look into ord_1001 and get back to you tomorrow."];
  await says("And?");
  await says("I want to speak to a human");
  expect(promised()).toBe("- I will look into ord_1001 and get back to you tomorrow.");
});
