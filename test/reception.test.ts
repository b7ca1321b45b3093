import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { auditOf } from "../src/ledger/audit.ts";
import { defineTool } from "../src/tool.ts";
import { type DeskInARoom, openDesk } from "./doubles/desk-in-a-room.ts";
import { threadOf } from "./doubles/room.ts";
import { createScriptedModel, hanging } from "./doubles/scripted-model.ts";

let desk: DeskInARoom;
afterEach(() => desk.close());

const orders = defineTool({
  name: "lookup_orders",
  description: "The customer's own orders.",
  effect: "read",
  input: z.object({}),
  run: (_input, context) => ({ customer: context.customer.id, orders: ["ord_1001"] }),
});

const identity = {
  find: (claim: string) =>
    ["cust_001@example.com", "cust_001"].includes(claim)
      ? { id: "cust_001", email: "cust_001@example.com" }
      : undefined,
};

const asksForOrders = () =>
  createScriptedModel(
    { calls: [{ name: "lookup_orders", arguments: {} }] },
    "I need to know who you are first.",
    { calls: [{ name: "lookup_orders", arguments: {} }] },
    "You have one order: ord_1001.",
  );

const mails = (): string[] => {
  try {
    return readdirSync(join(desk.data, "mail")).map((name) =>
      readFileSync(join(desk.data, "mail", name), "utf8"),
    );
  } catch {
    return [];
  }
};
/** Of the only mail, which goes beside the answer. */
async function mailedCode(): Promise<string> {
  const code = () => /\b\d{6}\b/.exec(mails()[0] ?? "")?.[0] ?? "";
  await expect.poll(code).not.toBe("");
  return code();
}
const say = async (text: string): Promise<string> => {
  await desk.room.says("ann", text);
  await desk.quiet();
  return desk.room.seen("ann").at(-1) ?? "";
};
const inFolder =
  (data: string) =>
  (config: Parameters<NonNullable<Parameters<typeof openDesk>[0]>["configure"] & object>[0]) => ({
    ...config,
    folders: { ...config.folders, data },
  });

async function openShop(model = asksForOrders()): Promise<void> {
  const first = await openDesk();
  const { data } = first;
  await first.core.stop(0);
  await first.ledger.close();
  desk = await openDesk({ tools: [orders], identity, model, data, configure: inFolder(data) });
  const { close } = desk;
  desk.close = async () => {
    await close();
    await first.close().catch(() => {});
  };
}

describe("a customer who is not known", () => {
  it("proves who they are with a code from their mailbox, and hears the answer to what they had asked", async () => {
    await openShop();
    expect(await say("What did I order?")).toContain("e-mail address of the account");
    expect(await say("It is cust_001@example.com")).toContain("a code is on its way");
    expect(await say(await mailedCode())).toBe(
      "Thank you, you are verified.\n\nYou have one order: ord_1001.",
    );
    expect(desk.model.requests.at(-1)?.transcript).toContainEqual(
      expect.objectContaining({ role: "result", result: { customer: "cust_001", orders: ["ord_1001"] } }),
    );
  });

  it("whose code no model ever sees, and which is not kept", async () => {
    await openShop();
    await say("What did I order?");
    await say("cust_001@example.com");
    const code = await mailedCode();
    await say(code);
    expect(JSON.stringify(desk.model.requests)).not.toContain(code);
    const kept = await desk.ledger.read((tx) => tx.all<{ text: string }>("SELECT text FROM messages"));
    expect(kept.map((row) => row.text).join()).not.toContain(code);
  });

  it("is not told whether an address is on file, and gets no mail then", async () => {
    await openShop();
    await say("What did I order?");
    const unknown = await say("nobody@example.com");
    expect(mails()).toEqual([]);
    expect(await say("cust_001@example.com")).toBe(unknown);
  });

  it("has five tries for a code, and an old code is void", async () => {
    await openShop();
    await say("What did I order?");
    await say("cust_001@example.com");
    const code = await mailedCode();
    const wrong = code === "000000" ? "111111" : "000000";
    for (let left = 4; left > 0; left--) expect(await say(wrong)).toContain(`${left} more`);
    expect(await say(wrong)).toContain("one try too many");
    desk.model.script = ["What can I do for you?"];
    expect(await say(code)).toBe("What can I do for you?");
  });

  it("cannot use a code that was sent to somebody else's thread", async () => {
    await openShop();
    await say("What did I order?");
    await say("cust_001@example.com");
    desk.model.script = ["Hello Bob."];
    await desk.room.says("bob", await mailedCode());
    await desk.quiet();
    expect(desk.room.seen("bob")).toEqual(["Hello Bob."]);
    expect(await desk.ledger.read((tx) => auditOf(tx, threadOf("bob")))).not.toContainEqual(
      expect.objectContaining({ action: "identity.verified" }),
    );
  });
});

describe("a customer who is asked who they are and wants a person", () => {
  const tickets = () => desk.ledger.read((tx) => tx.all<{ ask: string }>("SELECT ask FROM tickets"));

  it("gets one, and no code, whatever address stands in the message", async () => {
    await openShop();
    await say("What did I order?");
    expect(await say("I want a person, write to cust_001@example.com")).toContain("ticket is #1");
    expect(mails()).toEqual([]);
    expect(await tickets()).toEqual([{ ask: expect.stringContaining("I want a person") }]);
  });

  it("gets one after three codes, as the bot has said", async () => {
    await openShop();
    await say("What did I order?");
    for (const name of ["a", "b", "c"]) await say(`${name}@example.com`);
    expect(await say("d@example.com")).toContain("Say that you want a person");
    expect(await say("I want a person, write to jane@example.com")).toContain("ticket is #1");
  });

  it("gets one in the same breath as they type a code, which nobody reads", async () => {
    await openShop();
    await say("What did I order?");
    await say("cust_001@example.com");
    const code = await mailedCode();
    await desk.room.hasSaid("ann", [code, "I want to talk to a human"]);
    await desk.quiet();
    expect(desk.room.seen("ann").at(-1)).toContain("ticket is #1");
    const kept = await desk.ledger.read((tx) => tx.all<{ text: string }>("SELECT text FROM messages"));
    const texts = kept.map((row) => row.text);
    expect(texts).toEqual(expect.arrayContaining(["[verification code]", "I want to talk to a human"]));
    for (const place of [texts, await tickets(), desk.room.shown, desk.model.requests])
      expect(JSON.stringify(place)).not.toContain(code);
  });
});

describe("a code in a burst", () => {
  it("is good, and what stands beside it is kept as it was", async () => {
    await openShop();
    await say("What did I order?");
    await say("cust_001@example.com");
    const code = await mailedCode();
    await desk.room.hasSaid("ann", [code, "thank you"]);
    await desk.quiet();
    expect(desk.room.seen("ann").at(-1)).toContain("you are verified");
    const kept = await desk.ledger.read((tx) => tx.all<{ text: string }>("SELECT text FROM messages"));
    expect(JSON.stringify(kept)).not.toContain(code);
    expect(kept.map((row) => row.text)).toEqual(expect.arrayContaining(["[verification code]", "thank you"]));
  });
});

describe("the kill switch", () => {
  it("stops an answer that is being written, and a person is asked", async () => {
    const thinking = hanging();
    desk = await openDesk({ model: createScriptedModel(thinking.line) });
    await desk.room.says("ann", "hello");
    await thinking.asked;
    await desk.core.pause.set(true, "operator");
    await desk.quiet();
    expect(desk.room.seen("ann")).toEqual([expect.stringMatching(/switched off.*ticket is #1/s)]);
    await desk.room.presses("ticket.take", 1);
    await desk.quiet();
    const card = desk.room.shown.find((message) => message.post.card);
    await desk.room.staffSays(`${desk.room.deskChannel}/${card?.id}`, "A person here.");
    await desk.quiet();
    expect(desk.room.seen("ann").at(-1)).toBe("A person here.");
  });

  it("can be turned back", async () => {
    desk = await openDesk();
    await desk.core.pause.set(true, "operator");
    await desk.core.pause.set(false, "operator");
    expect(await say("hello")).toBe("Hello, how can I help?");
  });
});

describe("limits", () => {
  it("a customer who writes too fast is told once, nothing is lost, and a person is never refused", async () => {
    desk = await openDesk({
      configure: (config) => ({ ...config, limits: { ...config.limits, messagesPerMinuteMax: 2 } }),
    });
    await say("one");
    await say("two");
    await desk.room.says("ann", "three");
    await expect.poll(() => desk.room.seen("ann").at(-1)).toContain("faster than I can answer");
    const waiting = await desk.ledger.read((tx) => tx.all("SELECT id FROM inbox WHERE state = 'waiting'"));
    expect(waiting).toHaveLength(1);
    await desk.room.says("ann", "I want to talk to a human");
    await expect.poll(() => desk.room.seen("ann").at(-1)).toContain("ticket is #1");
  });

  it("a thread that calls too many tools hears so, and the store stays quiet", async () => {
    let ran = 0;
    const lookup = defineTool({
      name: "lookup",
      description: "Looks.",
      effect: "read",
      account: false,
      input: z.object({ n: z.number() }),
      run: () => ++ran,
    });
    let n = 0;
    desk = await openDesk({
      tools: [lookup],
      model: createScriptedModel((request) =>
        request.transcript.at(-1)?.role === "result"
          ? "Done."
          : { calls: [{ name: "lookup", arguments: { n: ++n } }] },
      ),
      configure: (config) => ({ ...config, limits: { ...config.limits, toolCallsPerMinuteMax: 3 } }),
    });
    for (let at = 0; at < 6; at++) await say(`look ${at}`);
    expect(ran).toBe(3);
  });

  it("a customer whose tokens are used up is told so, and can still ask for a person", async () => {
    desk = await openDesk({
      configure: (config) => ({ ...config, limits: { ...config.limits, tokensPerCustomerPerDayMax: 0 } }),
    });
    expect(await say("hello")).toContain("reached what I may use");
    expect(desk.model.requests).toEqual([]);
    expect(await say("I want a human")).toContain("ticket is #1");
  });
});

describe("what nobody should paste", () => {
  it("reaches neither the model nor the ledger nor the ticket", async () => {
    desk = await openDesk();
    await say("My card is 4242 4242 4242 4242, please charge it");
    await say("I want a human, my card is 4242 4242 4242 4242");
    expect(JSON.stringify(desk.model.requests)).not.toContain("4242 4242");
    expect(JSON.stringify(desk.room.shown)).not.toContain("4242 4242");
    const rows = await desk.ledger.read((tx) => tx.all("SELECT event FROM inbox"));
    expect(JSON.stringify(rows)).not.toContain("4242 4242");
  });
});
