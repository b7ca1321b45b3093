import { afterEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { auditOf } from "../../src/ledger/audit.ts";
import { defineTool } from "../../src/tool.ts";
import { type DeskInARoom, openDesk } from "../doubles/desk-in-a-room.ts";
import { threadOf } from "../doubles/room.ts";
import { createScriptedModel } from "../doubles/scripted-model.ts";

let desk: DeskInARoom;
afterEach(() => desk.close());

const hall = "room:t:hall/1";
const orders = defineTool({
  name: "list_orders",
  description: "The customer's orders.",
  effect: "read",
  input: z.object({}),
  run: () => [{ order: "ORD-7", status: "shipped" }],
});
const asks = { calls: [{ name: "list_orders", arguments: {} }] };

async function openHall(...script: Parameters<typeof createScriptedModel>): Promise<void> {
  desk = await openDesk({ tools: [orders], model: createScriptedModel(...script) });
}

async function inTheHall(text: string): Promise<void> {
  await desk.room.says("ann", text, { thread: hall, shared: true, customer: "cus_1" });
  await desk.quiet();
}

describe("an account matter where others can read", () => {
  it("goes on in a direct message, with the question", async () => {
    await openHall(asks, "They are in public.", asks, "ORD-7 has shipped.");
    await inTheHall("Where are my orders?");
    expect(desk.room.seen(hall)).toEqual([expect.stringContaining("in a direct message")]);
    expect(desk.room.seen("ann")).toEqual(["ORD-7 has shipped."]);
    expect(JSON.stringify(desk.model.requests.slice(0, 2))).not.toContain("shipped");
    const private_ = desk.model.requests[2]?.transcript;
    expect(private_).toEqual([{ role: "customer", text: "Where are my orders?" }]);
    const deeds = await desk.ledger.read((tx) => auditOf(tx, hall));
    expect(deeds.map(({ action }) => action)).toContain("thread.went_private");
  });

  it("says so when there is no way to the customer, and offers a person", async () => {
    await openHall(asks, "They are in public.");
    desk.room.fault("direct ann", "unreachable");
    await inTheHall("Where are my orders?");
    expect(desk.room.seen(hall)).toEqual([expect.stringContaining("say that you want a person")]);
    expect(desk.room.seen("ann")).toEqual([]);
  });

  it("stays under its ticket, and staff see which way it went", async () => {
    await openHall(asks, "They are in public.", asks, "ORD-7 has shipped.");
    await inTheHall("I want to talk to a human please");
    await desk.room.presses("ticket.hand_back", 1);
    await desk.quiet();
    await inTheHall("Where are my orders?");
    const cards = desk.room.shown.filter((message) => message.post.card);
    const atTheDesk = desk.room.seen(`${desk.room.deskChannel}/${cards[0]?.id}`);
    expect(atTheDesk.at(-1)).toContain("goes on in a direct message");
    expect(desk.room.seen("ann").at(-1)).toBe("ORD-7 has shipped.");
    await desk.room.says("ann", "I want to talk to a human please");
    await desk.quiet();
    expect(desk.room.seen("ann").at(-1)).toContain("#1");
    await desk.room.presses("ticket.take", 1);
    await desk.room.staffSays(`${desk.room.deskChannel}/${cards[0]?.id}`, "Maya here.");
    await desk.quiet();
    expect(desk.room.seen("ann").at(-1)).toBe("Maya here.");
    expect(desk.room.seen(hall)).not.toContain("Maya here.");
  });

  it("is asked there once, although the process died before it was answered", async () => {
    let hang = true;
    await openHall(asks, "They are in public.", () => (hang ? new Promise(() => {}) : "Let me see."));
    await desk.room.says("ann", "Where are my orders?", { thread: hall, shared: true, customer: "cus_1" });
    await expect.poll(() => desk.model.requests.length).toBe(3);
    hang = false;
    const next = await desk.reopen();
    await next.quiet();
    expect(next.room.seen(hall)).toHaveLength(1);
    expect(next.room.seen("ann")).toEqual(["Let me see."]);
    await next.core.stop();
  });
});

describe("/support open", () => {
  it("begins a private conversation, with the question if there is one", async () => {
    await openHall("Five days.");
    await desk.room.commands("open", "bob");
    await desk.room.commands("open How long does it take?", "ann");
    await desk.quiet();
    expect(desk.room.seen("bob").join()).toContain("How can I help you?");
    expect(desk.room.seen("ann")).toEqual(["Five days."]);
    expect(desk.room.whispered).toEqual(Array(2).fill("I have written to you in private."));
    desk.room.fault("direct ann", "unreachable");
    await desk.room.commands("open", "ann", { thread: threadOf("ann") });
    await desk.quiet();
    expect(desk.room.whispered.at(-1)).toContain("direct message first");
  });
});
