/** From a person's first word in a customer's thread the bot says nothing there, whichever way its words would come. */
import { afterEach, describe, expect, it } from "vitest";
import type { Private } from "../../src/desk/privately.ts";
import { findIntent } from "../../src/ledger/intents.ts";
import { type DeskInARoom, openDesk } from "../doubles/desk-in-a-room.ts";
import { createRoom, type Room, threadOf } from "../doubles/room.ts";
import { createScriptedModel } from "../doubles/scripted-model.ts";
import { createShop, openShop, says } from "../intents/shop.ts";

let desk: DeskInARoom;
afterEach(() => desk.close());

const ann = threadOf("ann");
const beside = threadOf("hall/ann");
const channel = () => String(desk.room.deskChannel);
const cardOf = (number: number) =>
  desk.room.shown.find((one) => one.post.card?.title.startsWith(`Ticket #${number}:`));
const ticketThread = (number = 1) => `${channel()}/${cardOf(number)?.id}`;
const atTheDesk = (number = 1) => desk.room.seen(ticketThread(number));

/** A room whose customers take no direct messages; asked for another way, it shows the private thread beside. */
function closedRoom(found: () => Promise<void> = async () => {}): Room {
  const way: Private = { thread: beside, way: "private_thread" };
  return {
    ...createRoom(),
    async direct() {
      await found();
      return way;
    },
  };
}

async function annSays(text: string, thread = ann): Promise<void> {
  await desk.room.says("ann", text, { thread, customer: "cust_ann" });
  await desk.quiet();
}

async function presses(action: string, number = 1, who = "staff-maya"): Promise<void> {
  await desk.room.presses(`ticket.${action}`, number, who);
  await desk.quiet();
}

async function staffSays(text: string, number = 1, who = "staff-maya"): Promise<string> {
  const id = await desk.room.staffSays(ticketThread(number), text, who);
  await desk.quiet();
  return id;
}

async function reacts(who: string, message: string): Promise<void> {
  const by = { id: `room:t:${who}`, tenant: "t", name: who };
  const where = { message, thread: `${channel()}/${message}`, channel: channel() };
  await desk.room.receives({
    kind: "reaction",
    keys: [desk.clock.id("r")],
    ...where,
    by,
    emoji: "👍",
    added: true,
  });
  await desk.quiet();
}

/** Something that waits until it is let go. */
function gate() {
  const reached = { count: 0 };
  let open = () => {};
  const opened = new Promise<void>((resolve) => (open = resolve));
  return {
    reached,
    open: () => open(),
    async pass() {
      reached.count += 1;
      await opened;
    },
  };
}

describe("an answer of the bot that a direct message does not take", () => {
  it("is not put into the private thread that a person has; they read what was asked", async () => {
    desk = await openDesk({ room: closedRoom(), model: createScriptedModel("It opens at nine.") });
    await annSays("I want to talk to a human please", beside);
    await presses("take");
    await staffSays("Hi, Maya here.");
    const before = desk.room.seen(beside);
    desk.room.fault("ann", "unreachable");
    await annSays("When do you open?");
    expect(desk.room.seen(beside)).toEqual(before);
    expect(atTheDesk().filter((text) => text === "When do you open?")).toHaveLength(1);
  });

  it("is not put where a person is awaited, either", async () => {
    desk = await openDesk({ room: closedRoom(), model: createScriptedModel("It opens at nine.") });
    await annSays("I want to talk to a human please", beside);
    desk.room.fault("ann", "unreachable");
    await annSays("When do you open?");
    expect(desk.room.seen(beside).join()).not.toContain("nine");
    expect(atTheDesk()).toContain("When do you open?");
  });

  it("and is a question of the store's, is not asked in the middle of a person's talk", async () => {
    desk = await openShop(createShop(), { room: closedRoom() });
    await annSays("I want to talk to a human please", beside);
    await presses("take");
    desk.room.fault("ann", "unreachable");
    await says(desk, "ann", "Please refund ord_1: it arrived broken");
    expect(desk.room.seen(beside).join()).not.toContain("Shall I do this?");
    expect(atTheDesk()).toContain("Please refund ord_1: it arrived broken");
    const [{ id } = { id: "" }] = await desk.ledger.read((tx) =>
      tx.all<{ id: string }>("SELECT id FROM intents"),
    );
    expect(await desk.ledger.read((tx) => findIntent(tx, id))).toMatchObject({ thread: ann });
  });

  it("and belongs to a ticket of its own, is told to those who have that", async () => {
    desk = await openDesk({ room: closedRoom(), model: createScriptedModel("It opens at nine.") });
    await annSays("I want to talk to a human please", beside);
    await presses("take");
    await annSays("I want to talk to a human, too");
    await presses("hand_back", 2);
    const before = desk.room.seen(beside);
    desk.room.fault("ann", "unreachable");
    await annSays("When do you open?");
    expect(desk.room.seen(beside)).toEqual(before);
    expect(atTheDesk(2).at(-1)).toContain("This did not reach the customer");
    expect(atTheDesk(1)).not.toContain("When do you open?");
  });

  it("goes nowhere when a person takes the thread while another way is looked for", async () => {
    const looks = gate();
    desk = await openDesk({ room: closedRoom(looks.pass), model: createScriptedModel("It opens at nine.") });
    await annSays("I want to talk to a human please");
    await presses("hand_back");
    desk.room.fault("ann", "unreachable");
    await desk.room.says("ann", "When do you open?");
    await expect.poll(() => looks.reached.count).toBe(1);
    await desk.room.presses("ticket.take", 1);
    await expect.poll(() => atTheDesk().join()).toContain("Taken by staff-maya");
    looks.open();
    await desk.quiet();
    expect(desk.room.seen(beside)).toEqual([]);
    expect(atTheDesk().filter((text) => text === "When do you open?")).toHaveLength(1);
  });
});

it("words of staff that they delete while another way is looked for go nowhere", async () => {
  const looks = gate();
  desk = await openDesk({ room: closedRoom(looks.pass) });
  await annSays("I want to talk to a human please");
  await presses("take");
  desk.room.fault("ann", "unreachable");
  const message = await desk.room.staffSays(ticketThread(), "Not meant for you");
  await expect.poll(() => looks.reached.count).toBe(1);
  const place = { thread: ticketThread(), channel: channel() };
  await desk.room.receives({ kind: "deletion", keys: ["deletion:1"], message, ...place });
  const withdrawn = () =>
    desk.ledger.read((tx) =>
      tx.all("SELECT id FROM outbox WHERE source = ? AND state = 'cancelled'", message),
    );
  await expect.poll(async () => (await withdrawn()).length).toBe(1);
  looks.open();
  await desk.quiet();
  expect(desk.room.seen(beside)).toEqual([]);
  expect(atTheDesk().join()).not.toContain("did not reach");
});

it("a takeover is confirmed only when nothing of the bot is in the air in any thread of the ticket", async () => {
  desk = await openDesk({ room: closedRoom(), model: createScriptedModel("At nine.", "At six.") });
  await annSays("I want to talk to a human please");
  await presses("hand_back");
  desk.room.fault("ann", "unreachable");
  await annSays("When do you open?");
  expect(desk.room.seen(beside)).toEqual(["At nine."]);
  for (const move of ["take", "transfer"]) {
    const release = desk.room.hold("ann");
    desk.model.script = ["At six."];
    const asked = desk.model.requests.length;
    await desk.room.says("ann", "When do you close?");
    await expect.poll(() => desk.model.requests.length).toBe(asked + 1);
    await new Promise((resolve) => setTimeout(resolve, 30));
    if (move === "take") await desk.room.presses("ticket.take", 1);
    else await desk.room.commands("transfer 1 room:t:staff-tom");
    const word = move === "take" ? "Taken by" : "Transferred to";
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(atTheDesk().join()).not.toContain(word);
    release();
    await desk.quiet();
    const last = desk.room.shown.findLast(({ place, post }) => place === ann && post.text === "At six.");
    const confirmed = desk.room.shown.find(({ post }) => post.text.startsWith(word));
    expect(confirmed?.at).toBeGreaterThan(last?.at ?? Number.POSITIVE_INFINITY);
    await presses("hand_back");
  }
});

it("what is about an account and was asked where others read goes to the person, and the customer is told so", async () => {
  desk = await openShop(createShop());
  await annSays("I want to talk to a human please");
  await presses("take");
  const hall = { thread: beside, shared: true, customer: "cust_ann" };
  await desk.room.says("ann", "Please refund ord_1: it arrived broken", hall);
  await desk.quiet();
  expect(desk.room.seen(beside).join()).toContain("a person will answer you there");
  expect(desk.room.seen(beside).join()).not.toContain("I have written to you");
  expect(atTheDesk()).toContain("Please refund ord_1: it arrived broken");
});

describe("/support open", () => {
  it("does not greet where a person has the conversation, or is awaited", async () => {
    desk = await openDesk();
    await annSays("I want to talk to a human please");
    const before = desk.room.seen("ann");
    await desk.room.commands("open", "ann");
    await desk.quiet();
    expect(desk.room.whispered.at(-1)).toBe("Our private conversation is open: write to us there.");
    await presses("take");
    await desk.room.commands("open", "ann");
    await desk.quiet();
    expect(desk.room.whispered.at(-1)).toBe("Our private conversation is open: write to us there.");
    expect(desk.room.seen("ann")).toEqual(before);
  });

  it("does not greet when a person comes before the greeting has gone out", async () => {
    desk = await openDesk();
    await annSays("I want to talk to a human please");
    await presses("hand_back");
    desk.room.fault("ann", "unavailable");
    await desk.room.commands("open", "ann");
    const held = () => desk.ledger.read((tx) => tx.all("SELECT id FROM outbox WHERE attempts > 0"));
    await expect.poll(async () => (await held()).length).toBe(1);
    await presses("take");
    expect(desk.room.seen("ann").join()).not.toContain("How can I help you?");
  });
});

describe("what staff write in the thread of a ticket that is over", () => {
  let old = "";

  async function second(): Promise<void> {
    desk = await openDesk({ snippets: [{ name: "greeting", text: "Good day." }] });
    await annSays("I want to talk to a human please");
    await presses("take", 1, "staff-maya");
    await annSays("And?");
    old =
      desk.room.shown.find(({ place, post }) => place === ticketThread(1) && post.text === "And?")?.id ?? "";
    await presses("resolve");
    await annSays("I want to talk to a human again");
    await presses("take", 2, "staff-bob");
  }

  it("stays inside, although they have the customer's new ticket, and they are told where to write", async () => {
    await second();
    await staffSays("same guy again, don't refund him", 1, "staff-bob");
    expect(desk.room.seen("ann").join()).not.toContain("same guy");
    expect(atTheDesk(1).at(-1)).toBe(
      "Not sent to the customer: this conversation is ticket #2 now. Write in its thread.",
    );
    await desk.room.commands("snippet greeting", "staff-bob", { thread: ticketThread(1) });
    await desk.quiet();
    expect(desk.room.seen("ann")).not.toContain("Good day.");
    await staffSays("Hello, Bob here.", 2, "staff-bob");
    expect(desk.room.seen("ann").at(-1)).toBe("Hello, Bob here.");
  });

  it("reactions, too: they show on what belongs to the ticket that is open, and on nothing older", async () => {
    await second();
    const asked = await desk.room.says("ann", "And now?");
    await desk.quiet();
    const copies = desk.room.shown.filter(({ place }) => place === ticketThread(2));
    const now = copies.find(({ post }) => post.text === "And now?");
    desk.room.reactions.length = 0;
    await reacts("staff-bob", now?.id ?? "");
    expect(desk.room.reactions).toEqual([`+👍 on ${asked}`]);
    await reacts("staff-bob", old);
    expect(desk.room.reactions).toHaveLength(1);
  });
});

describe("words of staff that have reached the customer", () => {
  const edits = async (id: string, text: string) => {
    await desk.room.receives({
      kind: "edit",
      keys: [desk.clock.id("edit")],
      message: {
        id,
        thread: ticketThread(),
        channel: channel(),
        author: { id: "room:t:staff-maya", tenant: "t", name: "staff-maya" },
        text,
        sentAt: 1,
        order: "1",
        visibility: "private",
        addressed: true,
        files: [],
      },
    });
    await desk.quiet();
  };

  it("and become a note are taken back, and the customer never reads the note, nor does the bot", async () => {
    desk = await openDesk({ model: createScriptedModel("Hello.") });
    await annSays("I want to talk to a human please");
    await presses("take");
    const id = await staffSays("He has cheated before");
    expect(desk.room.seen("ann").at(-1)).toBe("He has cheated before");
    await edits(id, "// He has cheated before, and is rude");
    expect(desk.room.seen("ann").join()).not.toContain("cheated");
    await presses("hand_back");
    await annSays("Hello?");
    expect(JSON.stringify(desk.model.requests)).not.toContain("rude");
  });

  it("do not become a note by an edit of a note, which stays one", async () => {
    desk = await openDesk();
    await annSays("I want to talk to a human please");
    await presses("take");
    const id = await staffSays("// He is rude");
    await edits(id, "// He is very rude");
    expect(desk.room.seen("ann").join()).not.toContain("rude");
    const noted = await desk.ledger.read((tx) => tx.get("SELECT text FROM messages WHERE author = 'note'"));
    expect(noted).toEqual({ text: "// He is very rude" });
  });
});

describe("two threads of one ticket", () => {
  async function inBoth(): Promise<void> {
    desk = await openDesk({ room: closedRoom(), model: createScriptedModel("At nine.", "I am the bot.") });
    await annSays("I want to talk to a human please");
    await presses("hand_back");
    desk.room.fault("ann", "unreachable");
    await annSays("When do you open?");
    expect(desk.room.seen(beside)).toEqual(["At nine."]);
  }

  it("wait together: who asks for a person in one is not answered by the bot in the other", async () => {
    await inBoth();
    await annSays("I want to talk to a human now", beside);
    await annSays("Hello?");
    expect(desk.model.requests).toHaveLength(1);
    expect(atTheDesk()).toContain("Hello?");
    await presses("take");
    await annSays("Are you there?", beside);
    await annSays("Are you here?");
    expect(atTheDesk().slice(-2)).toEqual(["Are you there?", "Are you here?"]);
  });

  it("are taken together by a person who writes in the private thread, and the bot is silent in both", async () => {
    await inBoth();
    await desk.room.says("staff-maya", "Hi Ann, Maya here.", { thread: beside });
    await desk.quiet();
    expect(desk.model.requests).toHaveLength(1);
    expect(atTheDesk().join()).toContain("Taken by staff-maya");
    await annSays("Hello?", beside);
    await annSays("Hello again?");
    expect(desk.model.requests).toHaveLength(1);
    expect(atTheDesk().slice(-2)).toEqual(["Hello?", "Hello again?"]);
  });

  it("a takeover by a word in one waits for what is in the air in the other, and shows what was asked there", async () => {
    await inBoth();
    const release = desk.room.hold("ann");
    await desk.room.says("ann", "When do you close?");
    await expect.poll(() => desk.model.requests.length).toBe(2);
    await new Promise((resolve) => setTimeout(resolve, 30));
    await desk.room.says("ann", "And on Sundays?");
    await desk.room.says("staff-maya", "Hi Ann, Maya here.", { thread: beside });
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(atTheDesk().join()).not.toContain("Taken by");
    release();
    await desk.quiet();
    expect(atTheDesk().join()).toContain("Taken by");
    expect(atTheDesk()).toContain("And on Sundays?");
    expect(desk.model.requests.length).toBeLessThanOrEqual(3);
  });
});

it("what a person who is no staff writes in somebody's private thread is no takeover", async () => {
  desk = await openDesk();
  await annSays("hello", beside);
  await desk.room.says("ben", "Me, too", { thread: beside });
  await desk.quiet();
  expect(cardOf(1)).toBeUndefined();
});
