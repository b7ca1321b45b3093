import { afterEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { DeskError } from "../src/errors.ts";
import { createInbox } from "../src/inbox.ts";
import { auditOf } from "../src/ledger/audit.ts";
import { waitingIn } from "../src/ledger/inbox.ts";
import type { Ledger, Transaction } from "../src/ledger.ts";
import { defineTool } from "../src/tool.ts";
import { type DeskInARoom, openDesk, passage } from "./doubles/desk-in-a-room.ts";
import { createRoom, threadOf } from "./doubles/room.ts";
import { createScriptedModel, hanging } from "./doubles/scripted-model.ts";

/** Longer than a busy machine takes to commit what comes in one after the other. */
const aMomentMs = 500;

let desk: DeskInARoom;
afterEach(() => desk.close());

const shipping = passage("Shipping", "Standard shipping takes 5 to 7 business days.");
const ann = threadOf("ann");
const ticketThread = () => desk.room.shown.find((message) => message.post.card)?.id;
const atTheDesk = () => desk.room.seen(`${desk.room.deskChannel}/${ticketThread()}`);

describe("a customer asks", () => {
  it("and reads one answer with its source", async () => {
    desk = await openDesk({
      passages: [shipping],
      model: createScriptedModel("It takes 5 to 7 business days [1]."),
    });
    await desk.room.says("ann", "How long does shipping take?");
    await desk.quiet();
    expect(desk.room.shown).toHaveLength(1);
    expect(desk.room.shown[0]?.post).toMatchObject({
      text: "It takes 5 to 7 business days [1].",
      sources: [{ title: "Shipping" }],
    });
  });

  it("the same event twice is answered once", async () => {
    desk = await openDesk();
    await desk.room.says("ann", "hello", { id: "room:m:x" });
    await desk.room.says("ann", "hello", { id: "room:m:x" });
    await desk.quiet();
    await desk.room.says("ann", "hello", { id: "room:m:x" });
    await desk.quiet();
    expect(desk.room.seen("ann")).toHaveLength(1);
    expect(desk.model.requests).toHaveLength(1);
  });

  it("in a burst and reads one reply to all of it", async () => {
    desk = await openDesk({ settleMs: aMomentMs });
    await desk.room.says("ann", "hello");
    await desk.room.says("ann", "I have a question");
    await desk.room.says("ann", "about shipping");
    await desk.quiet();
    expect(desk.room.seen("ann")).toHaveLength(1);
    expect(desk.model.requests[0]?.transcript.map((item) => "text" in item && item.text)).toEqual([
      "hello",
      "I have a question",
      "about shipping",
    ]);
  });

  it("several things while nobody listened, which are taken together or not at all, and answered in one reply", async () => {
    let torn = true;
    desk = await openDesk({
      between: (ledger) => ({
        ...ledger,
        write: (work, how) =>
          ledger.write(async (tx) => {
            const result = await work(tx);
            if (torn && (await waitingIn(tx, threadOf("ann"), 10)).length > 0)
              throw new DeskError("ledger_busy", "not now");
            return result;
          }, how),
      }),
    });
    const texts = ["hello", "I have a question", "about shipping"];
    await expect(desk.room.hasSaid("ann", texts)).rejects.toMatchObject({ code: "ledger_busy" });
    await desk.quiet();
    expect(await desk.ledger.read((tx) => waitingIn(tx, threadOf("ann"), 10))).toEqual([]);
    torn = false;
    await desk.room.hasSaid("ann", texts);
    await desk.quiet();
    expect(desk.room.seen("ann")).toHaveLength(1);
    expect(desk.model.requests).toHaveLength(1);
    expect(desk.model.requests[0]?.transcript.map((item) => "text" in item && item.text)).toEqual(texts);
  });

  it("something newer while the model thinks, and the older draft is never seen", async () => {
    const thinking = hanging();
    desk = await openDesk({ model: createScriptedModel(thinking.line, "Sure.") });
    await desk.room.says("ann", "Where is my order?");
    await thinking.asked;
    await desk.room.says("ann", "Never mind, how are you?");
    await desk.quiet();
    expect(desk.room.seen("ann")).toEqual(["Sure."]);
    expect(desk.model.requests[1]?.transcript).toHaveLength(2);
  });

  it("and an edit before the answer changes the question", async () => {
    desk = await openDesk({ settleMs: aMomentMs });
    const id = await desk.room.says("ann", "Where is ord_1?");
    await desk.room.receives({
      kind: "edit",
      keys: [`${id}/edit`],
      message: {
        id,
        thread: ann,
        channel: ann,
        author: { id: "room:t:ann", tenant: "t", name: "ann" },
        text: "Where is ord_2?",
        sentAt: 1,
        order: "1",
        visibility: "private",
        addressed: true,
        files: [],
      },
    });
    await desk.quiet();
    expect(desk.model.requests).toHaveLength(1);
    expect(desk.model.requests[0]?.transcript).toEqual([{ role: "customer", text: "Where is ord_2?" }]);
  });

  it.each([
    ["the bot answers", false],
    ["the bot relays to a person", true],
  ])("and an edit that only another process has heard of is what %s", async (_, taken) => {
    let edit: (() => Promise<unknown>) | undefined;
    desk = await openDesk({
      between: (ledger) => ({
        ...ledger,
        async read(work) {
          const result = await ledger.read(work);
          const waits = Array.isArray(result) && JSON.stringify(result).includes("Where is ord_1?");
          if (waits) await edit?.();
          if (waits) edit = undefined;
          return result;
        },
      }),
    });
    if (taken) {
      await desk.room.says("ann", "I want to talk to a person");
      await desk.quiet();
    }
    const message = {
      id: "room:m:x",
      thread: ann,
      channel: ann,
      author: { id: "room:t:ann", tenant: "t", name: "ann" },
      text: "Where is ord_2?",
      sentAt: 1,
      order: "1",
      visibility: "private" as const,
      addressed: true,
      files: [],
    };
    const elsewhere = createInbox({
      ledger: desk.ledger,
      deskChannel: () => desk.room.deskChannel,
      messageCharactersMax: 8_000,
      turnPerMessage: () => false,
      clock: desk.clock,
    });
    edit = () => elsewhere.take({ kind: "edit", keys: ["edit"], message });
    await desk.room.says("ann", "Where is ord_1?", { id: message.id });
    await desk.quiet();
    const said = taken
      ? atTheDesk()
      : desk.model.requests.at(-1)?.transcript.map((item) => "text" in item && item.text);
    expect(said?.join()).toContain("ord_2");
    expect(
      desk.room.shown
        .filter(({ removed }) => !removed)
        .map(({ post }) => post.text)
        .join(),
    ).not.toContain("ord_1");
    expect(desk.room.seen("ann")).toHaveLength(1);
  });

  it("more than is taken of a message, and what the model reads ends with a whole character", async () => {
    desk = await openDesk({
      configure: (config) => ({ ...config, limits: { ...config.limits, messageCharactersMax: 5 } }),
    });
    await desk.room.says("ann", "abcd😀😀");
    await desk.quiet();
    const [asked] = desk.model.requests[0]?.transcript ?? [];
    expect(asked).toEqual({ role: "customer", text: "abcd\n[cut: 4 characters more]" });
  });

  it("as much as is taken of a message, and all of it is read", async () => {
    desk = await openDesk({
      configure: (config) => ({ ...config, limits: { ...config.limits, messageCharactersMax: 200_000 } }),
    });
    const text = `${"all of it ".repeat(12_000)}is read`;
    await desk.room.says("ann", text);
    await desk.quiet();
    expect(desk.model.requests[0]?.transcript).toEqual([{ role: "customer", text }]);
  });

  it("two customers at once, and neither waits for the other nor sees the other's words", async () => {
    let release = () => {};
    const held = new Promise<void>((resolve) => (release = resolve));
    desk = await openDesk({
      model: createScriptedModel(async (request) => {
        const text = request.transcript.map((item) => ("text" in item ? item.text : "")).join();
        if (text.includes("slow")) await held;
        return `You said ${text}.`;
      }),
    });
    await desk.room.says("ann", "slow");
    await desk.room.says("bob", "quick");
    await expect.poll(() => desk.room.seen("bob")).toEqual(["You said quick."]);
    expect(desk.room.seen("ann")).toEqual([]);
    release();
    await desk.quiet();
    expect(desk.room.seen("ann")).toEqual(["You said slow."]);
  });
});

describe("the model", () => {
  const lookup = defineTool({
    name: "lookup_order",
    description: "An order's status.",
    effect: "read",
    account: false,
    input: z.object({ order_id: z.string().regex(/^ORD-\d+$/) }),
    run: ({ order_id }) => ({ order_id, status: "shipped" }),
  });

  it("calls a tool and answers from its result", async () => {
    desk = await openDesk({
      tools: [lookup],
      model: createScriptedModel(
        { calls: [{ name: "lookup_order", arguments: { order_id: "ORD-1" } }] },
        "ORD-1 has shipped.",
      ),
    });
    await desk.room.says("ann", "Where is ORD-1?");
    await desk.quiet();
    expect(desk.room.seen("ann")).toEqual(["ORD-1 has shipped."]);
    const deeds = await desk.ledger.read((tx) => auditOf(tx, ann));
    expect(deeds.map((deed) => `${deed.action} ${deed.subject}`)).toEqual([
      "tool.called lookup_order",
      "turn.ended answer",
    ]);
  });

  it("hears what is wrong with its arguments before the tool does, and tries again", async () => {
    desk = await openDesk({
      tools: [lookup],
      model: createScriptedModel(
        { calls: [{ name: "lookup_order", arguments: "{not json" }] },
        { calls: [{ name: "lookup_order", arguments: { order_id: "ORD-1'; DROP TABLE orders;--" } }] },
        { calls: [{ name: "no_such_tool", arguments: {} }] },
        "Which order do you mean?",
      ),
    });
    await desk.room.says("ann", "Where is it?");
    await desk.quiet();
    const results = desk.model.requests[3]?.transcript.filter((item) => item.role === "result");
    expect(
      results?.map((item) => item.role === "result" && (item.result as { error: string }).error),
    ).toEqual(["tool_arguments", "tool_arguments", "tool_unknown"]);
    expect(results?.[2]).toMatchObject({ result: { tools: expect.arrayContaining(["lookup_order"]) } });
    expect(desk.room.seen("ann")).toEqual(["Which order do you mean?"]);
  });

  it("that makes the same failing call twice is stopped, and a person is asked", async () => {
    desk = await openDesk({
      tools: [lookup],
      model: createScriptedModel({ calls: [{ name: "lookup_order", arguments: { order_id: "nonsense" } }] }),
    });
    await desk.room.says("ann", "Where is it?");
    await desk.quiet();
    expect(desk.model.requests).toHaveLength(2);
    expect(desk.room.seen("ann").join()).toContain("ticket is #1");
  });

  it("that never comes to an end is stopped after five steps", async () => {
    let n = 0;
    desk = await openDesk({
      tools: [lookup],
      model: createScriptedModel(() => ({
        calls: [{ name: "lookup_order", arguments: { order_id: `ORD-${++n}` } }],
      })),
    });
    await desk.room.says("ann", "Where is it?");
    await desk.quiet();
    expect(desk.model.requests).toHaveLength(5);
    expect(desk.room.seen("ann").join()).toContain("could not get this done");
    expect(desk.room.seen("ann").join()).toContain("ticket is #1");
  });

  it("that fails three times becomes an escalation that tells the truth", async () => {
    desk = await openDesk({ model: createScriptedModel(new DeskError("model_failed", "500")) });
    await desk.room.says("ann", "Hello?");
    await desk.quiet();
    expect(desk.model.requests).toHaveLength(3);
    expect(desk.room.seen("ann").join()).toMatch(/not working.*ticket is #1/s);
  });

  it("that nobody answers for is replaced by the offline model", async () => {
    desk = await openDesk({ model: createScriptedModel(new DeskError("model_unreachable", "refused")) });
    await desk.room.says("ann", "Hello?");
    await desk.quiet();
    expect(desk.room.seen("ann")).toEqual(["I answer without a language model."]);
  });

  it("that invents a fact is sent back once, and then a person is asked", async () => {
    desk = await openDesk({ passages: [shipping], model: createScriptedModel("It takes 2 days [1].") });
    await desk.room.says("ann", "How long does shipping take?");
    await desk.quiet();
    expect(desk.model.requests).toHaveLength(2);
    expect(desk.room.seen("ann").join()).not.toContain("2 days");
    expect(desk.room.seen("ann").join()).toContain("ticket is #1");
  });

  it("cannot cite what it was not shown", async () => {
    desk = await openDesk({
      passages: [shipping],
      model: createScriptedModel("Hello [7], it takes 5 to 7 business days [1]."),
    });
    await desk.room.says("ann", "How long does shipping take?");
    await desk.quiet();
    expect(desk.room.seen("ann")).toEqual(["Hello, it takes 5 to 7 business days [1]."]);
  });

  it("has no account tools for somebody who is not verified", async () => {
    let ran = 0;
    const account = defineTool({
      name: "lookup_orders",
      description: "The customer's orders.",
      effect: "read",
      input: z.object({}),
      run: (_input, context) => {
        ran += 1;
        return { customer: context.customer.id };
      },
    });
    desk = await openDesk({
      tools: [account],
      model: createScriptedModel(
        { calls: [{ name: "lookup_orders", arguments: {} }] },
        "Please verify who you are.",
      ),
    });
    await desk.room.says("ann", "I am cust_001. My orders?");
    await desk.quiet();
    expect(ran).toBe(0);
    desk.model.script = [{ calls: [{ name: "lookup_orders", arguments: {} }] }, "Here they are."];
    await desk.room.says("bob", "My orders?", { customer: "cust_002" });
    await desk.quiet();
    expect(ran).toBe(1);
  });
});

describe("a person is needed", () => {
  const angry = () =>
    createScriptedModel({
      calls: [
        {
          name: "escalate_to_human",
          arguments: { reason: "charged twice", priority: "high", queue: "billing" },
        },
      ],
    });

  it("a card appears at the desk, and the customer is told so", async () => {
    desk = await openDesk({ model: angry() });
    await desk.room.says("ann", "You charged me twice. This is unacceptable.");
    await desk.quiet();
    const card = desk.room.shown.find((message) => message.post.card)?.post.card;
    expect(card?.title).toBe("Ticket #1: You charged me twice.");
    expect(card?.facts).toEqual(
      expect.arrayContaining([
        { label: "Priority", value: "high" },
        { label: "Queue", value: "billing" },
      ]),
    );
    expect(desk.room.seen("ann").join()).toContain("ticket is #1");
  });

  it("and asked for in so many words comes without any model", async () => {
    desk = await openDesk();
    await desk.room.says("ann", "I want to talk to a human please");
    await desk.quiet();
    expect(desk.model.requests).toHaveLength(0);
    expect(desk.room.seen("ann").join()).toContain("ticket is #1");
  });

  it("from takeover to hand-back the bot is silent and both sides read each other", async () => {
    desk = await openDesk({ model: angry() });
    await desk.room.says("ann", "Charged twice!");
    await desk.quiet();
    await desk.room.presses("ticket.take", 1);
    await desk.quiet();
    expect(atTheDesk()).toContain("Taken by staff-maya. The bot is silent until hand-back.");
    const said = desk.model.requests.length;
    await desk.room.says("ann", "Hello?");
    await desk.room.staffSays(`${desk.room.deskChannel}/${ticketThread()}`, "Hi, this is Maya.");
    await desk.room.staffSays(`${desk.room.deskChannel}/${ticketThread()}`, "// she sounds upset");
    await desk.room.staffSays(`${desk.room.deskChannel}/${ticketThread()}`, "let me help", "staff-tom");
    await desk.quiet();
    expect(desk.model.requests).toHaveLength(said);
    expect(desk.room.seen("ann").at(-1)).toBe("Hi, this is Maya.");
    expect(desk.room.seen("ann").join()).not.toContain("upset");
    expect(atTheDesk()).toContain("Hello?");
    expect(desk.room.whispered).toEqual([expect.stringMatching(/^sent on/)]);

    await desk.room.presses("ticket.hand_back", 1);
    await desk.quiet();
    desk.model.script = ["Welcome back."];
    await desk.room.says("ann", "Thanks");
    await desk.quiet();
    expect(desk.room.seen("ann").at(-1)).toBe("Welcome back.");
    const shown = desk.model.requests
      .at(-1)
      ?.transcript.map((item) => ("text" in item ? `${item.role}: ${item.text}` : item.role));
    expect(shown).toEqual(expect.arrayContaining(["customer: Hello?", "staff: Hi, this is Maya."]));
    expect(shown?.join()).not.toContain("upset");
  });

  it("takes over while the model is thinking: what it thought is never posted", async () => {
    let started = () => {};
    let answer = (_text: string) => {};
    const thinking = new Promise<void>((resolve) => (started = resolve));
    desk = await openDesk({ model: angry() });
    await desk.room.says("ann", "Charged twice!");
    await desk.quiet();
    await desk.room.presses("ticket.hand_back", 1);
    await desk.quiet();
    // A model that ignores the signal: the fence alone must hold.
    desk.model.script = [
      () =>
        new Promise((resolve) => {
          answer = resolve;
          started();
        }),
    ];
    await desk.room.says("ann", "And now?");
    await thinking;
    await desk.room.presses("ticket.take", 1);
    await expect.poll(() => atTheDesk().join()).toContain("Taken by staff-maya");
    answer("I am the bot and I talk over people.");
    await desk.quiet();
    expect(desk.room.seen("ann").join()).not.toContain("talk over");
    expect(atTheDesk()).toContain("And now?");
  });

  it("takes over while a reply is held up: it is never posted, and staff see what was asked", async () => {
    desk = await openDesk({ model: angry() });
    await desk.room.says("ann", "Charged twice!");
    await desk.quiet();
    await desk.room.presses("ticket.hand_back", 1);
    await desk.quiet();
    desk.model.script = ["It opens at nine."];
    desk.room.fault("ann", ...Array.from({ length: 100 }, () => "rate_limited" as const));
    await desk.room.says("ann", "When do you open?");
    const heldUp = () =>
      desk.ledger.read((tx) => tx.all("SELECT id FROM outbox WHERE state = 'waiting' AND attempts > 0"));
    await expect.poll(async () => (await heldUp()).length).toBe(1);
    await desk.room.presses("ticket.take", 1);
    await expect.poll(() => atTheDesk().join()).toContain("Taken by staff-maya");
    desk.room.fault("ann");
    await desk.quiet();
    expect(desk.room.seen("ann").join()).not.toContain("nine");
    expect(atTheDesk().filter((text) => text === "When do you open?")).toHaveLength(1);
  });

  it("is asked for while a reply is held up: the reply is still read, and before the notice", async () => {
    desk = await openDesk({ model: createScriptedModel("It opens at nine.") });
    desk.room.fault("ann", ...Array.from({ length: 100 }, () => "rate_limited" as const));
    await desk.room.says("ann", "When do you open?");
    const heldUp = () =>
      desk.ledger.read((tx) => tx.all("SELECT id FROM outbox WHERE state = 'waiting' AND attempts > 0"));
    await expect.poll(async () => (await heldUp()).length).toBe(1);
    await desk.room.says("ann", "I want to speak to a human");
    await expect.poll(() => desk.room.shown.some((one) => one.place === desk.room.deskChannel)).toBe(true);
    desk.room.fault("ann");
    await desk.quiet();
    expect(desk.room.seen("ann")).toEqual([
      expect.stringContaining("nine"),
      expect.stringContaining("your ticket is #1"),
    ]);
  });

  it("takeover is confirmed only when nothing of the bot is in the air any more", async () => {
    desk = await openDesk({ model: angry() });
    await desk.room.says("ann", "Charged twice!");
    await desk.quiet();
    await desk.room.presses("ticket.hand_back", 1);
    await desk.quiet();
    desk.model.script = ["On its way."];
    const release = desk.room.hold("ann");
    await desk.room.says("ann", "And now?");
    await expect.poll(() => desk.model.requests.length).toBe(2);
    await new Promise((resolve) => setTimeout(resolve, 30));
    await desk.room.presses("ticket.take", 1);
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(atTheDesk().join()).not.toContain("Taken by");
    release();
    await desk.quiet();
    const last = desk.room.shown.filter((message) => message.place === ann).at(-1);
    const confirmed = desk.room.shown.find((message) => message.post.text.startsWith("Taken by"));
    expect(confirmed?.at).toBeGreaterThan(last?.at ?? 0);
  });

  it("only staff press the desk's buttons, and a refusal is private and on record", async () => {
    desk = await openDesk({ model: angry() });
    await desk.room.says("ann", "Charged twice!");
    await desk.quiet();
    await desk.room.presses("ticket.take", 1, "ann");
    await desk.quiet();
    expect(desk.room.whispered).toEqual(["Only the desk's staff can do this."]);
    expect(desk.room.shown.find((message) => message.post.card)?.post.card?.footer).toBe(
      "Waiting for a person",
    );
  });

  it("a resolved thread is reopened by the customer's next word", async () => {
    desk = await openDesk({ model: angry() });
    await desk.room.says("ann", "Charged twice!");
    await desk.quiet();
    await desk.room.presses("ticket.resolve", 1);
    await desk.quiet();
    expect(desk.room.seen("ann").at(-1)).toContain("#1 is resolved");
    desk.model.script = ["Good to see you again."];
    await desk.room.says("ann", "Hi again");
    await desk.quiet();
    expect(desk.room.seen("ann").at(-1)).toBe("Good to see you again.");
  });

  it("what cannot be delivered is marked, with the reason", async () => {
    desk = await openDesk({ model: angry() });
    await desk.room.says("ann", "Charged twice!");
    await desk.quiet();
    await desk.room.presses("ticket.take", 1);
    await desk.quiet();
    desk.room.fault("ann", "unreachable");
    await desk.room.staffSays(`${desk.room.deskChannel}/${ticketThread()}`, "Hello Ann");
    await desk.quiet();
    expect(desk.room.whispered).toEqual([expect.stringMatching(/^failed on/)]);
    expect(atTheDesk().at(-1)).toBe("This did not reach the customer: the customer has left");
  });
});

describe("the platform", () => {
  it("takes a reply although it was down at first, and shows it once", async () => {
    desk = await openDesk();
    desk.room.fault("ann", "unavailable", "rate_limited", "lost_answer");
    await desk.room.says("ann", "hello");
    await desk.quiet();
    expect(desk.room.seen("ann")).toEqual(["Hello, how can I help?"]);
  });

  it("that shows drafts shows the final text in the same message", async () => {
    desk = await openDesk({
      room: createRoom({ drafts: true }),
      passages: [shipping],
      model: createScriptedModel("It takes 5 to 7 business days [1]."),
    });
    await desk.room.says("ann", "How long?");
    await desk.quiet();
    expect(desk.room.shown).toHaveLength(1);
    expect(desk.room.shown[0]?.post.sources).toEqual([{ title: "Shipping" }]);
  });
});

describe("a reply that is held up", () => {
  it("is read before the next one, even where that could be seen growing", async () => {
    // Not shown while it is written.
    const first = { text: "First answer.", calls: [] };
    desk = await openDesk({ room: createRoom({ drafts: true }), model: createScriptedModel(first) });
    const release = desk.room.hold("ann");
    const turns = () => desk.ledger.read((tx) => tx.all("SELECT turn FROM journal"));
    await desk.room.says("ann", "one");
    await expect.poll(async () => (await turns()).length).toBe(1);
    desk.model.script = ["Second answer."];
    await desk.room.says("ann", "two");
    await expect.poll(async () => (await turns()).length).toBe(2);
    release();
    await desk.quiet();
    expect(desk.room.seen("ann")).toEqual(["First answer.", "Second answer."]);
  });
});

describe("a process that dies while it posts", () => {
  it("and a person comes: what it would have answered is shown to them", async () => {
    desk = await openDesk({ model: createScriptedModel("Hello.", "It is on its way.") });
    await desk.room.says("ann", "I want to speak to a human");
    await desk.quiet();
    await desk.room.presses("ticket.hand_back", 1);
    await desk.quiet();
    const release = desk.room.hold("ann");
    await desk.room.says("ann", "Where is my lamp?");
    const turns = () => desk.ledger.read((tx) => tx.all("SELECT turn FROM journal WHERE outcome = 'answer'"));
    await expect.poll(async () => (await turns()).length).toBe(1);
    await desk.ledger.write((tx) => tx.run("UPDATE outbox SET state = 'sending' WHERE state = 'waiting'"));
    await desk.room.presses("ticket.take", 1);
    const control = () =>
      desk.ledger.read((tx) => tx.get<{ control: string }>("SELECT control FROM threads"));
    await expect.poll(async () => (await control())?.control).toBe("taken_over");
    desk.room.fault("ann", "unavailable");
    release();
    await desk.quiet();
    const shown = desk.room.shown.filter((one) => one.place !== "room:t:ann").map((one) => one.post.text);
    expect(shown.filter((text) => text.includes("Where is my lamp?"))).toHaveLength(1);
    expect(desk.room.seen("ann").join()).not.toContain("on its way");
  });
});

describe("a disk that is full for a moment", () => {
  /** A ledger that refuses to be written while `full` says so. */
  const filling = (full: () => boolean) => (ledger: Ledger) => ({
    ...ledger,
    write<T>(work: (tx: Transaction) => T | Promise<T>): Promise<T> {
      return full() ? Promise.reject(new DeskError("ledger_full", "the disk is full")) : ledger.write(work);
    },
  });

  it("does not end the process in the middle of a draft; the reply is posted as a whole", async () => {
    let full = false;
    const model = createScriptedModel(async (_request, _signal, show) => {
      full = true;
      show?.("It is ");
      await new Promise((resolve) => setTimeout(resolve, 50));
      full = false;
      return { text: "It is nine.", calls: [] };
    });
    desk = await openDesk({ room: createRoom({ drafts: true }), model, between: filling(() => full) });
    await desk.room.says("ann", "hello");
    await desk.quiet();
    expect(desk.room.seen("ann")).toEqual(["It is nine."]);
  });

  it("takes back what was shown of a turn that broke, once there is room again", async () => {
    let full = false;
    const model = createScriptedModel(
      async (_request, _signal, show) => {
        show?.("It is ");
        await new Promise((resolve) => setTimeout(resolve, 50));
        full = true;
        setTimeout(() => {
          full = false;
        }, 300);
        throw new TypeError("a fault of the program");
      },
      { text: "It is nine.", calls: [] },
    );
    desk = await openDesk({ room: createRoom({ drafts: true }), model, between: filling(() => full) });
    await desk.room.says("ann", "hello");
    await desk.quiet();
    const drafting = () => desk.ledger.read((tx) => tx.all("SELECT id FROM outbox WHERE state = 'drafting'"));
    await expect.poll(async () => (await drafting()).length).toBe(0);
    expect(desk.room.seen("ann")).toEqual(["It is nine."]);
  });

  it("keeps in mind what was posted until that can be noted", async () => {
    let full = false;
    const room = createRoom();
    const post = room.post;
    room.post = async (...what) => {
      full = true;
      setTimeout(() => {
        full = false;
      }, 200);
      return post(...what);
    };
    desk = await openDesk({ room, between: filling(() => full) });
    await desk.room.says("ann", "hello");
    await desk.quiet();
    const unsent = () => desk.ledger.read((tx) => tx.all("SELECT id FROM outbox WHERE state <> 'sent'"));
    await expect.poll(async () => (await unsent()).length).toBe(0);
    expect(desk.room.seen("ann")).toEqual(["Hello, how can I help?"]);
  });

  it("does not give up what is to be posted", async () => {
    let full = false;
    let ended = false;
    const model = createScriptedModel("Hello, how can I help?");
    const between = (ledger: Ledger) => ({
      ...filling(() => full)(ledger),
      async write<T>(work: (tx: Transaction) => T | Promise<T>): Promise<T> {
        const wasFull = full;
        full = false;
        if (wasFull) throw new DeskError("ledger_full", "the disk is full");
        const result = await ledger.write(work);
        const turns = await ledger.read((tx) => tx.all("SELECT turn FROM journal"));
        // The write after the turn's own: the sender's.
        if (turns.length > 0 && !ended) full = true;
        ended ||= turns.length > 0;
        return result;
      },
    });
    desk = await openDesk({ room: createRoom({ blind: true }), model, between });
    await desk.room.says("ann", "hello");
    await desk.quiet();
    expect(ended).toBe(true);
    expect(desk.room.seen("ann")).toEqual(["Hello, how can I help?"]);
  });
});

describe("the process dies", () => {
  it("again and again over two questions: a person gets both", async () => {
    desk = await openDesk({ model: createScriptedModel(() => new Promise(() => {})), settleMs: 60_000 });
    await desk.room.says("ann", "one");
    await desk.room.says("ann", "two");
    await desk.ledger.write((tx) => tx.run("UPDATE inbox SET strikes = 21"));
    desk = await desk.reopen();
    await desk.quiet();
    expect(desk.room.seen("ann")).toEqual([expect.stringContaining("ticket is #1")]);
    const inTheOffice = desk.room.shown.filter((one) => one.place.startsWith(desk.room.deskChannel ?? "-"));
    expect(inTheOffice.map((one) => one.post.text)).toEqual([expect.stringContaining("one"), "two"]);
  });

  it("again and again over one message: what came before it is answered, and nobody else pays for it", async () => {
    const deadly = (request: unknown) =>
      JSON.stringify(request).includes("poison") ? new Promise<never>(() => {}) : "Hello, how can I help?";
    desk = await openDesk({ model: createScriptedModel(deadly), settleMs: 50 });
    const { room } = desk;
    const poison = `poison ${"and more ".repeat(50)}to the end`;
    for (const text of ["one", poison, "three"]) await room.says("ann", text);
    const waits = () =>
      desk.ledger.read((tx) =>
        tx.all<{ strikes: number }>("SELECT strikes FROM inbox WHERE state = 'waiting'"),
      );
    let deaths = 0;
    for (let asked = 0; (await waits()).length > 0 && deaths < 40; deaths++) {
      const stuck = async () => desk.model.requests.length > asked || (await waits()).length === 0;
      await expect.poll(stuck).toBe(true);
      asked = desk.model.requests.length;
      desk = await desk.reopen();
      if (deaths === 3) await room.says("bob", "hi");
    }
    await desk.quiet();
    expect(deaths).toBeGreaterThan(21);
    expect(room.seen("bob")).toEqual(["Hello, how can I help?"]);
    expect(room.seen("ann")).toEqual(["Hello, how can I help?", expect.stringContaining("ticket is #1")]);
    const inTheOffice = room.shown.filter((one) => one.place.startsWith(room.deskChannel ?? "-"));
    expect(inTheOffice.map((one) => one.post.text)).toEqual([
      expect.stringContaining("poison"),
      poison,
      "three",
    ]);
  });

  it("with a card not posted: what comes while the next process connects is shown behind it", async () => {
    desk = await openDesk();
    desk.room.fault(desk.room.deskChannel ?? "", ...Array.from({ length: 20 }, () => "unavailable" as const));
    await desk.room.says("ann", "I want to speak to a human");
    const rows = (like: string) =>
      desk.ledger.read((tx) => tx.all("SELECT id FROM outbox WHERE send LIKE ?", like));
    await expect.poll(() => rows('%"does":"card"%').then((all) => all.length)).toBe(1);
    const room = createRoom();
    const { connect } = room;
    room.connect = async (receiver) => {
      await connect(receiver);
      await room.says("ann", "my order is ord_9", { id: "room:m:while-connecting" });
      await expect.poll(() => rows("%ord_9%").then((all) => all.length)).toBe(1);
      await new Promise((resolve) => setTimeout(resolve, 300));
    };
    const next = await desk.reopen(room);
    await next.quiet();
    const card = room.shown.find((message) => message.post.card);
    expect(room.seen(`${room.deskChannel}/${card?.id}`)).toContain("my order is ord_9");
    await next.core.stop();
  });

  it("with a message taken and not answered: the next process answers it once", async () => {
    let hang = true;
    desk = await openDesk({
      model: createScriptedModel(() => (hang ? new Promise(() => {}) : "Here I am again.")),
    });
    await desk.room.says("ann", "hello");
    await expect.poll(() => desk.model.requests.length).toBe(1);
    hang = false;
    const next = await desk.reopen(createRoom());
    await next.quiet();
    expect(next.room.seen("ann")).toEqual(["Here I am again."]);
    await next.core.stop();
  });

  it("after the platform took the reply and before that was noted: it is not posted again", async () => {
    desk = await openDesk();
    await desk.room.says("ann", "hello");
    await desk.quiet();
    await desk.ledger.write((tx) => tx.run("UPDATE outbox SET state = 'waiting', posted = NULL"));
    const next = await desk.reopen();
    await next.quiet();
    expect(next.room.seen("ann")).toEqual(["Hello, how can I help?"]);
    await next.core.stop();
  });

  it("in the middle of a draft: what was shown is taken back and one reply stands", async () => {
    let hang = true;
    const room = createRoom({ drafts: true });
    desk = await openDesk({
      room,
      model: createScriptedModel((_request, _signal, show) => {
        if (!hang) return "All of it.";
        show?.("Half of it. And");
        return new Promise(() => {});
      }),
    });
    await room.says("ann", "hello");
    await expect.poll(() => room.seen("ann")).toEqual(["Half of it. "]);
    hang = false;
    const next = await desk.reopen();
    await next.quiet();
    expect(room.seen("ann")).toEqual(["All of it."]);
    await next.core.stop();
  });
});

describe("a message that breaks the program", () => {
  it("is given to a person in the end, and delays nobody else", async () => {
    desk = await openDesk({
      model: createScriptedModel((request) => {
        if (request.transcript.some((item) => "text" in item && item.text === "poison"))
          throw new TypeError("bug");
        return "Fine.";
      }),
    });
    await desk.room.says("ann", "poison");
    await desk.room.says("bob", "hello");
    await expect.poll(() => desk.room.seen("bob")).toEqual(["Fine."]);
    await expect.poll(() => desk.room.seen("ann").join()).toContain("ticket is #1");
    await desk.quiet();
    expect(desk.room.seen("ann")).toHaveLength(1);
  });
});
