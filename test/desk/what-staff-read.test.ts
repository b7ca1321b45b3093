/** What members of staff read when something is not done, or was done before: it is true, and in their own words. */
import { afterEach, describe, expect, it } from "vitest";
import { type DeskInARoom, type DeskOptions, openDesk } from "../doubles/desk-in-a-room.ts";
import { threadOf } from "../doubles/room.ts";

let desk: DeskInARoom;
afterEach(() => desk.close());

const cardOf = (number: number) =>
  desk.room.shown.find((one) => one.post.card?.title.startsWith(`Ticket #${number}:`));
const ticketThread = (number = 1) => `${desk.room.deskChannel}/${cardOf(number)?.id}`;
const atTheDesk = (number = 1) => desk.room.seen(ticketThread(number));

async function withTicket(options: DeskOptions = {}): Promise<void> {
  desk = await openDesk(options);
  await annSays("I want to talk to a human please");
}

async function annSays(text: string): Promise<void> {
  await desk.room.says("ann", text);
  await desk.quiet();
}

async function presses(action: string, number = 1, who = "staff-maya"): Promise<string | undefined> {
  desk.room.whispered.length = 0;
  await desk.room.presses(`ticket.${action}`, number, who);
  await desk.quiet();
  return desk.room.whispered.at(-1);
}

describe("a button that comes too late", () => {
  it("is refused in words that people speak", async () => {
    await withTicket();
    expect(await presses("hand_back")).toBeUndefined();
    expect(await presses("hand_back")).toBe("That does not fit any more: the ticket is handed back.");
    expect(await presses("resolve")).toBeUndefined();
    expect(await presses("resolve")).toBe("That does not fit any more: the ticket is resolved.");
    expect(await presses("hand_back")).toBe("That does not fit any more: the ticket is resolved.");
  });

  it("does not resolve once more what the customer has come back to", async () => {
    await withTicket();
    await presses("resolve");
    await annSays("Thanks! When do you open?");
    expect(await presses("resolve", 1, "staff-tom")).toBe(
      "That does not fit any more: the ticket is resolved.",
    );
    expect(desk.room.seen("ann").filter((text) => text.includes("is resolved"))).toHaveLength(1);
  });

  it("does not say of an old ticket that somebody has it who has the new one", async () => {
    await withTicket();
    await presses("resolve");
    await annSays("I want to talk to a human again");
    await presses("take", 2, "staff-tom");
    expect(await presses("take", 1)).toBe("That does not fit any more: this conversation is ticket #2 now.");
  });
});

it("who opens a ticket about a customer's message reads its number, and not what the customer reads", async () => {
  desk = await openDesk();
  const about = {
    id: "room:m:about",
    thread: threadOf("ann"),
    channel: threadOf("ann"),
    author: { id: "room:t:ann", tenant: "t", name: "ann" },
    text: "My parcel is wet.",
    sentAt: 1,
    order: "1",
    visibility: "shared" as const,
    addressed: false,
    files: [],
  };
  await desk.room.commands("", "staff-maya", { name: "open_ticket", about });
  await desk.quiet();
  expect(desk.room.whispered.at(-1)).toBe("The conversation of this message is ticket #1.");
  expect(desk.room.seen("ann").join()).toContain("I have asked a colleague to help you: your ticket is #1.");
});

it("who is to take the ticket first reads with what a note begins at this desk", async () => {
  await withTicket({
    configure: (config) => ({ ...config, desk: { ...config.desk, notePrefix: "##" } }),
  });
  await desk.room.staffSays(ticketThread(), "Hello Ann");
  await desk.quiet();
  expect(atTheDesk().at(-1)).toBe(
    "Not sent to the customer: take the ticket first. (A note begins with ##.)",
  );
});

it("who goes on in the thread of a ticket that is resolved reads how to take it: its card has no button", async () => {
  await withTicket();
  await presses("resolve");
  await desk.room.staffSays(ticketThread(), "One more thing");
  await desk.quiet();
  expect(atTheDesk().at(-1)).toBe(
    "Not sent to the customer: this ticket is resolved. `/support take 1` takes it again.",
  );
  await desk.room.commands("take 1");
  await desk.room.staffSays(ticketThread(), "One more thing, Ann");
  await desk.quiet();
  expect(desk.room.seen("ann").at(-1)).toBe("One more thing, Ann");
});

it("who wants words sent again that were deleted reads that nothing was sent", async () => {
  await withTicket();
  await presses("take");
  desk.room.fault("ann", "unreachable");
  const message = await desk.room.staffSays(ticketThread(), "Not meant for you");
  await desk.quiet();
  const place = { thread: ticketThread(), channel: String(desk.room.deskChannel) };
  await desk.room.receives({ kind: "deletion", keys: ["deletion:1"], message, ...place });
  await desk.quiet();
  const retry = desk.room.shown.flatMap((one) => one.post.buttons ?? []).find((one) => one.label === "Retry");
  await desk.room.presses("message.retry", retry?.value ?? "");
  await desk.quiet();
  expect(desk.room.whispered.at(-1)).toBe("Nothing was sent: this is not there any more.");
  expect(desk.room.seen("ann")).not.toContain("Not meant for you");
});

it("a word after /support that every object has is no command", async () => {
  desk = await openDesk();
  await desk.room.commands("constructor", "ann");
  await desk.quiet();
  expect(desk.room.whispered.at(-1)).toContain("/support person");
});

it("who wants words of the bot sent after all that nobody may send any more reads so", async () => {
  await withTicket();
  await presses("hand_back");
  desk.room.fault("ann", "unreachable");
  await annSays("When do you open?");
  const retry = desk.room.shown.flatMap((one) => one.post.buttons ?? []).find((one) => one.label === "Retry");
  expect(retry).toBeDefined();
  await presses("take");
  await desk.room.presses("message.retry", retry?.value ?? "");
  await desk.quiet();
  expect(desk.room.whispered.at(-1)).toBe(
    "Not sent: this was the bot's answer, and the conversation has changed hands since.",
  );
  expect(atTheDesk()).toContain("When do you open?");
  expect(desk.room.seen("ann")).not.toContain("Hello, how can I help?");
});
