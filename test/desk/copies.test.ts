import { afterEach, describe, expect, it } from "vitest";
import { DeskError } from "../../src/errors.ts";
import { createLog } from "../../src/log.ts";
import { createCustomerFiles } from "../../src/records/customer-files.ts";
import { eraseCustomer } from "../../src/records/erase-customer.ts";
import { type DeskInARoom, openDesk } from "../doubles/desk-in-a-room.ts";
import { threadOf } from "../doubles/room.ts";

let desk: DeskInARoom;
afterEach(() => desk.close());

const ann = threadOf("ann");
const ticketThread = () => `${desk.room.deskChannel}/${desk.room.shown.find((one) => one.post.card)?.id}`;
const channel = () => String(desk.room.deskChannel);
const copyOf = (text: string, place: string) =>
  desk.room.shown.find((one) => one.place === place && one.post.text === text && !one.removed);
const person = (who: string) => ({ id: `room:t:${who}`, tenant: "t", name: who });
let keys = 0;

async function taken(): Promise<void> {
  desk = await openDesk();
  await desk.room.says("ann", "I want to talk to a human please");
  await desk.quiet();
  await desk.room.presses("ticket.take", 1);
  await desk.quiet();
}

async function reacts(
  who: string,
  message: string,
  place: { thread: string; channel: string },
  added = true,
) {
  const key = `reaction:${++keys}`;
  await desk.room.receives({
    kind: "reaction",
    keys: [key],
    message,
    ...place,
    by: person(who),
    emoji: "👍",
    added,
  });
  await desk.quiet();
}

const edits = (id: string, text: string) =>
  desk.room.receives({
    kind: "edit",
    keys: [`edit:${++keys}`],
    message: {
      id,
      thread: ticketThread(),
      channel: channel(),
      author: person("staff-maya"),
      text,
      sentAt: 1,
      order: "1",
      visibility: "private",
      addressed: true,
      files: [],
    },
  });

const deletes = (id: string) =>
  desk.room.receives({
    kind: "deletion",
    keys: [`deletion:${++keys}`],
    message: id,
    thread: ticketThread(),
    channel: channel(),
  });

describe("a reaction", () => {
  const here = { thread: ann, channel: ann };
  const there = () => ({ thread: ticketThread(), channel: channel() });

  it("of the customer shows on the staff's message, and goes again", async () => {
    await taken();
    const id = await desk.room.staffSays(ticketThread(), "Hello Ann");
    await desk.quiet();
    const copy = copyOf("Hello Ann", ann)?.id ?? "";
    await reacts("ann", copy, here);
    await reacts("ann", copy, here, false);
    expect(desk.room.reactions).toEqual([`+👍 on ${id}`, `-👍 on ${id}`]);
  });

  it("of the assignee shows on the customer's message; on their own, on its copy", async () => {
    await taken();
    const asked = await desk.room.says("ann", "And now?");
    await desk.quiet();
    await reacts("staff-maya", copyOf("And now?", ticketThread())?.id ?? "", there());
    expect(desk.room.reactions).toEqual([`+👍 on ${asked}`]);
    await reacts("ann", asked, here);
    expect(desk.room.reactions.at(-1)).toBe(`+👍 on ${copyOf("And now?", ticketThread())?.id}`);
  });

  it("of anybody else stays where it is, and so does one on a note", async () => {
    await taken();
    const note = await desk.room.staffSays(ticketThread(), "// a note");
    await desk.room.says("ann", "And now?");
    await desk.quiet();
    await reacts("staff-tom", copyOf("And now?", ticketThread())?.id ?? "", there());
    await reacts("staff-maya", note, there());
    await reacts("bob", copyOf("And now?", ticketThread())?.id ?? "", here);
    expect(desk.room.reactions).toEqual([]);
  });
});

describe("what never gets through", () => {
  const toldIn = (place: string, what: string) =>
    desk.room.shown.find((one) => one.place === place && one.post.text.includes(what));

  it("of the customer's words is told to staff, who can have them shown after all", async () => {
    await taken();
    desk.room.fault(ticketThread(), "unreachable");
    await desk.room.says("ann", "It has begun to smoke.");
    await desk.quiet();
    expect(copyOf("It has begun to smoke.", ticketThread())).toBeUndefined();
    const told = toldIn(ticketThread(), "could not be shown here");
    const [retry] = told?.post.buttons ?? [];
    await desk.room.presses(retry?.action ?? "", retry?.value ?? "");
    await desk.quiet();
    expect(copyOf("It has begun to smoke.", ticketThread())).toBeDefined();
  });

  it("of the customer's words is told in the human channel where the ticket's own thread is gone", async () => {
    await taken();
    desk.room.fault(ticketThread(), "unreachable", "unreachable");
    await desk.room.says("ann", "It has begun to smoke.");
    await desk.quiet();
    const told = toldIn(channel(), "could not be shown");
    expect(told?.post.text).toContain("Ticket #1");
    expect(told?.post.buttons?.[0]?.action).toBe("message.retry");
  });

  it("and is told in the human channel is forgotten with its customer", async () => {
    desk = await openDesk();
    const id = await desk.room.says("ann", "Where is ord_1?");
    await desk.quiet();
    await desk.room.says("ann", "I want to talk to a human please");
    await desk.quiet();
    await desk.room.presses("ticket.take", 1);
    await desk.quiet();
    desk.room.fault(ticketThread(), "unreachable");
    const message = { id, thread: ann, channel: ann, author: person("ann"), text: "I live in Elm Street." };
    const rest = { sentAt: 1, order: "1", visibility: "private" as const, addressed: true, files: [] };
    await desk.room.receives({ kind: "edit", keys: ["moved"], message: { ...message, ...rest } });
    await desk.quiet();
    expect(toldIn(channel(), "Elm Street")).toBeDefined();
    const { ledger, clock, data } = desk;
    const memory = { forget: async () => {}, recall: async () => undefined, scrub: async () => true };
    const files = createCustomerFiles(data, clock);
    await eraseCustomer({ ledger, memory, files, clock, log: createLog("silent") }, "room:t:ann");
    expect(JSON.stringify(await ledger.read((tx) => tx.all("SELECT * FROM outbox")))).not.toContain("Elm");
  });

  it("of what staff have changed is told to them: the customer still reads what was there", async () => {
    await taken();
    const id = await desk.room.staffSays(ticketThread(), "Your code is 1234");
    await desk.quiet();
    const remove = desk.room.remove;
    const never = () => Promise.reject(new DeskError("platform_refused", "it may not be deleted"));
    desk.room.edit = never;
    await edits(id, "Your code is 5678");
    await desk.quiet();
    expect(toldIn(ticketThread(), "still reads")?.post.text).toContain("it may not be deleted");
    desk.room.remove = never;
    await deletes(id);
    await desk.quiet();
    const told = desk.room.shown.filter((one) => one.post.text.includes("still reads"));
    expect(told).toHaveLength(2);
    if (remove) desk.room.remove = remove;
    const [retry] = told.at(-1)?.post.buttons ?? [];
    await desk.room.presses(retry?.action ?? "", retry?.value ?? "");
    await desk.quiet();
    expect(desk.room.seen("ann").join()).not.toContain("1234");
  });
});

describe("a message that has not arrived yet", () => {
  it("arrives as it was edited", async () => {
    await taken();
    desk.room.fault("ann", "unavailable");
    const id = await desk.room.staffSays(ticketThread(), "Helo");
    await expect.poll(() => unsent(id)).toBe("waiting");
    await edits(id, "Hello");
    await desk.quiet();
    const said = desk.room.shown.filter((one) => one.place === ann && one.post.text.startsWith("Hel"));
    expect(said.map((one) => one.post.text)).toEqual(["Hello"]);
  });

  it("never arrives when it is deleted", async () => {
    await taken();
    desk.room.fault("ann", "unavailable");
    const id = await desk.room.staffSays(ticketThread(), "Not meant for you");
    await expect.poll(() => unsent(id)).toBe("waiting");
    await deletes(id);
    await desk.quiet();
    expect(desk.room.shown.some((one) => one.place === ann && one.post.text === "Not meant for you")).toBe(
      false,
    );
  });

  it("has what the platform finds of it taken back, where it was tried before", async () => {
    await taken();
    desk.room.fault("ann", "unavailable");
    const id = await desk.room.staffSays(ticketThread(), "Not meant for you");
    await expect.poll(() => unsent(id)).toBe("waiting");
    const sought: string[] = [];
    desk.room.find = async (_, key) => void sought.push(key);
    await deletes(id);
    await desk.quiet();
    expect(sought).toHaveLength(1);
  });

  it("is taken back by whoever deletes the others, where the process that had tried it is gone", async () => {
    await taken();
    const id = await desk.room.staffSays(ticketThread(), "Not meant for you");
    await desk.quiet();
    await desk.ledger.write((tx) =>
      tx.run("UPDATE outbox SET state = 'waiting', posted = NULL, attempts = 1 WHERE source = ?", id),
    );
    await deletes(id);
    await desk.quiet();
    expect(desk.room.seen("ann")).not.toContain("Not meant for you");
  });

  it("is taken back when it had arrived without the desk's knowing", async () => {
    await taken();
    desk.room.fault("ann", "lost_answer");
    const id = await desk.room.staffSays(ticketThread(), "Not meant for you");
    await expect.poll(() => unsent(id)).toBe("waiting");
    await deletes(id);
    await desk.quiet();
    expect(desk.room.seen("ann")).not.toContain("Not meant for you");
  });

  const unsent = async (source: string) =>
    (
      await desk.ledger.read((tx) =>
        tx.get<{ state: string }>("SELECT state FROM outbox WHERE source = ? AND attempts > 0", source),
      )
    )?.state;
});

describe("what did not reach the customer", () => {
  const retry = () =>
    desk.room.shown.flatMap((one) => one.post.buttons ?? []).filter((one) => one.label === "Retry");

  it("is sent again at a press of Retry, once", async () => {
    await taken();
    desk.room.fault("ann", "unreachable");
    await desk.room.staffSays(ticketThread(), "Hello Ann");
    await desk.quiet();
    const [button] = retry();
    expect(button?.action).toBe("message.retry");
    await desk.room.presses("message.retry", button?.value ?? "");
    await desk.quiet();
    await desk.room.presses("message.retry", button?.value ?? "");
    await desk.quiet();
    expect(desk.room.seen("ann").filter((text) => text === "Hello Ann")).toHaveLength(1);
    expect(desk.room.whispered.at(-1)).toBe("This has been sent, or is on its way already.");
    expect(desk.room.whispered.some((line) => line.startsWith("sent on"))).toBe(true);
  });

  it("that fails again can be tried again", async () => {
    await taken();
    desk.room.fault("ann", "unreachable", "unreachable");
    await desk.room.staffSays(ticketThread(), "Hello Ann");
    await desk.quiet();
    await desk.room.presses("message.retry", retry()[0]?.value ?? "");
    await desk.quiet();
    expect(retry()).toHaveLength(2);
    await desk.room.presses("message.retry", retry()[1]?.value ?? "");
    await desk.quiet();
    expect(desk.room.seen("ann").at(-1)).toBe("Hello Ann");
  });

  it("is not for customers to send, and stays unsent when its message was deleted", async () => {
    await taken();
    desk.room.fault("ann", "unreachable");
    const id = await desk.room.staffSays(ticketThread(), "Hello Ann");
    await desk.quiet();
    await desk.room.presses("message.retry", retry()[0]?.value ?? "", "ann");
    await desk.quiet();
    expect(desk.room.whispered.at(-1)).toBe("Only the desk's staff can do this.");
    await deletes(id);
    await desk.quiet();
    await desk.room.presses("message.retry", retry()[0]?.value ?? "");
    await desk.quiet();
    expect(desk.room.seen("ann")).not.toContain("Hello Ann");
  });
});
