import { afterEach, describe, expect, it } from "vitest";
import { findTicket, openTicket } from "../../src/ledger/tickets.ts";
import type { Receiver } from "../../src/platform.ts";
import { type DeskInARoom, openDesk } from "../doubles/desk-in-a-room.ts";
import { createRoom, threadOf } from "../doubles/room.ts";
import { createScriptedModel } from "../doubles/scripted-model.ts";

let desk: DeskInARoom;
afterEach(() => desk.close());

const card = () => desk.room.shown.find((message) => message.post.card);
const ticketThread = () => `${desk.room.deskChannel}/${card()?.id}`;
const atTheDesk = () => desk.room.seen(ticketThread());
const refusals = async () =>
  (
    await desk.ledger.read((tx) =>
      tx.all<{ subject: string }>("SELECT subject FROM audit WHERE action = 'command.refused'"),
    )
  ).map(({ subject }) => subject);

async function call(text: string, who?: string, more?: { thread?: string }): Promise<string | undefined> {
  await desk.room.commands(text, who, more);
  await desk.quiet();
  return desk.room.whispered.at(-1);
}

async function withTicket(): Promise<void> {
  desk = await openDesk({
    snippets: [{ name: "greeting", text: "Good day, we are looking into it." }],
    configure: (config) => ({ ...config, queues: ["general", "billing"] }),
    model: createScriptedModel("Hello."),
  });
  await desk.room.says("ann", "I want to talk to a human please");
  await desk.quiet();
}

describe("a customer calls /support", () => {
  it("and gets help that names nothing of the staff's", async () => {
    desk = await openDesk();
    expect(await call("", "ann")).toContain("/support person");
    expect(await call("what", "ann")).not.toContain("pause");
    expect(await call("")).toContain("/support pause");
  });

  it("person, and reads of one ticket however often it is asked", async () => {
    desk = await openDesk();
    await desk.room.says("ann", "hello");
    await desk.quiet();
    expect(await call("person", "ann")).toContain("#1");
    expect(await call("person", "ann")).toContain("#1");
    expect(await call("status", "ann")).toContain("- #1");
    expect(desk.room.seen("ann").filter((text) => text.includes("#1"))).toHaveLength(1);
  });

  it("person, and the ticket says what they have written before", async () => {
    desk = await openDesk();
    await desk.room.says("ann", "My headphones arrived broken.");
    await desk.quiet();
    await call("person", "ann");
    expect(card()?.post.card?.title).toBe("Ticket #1: My headphones arrived broken.");
  });

  it("person, and who has never written is answered in private", async () => {
    desk = await openDesk();
    expect(await call("person", "bob")).toContain("#1");
    expect(desk.room.seen("bob").filter((text) => text.includes("#1"))).toHaveLength(1);
    expect(await call("status", "bob")).toContain("- #1");
  });

  it("forget, and staff have a ticket that says so", async () => {
    desk = await openDesk();
    expect(await call("forget", "ann")).toContain("nothing to forget");
    await desk.room.says("ann", "hello");
    await desk.quiet();
    expect(await call("forget me", "ann")).toContain("#1");
    expect(desk.room.seen("ann").at(-1)).toContain("want to be forgotten");
    expect(card()?.post.card?.title).toContain("The customer asks to be forgotten.");
    expect(card()?.post.card?.facts).toContainEqual({ label: "Priority", value: "normal" });
  });

  it("forget, and who has only written where others read is answered where they do not", async () => {
    desk = await openDesk();
    await desk.room.says("ann", "hello", { thread: "room:t:hall/1", shared: true });
    await desk.quiet();
    expect(await call("forget", "ann")).toContain("#1");
    expect(desk.room.seen("room:t:hall/1").join()).not.toContain("forgotten");
    expect(desk.room.seen("ann").join()).toContain("want to be forgotten");
  });

  it("forget, while a person has the conversation or after it was resolved", async () => {
    await withTicket();
    await desk.room.presses("ticket.take", 1);
    expect(await call("forget", "ann")).toContain("#1");
    expect(atTheDesk()).toContain("The customer asks to be forgotten.");
    await desk.room.presses("ticket.resolve", 1);
    await desk.quiet();
    expect(await call("forget", "ann")).toContain("#2");
  });

  it("and what is for staff is refused in private, and on record", async () => {
    await withTicket();
    for (const text of ["take 1", "note 1 x", "snippet greeting", "transfer 1 billing", "pause", "tickets"])
      expect(await call(text, "ann"), text).toBe("Only the desk's staff can do this.");
    expect(await refusals()).toEqual(["press", "note", "snippet", "transfer", "pause", "tickets"]);
    expect(desk.core.pause.paused()).toBe(false);
    expect(card()?.post.card?.footer).toBe("Waiting for a person");
  });
});

it("what completes a command while it is typed names tickets to staff, and nothing to customers", async () => {
  const room = createRoom();
  let receiver: Receiver | undefined;
  const connect = room.connect;
  room.connect = (given) => {
    receiver = given;
    return connect(given);
  };
  desk = await openDesk({ room, snippets: [{ name: "greeting", text: "Good day." }] });
  await desk.room.says("ann", "I want to talk to a human please");
  await desk.quiet();
  const completed = async (who: string) => {
    const by = { id: `room:t:${who}`, tenant: "t", name: who };
    return [
      ...((await receiver?.suggest("ticket", "", by)) ?? []),
      ...((await receiver?.suggest("snippet", "", by)) ?? []),
    ];
  };
  expect((await completed("staff-maya")).map(({ value }) => value)).toEqual(["1", "greeting"]);
  expect(await completed("bob")).toEqual([]);
});

describe("staff call /support", () => {
  it("take, hand back and resolve", async () => {
    await withTicket();
    expect(await call("tickets")).toContain("- #1");
    expect(await call("take 1")).toBe("Done.");
    expect(card()?.post.card?.footer).toBe("Taken by staff-maya");
    expect(await call("hand back 1")).toBe("Done.");
    expect(await call("resolve 1")).toBe("Done.");
    expect(await call("take 9")).toBe("There is no ticket #9.");
  });

  it("tickets, and reads first of those that wait for a person, and whether there are more", async () => {
    await withTicket();
    await desk.ledger.write(async (tx) => {
      const first = await findTicket(tx, 1);
      for (let n = 0; n < 20 && first; n++) await openTicket(tx, first, 1);
      await tx.run("UPDATE tickets SET state = 'handed_back' WHERE number <= 19");
      await tx.run("UPDATE tickets SET state = 'taken' WHERE number = 20");
    });
    const lines = (await call("tickets"))?.split("\n") ?? [];
    expect(lines.map((line) => /^- (#\d+)?/.exec(line)?.[1]).slice(0, 3)).toEqual(["#21", "#20", "#1"]);
    expect(lines.slice(20)).toEqual(["- … and more"]);
  });

  it("note, and the customer never reads it", async () => {
    await withTicket();
    expect(await call("note 1 she is upset")).toBe("Done.");
    expect(atTheDesk()).toContain("Note by staff-maya: she is upset");
    expect(desk.room.seen("ann").join()).not.toContain("upset");
  });

  it("snippet, and only who has the ticket sends it", async () => {
    await withTicket();
    expect(await call("snippet greeting", undefined, { thread: ticketThread() })).toContain(
      "Take ticket #1 first",
    );
    await call("take 1");
    expect(await call("snippet greeting", "staff-tom", { thread: ticketThread() })).toContain(
      "Take ticket #1 first",
    );
    expect(await call("snippet nothing")).toBe("There is no such snippet. There are: greeting.");
    expect(await call("snippet greeting")).toBe("Done.");
    const said = desk.room.shown.filter((message) => message.place === threadOf("ann")).at(-1);
    expect(said?.post).toEqual({ text: "Good day, we are looking into it.", as: "staff-maya" });
    await call("resolve 1");
    expect(await call("snippet greeting 1")).toContain("Take ticket #1 first");
  });

  it("transfer to a colleague, who then has it alone", async () => {
    await withTicket();
    await call("take 1");
    expect(await call("transfer 1 room:t:bob")).toContain("one of the queues: general, billing");
    expect(await call("transfer 1 room:t:staff-tom")).toBe("Done.");
    expect(card()?.post.card?.footer).toContain("staff-tom");
    await desk.room.staffSays(ticketThread(), "still me");
    await desk.room.staffSays(ticketThread(), "now Tom", "staff-tom");
    await desk.quiet();
    expect(desk.room.seen("ann").at(-1)).toBe("now Tom");
    expect(desk.room.seen("ann")).not.toContain("still me");
  });

  it("transfer to a queue, where it waits again and the bot stays silent", async () => {
    await withTicket();
    await call("take 1");
    expect(await call("transfer 1 Billing")).toBe("Done.");
    expect(card()?.post.card?.footer).toBe("Waiting for a person");
    expect(card()?.post.card?.facts).toContainEqual({ label: "Queue", value: "billing" });
    expect(await call("transfer 1 billing")).toBe("It waits in billing already.");
    await desk.room.says("ann", "Anybody?");
    await desk.quiet();
    expect(desk.model.requests).toHaveLength(0);
    expect(atTheDesk()).toContain("Anybody?");
  });

  it("transfer to a queue, where it waits also when it is asked for again: the human channel reads that it does", async () => {
    await withTicket();
    await call("transfer 1 billing");
    await call("hand back 1");
    await desk.room.says("ann", "I want to talk to a human again");
    await desk.quiet();
    expect(card()?.post.card?.facts).toContainEqual({ label: "Queue", value: "billing" });
    expect(desk.room.seen(String(desk.room.deskChannel)).at(-1)).toContain(
      "Ticket #1 waits for a person again: I want to talk to a human please",
    );
  });

  it("pause and unpause", async () => {
    desk = await openDesk();
    await call("pause");
    expect(desk.core.pause.paused()).toBe(true);
    await call("unpause");
    expect(desk.core.pause.paused()).toBe(false);
  });
});

describe("the card's menu", () => {
  it("offers the other queues and gives the ticket to the chosen one", async () => {
    await withTicket();
    expect(card()?.post.menus).toEqual([
      { label: "Transfer…", action: "ticket.transfer", options: [{ label: "billing", value: "1 billing" }] },
    ]);
    await desk.room.presses("ticket.transfer", "1 billing");
    await desk.quiet();
    expect(atTheDesk()).toContain("Transferred to billing by staff-maya.");
    expect(card()?.post.menus?.[0]?.options).toEqual([{ label: "general", value: "1 general" }]);
  });

  it("is not for customers, and a forged queue goes nowhere", async () => {
    await withTicket();
    await desk.room.presses("ticket.transfer", "1 billing", "ann");
    await desk.room.presses("ticket.transfer", "1 nowhere");
    await desk.room.presses("ticket.transfer", "nonsense");
    await desk.quiet();
    expect(desk.room.whispered).toEqual([
      "Only the desk's staff can do this.",
      expect.stringContaining("general, billing"),
      expect.stringContaining("general, billing"),
    ]);
    expect(card()?.post.card?.facts).toContainEqual({ label: "Queue", value: "general" });
  });
});

describe("“Open a ticket” on a message", () => {
  const message = (who: string) => ({
    id: "room:m:about",
    thread: threadOf(who),
    channel: threadOf(who),
    author: { id: `room:t:${who}`, tenant: "t", name: who },
    text: "My parcel is wet.",
    sentAt: 1,
    order: "1",
    visibility: "shared" as const,
    addressed: false,
    files: [],
  });

  it("opens one for staff or its author, about what it says", async () => {
    desk = await openDesk();
    await desk.room.commands("", "staff-maya", { name: "open_ticket", about: message("ann") });
    await desk.room.commands("", "bob", { name: "open_ticket", about: message("bob") });
    await desk.quiet();
    const titles = desk.room.shown.flatMap(({ post }) => (post.card ? [post.card.title] : []));
    expect(titles.sort()).toEqual(["Ticket #1: My parcel is wet.", "Ticket #2: My parcel is wet."]);
    expect(desk.room.seen("ann").join()).toMatch(/ticket is #\d/);
  });

  it("whose words are more than a card has room for: they are read in its thread", async () => {
    desk = await openDesk();
    const text = `My parcel is wet. ${"And so is what was in it. ".repeat(15)}I want my money back.`;
    const about = { ...message("ann"), text };
    await desk.room.commands("", "staff-maya", { name: "open_ticket", about });
    await desk.quiet();
    expect(atTheDesk()).toContain(text);
  });

  it("which the bot has had no part in follows its edits and its deletion", async () => {
    desk = await openDesk();
    const about = message("ann");
    await desk.room.commands("", "staff-maya", { name: "open_ticket", about });
    await desk.quiet();
    const edited = { ...about, text: "My parcel is torn." };
    await desk.room.receives({ kind: "edit", keys: ["e"], message: edited });
    await desk.quiet();
    expect(atTheDesk()).toContain("The customer has edited a message; it now reads:\n\nMy parcel is torn.");
    const { id, thread, channel } = about;
    await desk.room.receives({ kind: "deletion", keys: ["d"], message: id, thread, channel });
    await desk.quiet();
    expect(atTheDesk().at(-1)).toBe("The customer has deleted a message.");
  });

  it("that is long and is taken back: nobody reads it in the ticket's thread any more", async () => {
    desk = await openDesk();
    const about = { ...message("ann"), text: `My code is 1234. ${"It does not work. ".repeat(20)}` };
    await desk.room.commands("", "staff-maya", { name: "open_ticket", about });
    await desk.quiet();
    expect(atTheDesk().join()).toContain("My code is 1234.");
    const { id, thread, channel } = about;
    await desk.room.receives({ kind: "deletion", keys: ["d"], message: id, thread, channel });
    await desk.quiet();
    expect(atTheDesk().join()).not.toContain("My code is 1234.");
  });

  it("that is long and that the bot is just answering: it is read in its thread once", async () => {
    desk = await openDesk({ settleMs: 50 });
    const about = {
      ...message("ann"),
      addressed: true,
      text: `My parcel is wet. ${"Very wet. ".repeat(40)}`,
    };
    await desk.room.receives({ kind: "message", keys: [about.id], message: about });
    await desk.room.commands("", "staff-maya", { name: "open_ticket", about });
    await desk.quiet();
    expect(atTheDesk().filter((text) => text.includes("My parcel is wet."))).toHaveLength(1);
  });

  it("whose conversation has a ticket already: it is read in that ticket's thread, once", async () => {
    desk = await openDesk();
    const id = await desk.room.says("ann", "My parcel is wet.", { shared: true });
    await desk.quiet();
    await desk.room.says("ann", "I want to talk to a human", { shared: true });
    await desk.quiet();
    for (let n = 0; n < 2; n++) {
      const about = { ...message("ann"), id };
      await desk.room.commands("", "staff-maya", { name: "open_ticket", about });
      await desk.quiet();
    }
    const told = "staff-maya has opened a ticket about this message.";
    expect(atTheDesk().slice(-3)).toEqual([told, "My parcel is wet.", told]);
  });

  it("opens none for anybody else", async () => {
    desk = await openDesk();
    await desk.room.commands("", "bob", { name: "open_ticket", about: message("ann") });
    await desk.quiet();
    expect(desk.room.whispered).toEqual(["Only the desk's staff can do this."]);
    expect(await refusals()).toEqual(["open_ticket"]);
    expect(desk.room.shown).toEqual([]);
  });
});
