import { afterEach, describe, expect, it } from "vitest";
import { createClock } from "../../src/clock.ts";
import { createEnrichment, type Enrichment } from "../../src/desk/enrich.ts";
import type { Route } from "../../src/desk/routing.ts";
import type { OutboxRow, Send } from "../../src/ledger/outbox.ts";
import { findTicket, type Ticket } from "../../src/ledger/tickets.ts";
import type { Row } from "../../src/ledger.ts";
import { createLog } from "../../src/log.ts";
import { createCustomerFiles } from "../../src/records/customer-files.ts";
import { eraseCustomer } from "../../src/records/erase-customer.ts";
import { type DeskInARoom, openDesk } from "../doubles/desk-in-a-room.ts";
import { createScriptedModel } from "../doubles/scripted-model.ts";

const queues = ["general", "billing", "technical"];
const told: Route = {
  queue: "billing",
  category: "double charge",
  priority: "high",
  language: "de",
  sentiment: "angry",
  ask: "Refund of the second charge",
  summary: "Charged twice, wants one charge back.",
  by: "model",
};

interface Scene {
  desk: DeskInARoom;
  enrichment: Enrichment;
  /** Every conversation that was asked about. */
  asked: string[];
  pushed: OutboxRow[];
  /** Tells of the card of a ticket. */
  notice(number?: number): void;
  /** The same, and waits. */
  enrich(number?: number): Promise<void>;
  ticket(number?: number): Promise<Ticket>;
}

let scene: Scene | undefined;
afterEach(async () => {
  await scene?.enrichment.close();
  await scene?.desk.close();
  scene = undefined;
});

/** A ticket that a customer's words have opened, by rules. */
async function open(
  answer: (conversation: string, signal?: AbortSignal) => Promise<Route> = async () => told,
  escalation: object = { reason: "cannot help", priority: "normal" },
): Promise<Scene> {
  const desk = await openDesk({
    model: createScriptedModel("Hello!", { calls: [{ name: "escalate_to_human", arguments: escalation }] }),
    configure: (config) => ({ ...config, queues }),
  });
  const asked: string[] = [];
  const pushed: OutboxRow[] = [];
  const enrichment = createEnrichment({
    ledger: desk.ledger,
    routing: {
      route(conversation, _known, signal) {
        asked.push(conversation);
        return answer(conversation, signal);
      },
    },
    channel: () => desk.room.deskChannel,
    queues,
    push: (rows) => pushed.push(...rows),
    clock: createClock(),
    log: createLog("silent"),
  });
  const notice = (number = 1) =>
    enrichment.notice([{ send: { does: "card", ticket: number } as Send } as OutboxRow]);
  scene = {
    desk,
    enrichment,
    asked,
    pushed,
    notice,
    async enrich(number) {
      notice(number);
      await enrichment.idle();
    },
    ticket: async (number = 1) => (await desk.ledger.read((tx) => findTicket(tx, number))) as Ticket,
  };
  await desk.room.says("ann", "hi");
  await desk.quiet();
  await desk.room.says("ann", "Something is odd with the thing I bought");
  await desk.quiet();
  return scene;
}

const rows = (sql: string): Promise<Row[]> => (scene as Scene).desk.ledger.read((tx) => tx.all(sql));

describe("a ticket that rules have opened", () => {
  it("is told better by the model, and its card shows it", async () => {
    const { desk, enrich, ticket, asked, pushed } = await open();
    expect((await ticket()).queue).toBe("general");
    await enrich();
    expect(asked).toEqual([
      [
        "Customer: hi",
        "Bot: Hello!",
        "Customer: Something is odd with the thing I bought",
        "Bot: I have asked a colleague to help you: your ticket is #1. A person will answer you right here.",
      ].join("\n"),
    ]);
    expect(await ticket()).toMatchObject({
      ask: told.ask,
      queue: "billing",
      language: "de",
      priority: "normal",
      state: "open",
      brief: { category: "double charge", sentiment: "angry", summary: told.summary },
    });
    expect(pushed.map((row) => row.lane)).toEqual(["ticket:1"]);
    const [send] = pushed.map((row) => row.send);
    expect(send?.does === "card" && send.post.card).toMatchObject({
      title: "Ticket #1: Refund of the second charge",
      facts: expect.arrayContaining([
        { label: "Queue", value: "billing" },
        { label: "About", value: "double charge" },
        { label: "Sentiment", value: "angry" },
      ]),
      sections: expect.arrayContaining([{ label: "Summary", text: told.summary }]),
    });
    expect(desk.room.shown.filter((message) => message.post.card)).toHaveLength(1);
    expect(await rows("SELECT actor, detail FROM audit WHERE action = 'ticket.enriched'")).toEqual([
      { actor: "bot", detail: JSON.stringify({ queue: "billing", sentiment: "angry" }) },
    ]);
  });

  it("is read once, whatever its card goes through", async () => {
    const { enrich, asked, desk } = await open();
    await enrich();
    await desk.room.presses("ticket.take", 1);
    await desk.quiet();
    await enrich();
    expect(asked).toHaveLength(1);
  });

  it("stays as it is where rules say it", async () => {
    const { enrich, ticket, pushed } = await open(async () => ({ ...told, by: "rules", summary: undefined }));
    const before = await ticket();
    await enrich();
    expect(await ticket()).toEqual(before);
    expect(pushed).toEqual([]);
  });
});

describe("the queue", () => {
  it("that the escalation has named stays", async () => {
    const named = { reason: "x", priority: "low", queue: "technical" };
    const { enrich, ticket } = await open(undefined, named);
    await enrich();
    expect(await ticket()).toMatchObject({ queue: "technical", ask: told.ask });
  });

  it("of a ticket that somebody has taken stays", async () => {
    const { enrich, ticket, desk } = await open();
    await desk.room.presses("ticket.take", 1);
    await desk.quiet();
    await enrich();
    expect(await ticket()).toMatchObject({ queue: "general", state: "taken", ask: told.ask });
  });

  it("that staff have chosen meanwhile stays", async () => {
    let answer = (_route: Route) => {};
    const { notice, enrichment, ticket, desk } = await open(
      () =>
        new Promise((resolve) => {
          answer = resolve;
        }),
    );
    notice();
    await expect.poll(() => scene?.asked.length).toBe(1);
    await desk.ledger.write((tx) => tx.run("UPDATE tickets SET queue = 'technical'"));
    answer(told);
    await enrichment.idle();
    expect(await ticket()).toMatchObject({ queue: "technical", ask: told.ask });
  });
});

describe("a ticket that is another by the time the model has read it", () => {
  const meanwhile = async (change: (desk: DeskInARoom) => Promise<unknown>): Promise<Scene> => {
    let answer: ((route: Route) => void) | undefined;
    const opened = await open(async () =>
      answer
        ? told
        : new Promise<Route>((resolve) => {
            answer = resolve;
          }),
    );
    opened.notice();
    await expect.poll(() => opened.asked.length).toBe(1);
    await change(opened.desk);
    answer?.(told);
    await opened.enrichment.idle();
    return opened;
  };

  it("because it is resolved is left alone", async () => {
    const { ticket, pushed } = await meanwhile(async (desk) => {
      await desk.room.presses("ticket.resolve", 1);
      await desk.quiet();
    });
    expect((await ticket()).ask).not.toBe(told.ask);
    expect(pushed).toEqual([]);
  });

  it("because its customer was erased stays erased", async () => {
    await meanwhile(({ ledger, clock, data }) =>
      eraseCustomer(
        {
          ledger,
          memory: { forget: async () => {}, recall: async () => undefined, scrub: async () => true },
          files: createCustomerFiles(data, clock),
          clock,
          log: createLog("silent"),
        },
        "room:t:ann",
      ),
    );
    expect(await rows("SELECT * FROM tickets")).toEqual([]);
    expect(JSON.stringify(await rows("SELECT * FROM outbox"))).not.toContain(told.summary);
  });

  it("because it was asked for again is read again", async () => {
    const { ticket, enrich, asked } = await meanwhile((desk) =>
      desk.ledger.write(async (tx) => {
        const before = await findTicket(tx, 1);
        const brief = JSON.stringify({ ...before?.brief, lastWords: "And now it is broken" });
        return tx.run("UPDATE tickets SET brief = ?", brief);
      }),
    );
    expect((await ticket()).ask).not.toBe(told.ask);
    await enrich();
    expect(asked).toHaveLength(2);
    expect((await ticket()).ask).toBe(told.ask);
  });
});

describe("what goes wrong", () => {
  it("leaves the ticket as rules have it, and the desk goes on", async () => {
    const { enrich, ticket, enrichment } = await open(async () => {
      throw new Error("broken");
    });
    const before = await ticket();
    await enrich();
    await enrich(404);
    expect(await ticket()).toEqual(before);
    await enrichment.close();
  });

  it("by too much at once is bounded, and a stop waits for nobody", async () => {
    let running = 0;
    let most = 0;
    const { notice, enrichment, desk } = await open(
      (_conversation, signal) =>
        new Promise((_, reject) => {
          running += 1;
          most = Math.max(most, running);
          signal?.addEventListener("abort", () => reject(signal.reason));
        }),
    );
    await desk.ledger.write(async (tx) => {
      for (let number = 2; number <= 9; number++) {
        await tx.run(
          `INSERT INTO tickets (number, thread, state, ask, reason, priority, queue, language, brief, opened_at, changed_at)
           SELECT ?, thread, state, ask, reason, priority, queue, language, brief, opened_at, changed_at
           FROM tickets WHERE number = 1`,
          number,
        );
      }
    });
    for (let number = 1; number <= 9; number++) notice(number);
    await expect.poll(() => running).toBe(2);
    await enrichment.close();
    expect(most).toBe(2);
  });
});
