import { existsSync, mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createClock } from "../../src/clock.ts";
import { audit } from "../../src/ledger/audit.ts";
import { saveIdentity } from "../../src/ledger/identities.ts";
import { admit, markDone, park } from "../../src/ledger/inbox.ts";
import { writeIntent } from "../../src/ledger/intents.ts";
import { migrate } from "../../src/ledger/migrate.ts";
import { migrations } from "../../src/ledger/migrations.ts";
import { enqueue, markSent } from "../../src/ledger/outbox.ts";
import { findThread, moveThread, openThread, type Thread } from "../../src/ledger/threads.ts";
import { changeTicket, findTicket, openTicket } from "../../src/ledger/tickets.ts";
import { writeJournal, writeMessage } from "../../src/ledger/transcript.ts";
import type { Ledger, Row, Transaction } from "../../src/ledger.ts";
import { createLog } from "../../src/log.ts";
import type { Message } from "../../src/message.ts";
import { createCustomerFiles } from "../../src/records/customer-files.ts";
import { createRetention, type Swept } from "../../src/records/retention.ts";
import { openLedger } from "../doubles/ledgers.ts";

const day = 86_400_000;
const hour = 3_600_000;
let now = 0;
const clock = { ...createClock(), now: () => now };
const log = createLog("silent");

let data: string;
let ledger: Ledger;
let cards: number[];
beforeEach(async () => {
  now = 1_790_000_000_000;
  cards = [];
  data = mkdtempSync(join(tmpdir(), "retention-"));
  ledger = await openLedger(data, { clock, log });
  await migrate(ledger, migrations, { clock, log });
});
afterEach(async () => {
  await ledger.close();
  rmSync(data, { recursive: true, force: true });
});

const retention = () =>
  createRetention({
    ledger,
    files: createCustomerFiles(data, clock),
    sessionIdleMs: 7 * day,
    retentionMs: 30 * day,
    async cardOf(_tx, ticket) {
      cards.push(ticket.number);
      return [];
    },
    clock,
    log,
  });
const run = (): Promise<Swept> => retention().run();
const rows = (sql: string): Promise<Row[]> => ledger.read((tx) => tx.all(sql));
const write = <T>(work: (tx: Transaction) => Promise<T>): Promise<T> => ledger.write(work);

const messageIn = (thread: string, id: string): Message => ({
  id,
  thread,
  channel: thread,
  author: { id: `room:t:${thread}`, tenant: "t", name: thread },
  text: "hello",
  sentAt: now,
  order: id,
  visibility: "private",
  addressed: true,
  files: [],
});

/** A conversation of one turn, now: an event that is done, a message, a turn, a reply that has been posted. */
async function converse(thread: string, at = 1): Promise<Thread> {
  const message = messageIn(thread, `${thread}-${at}`);
  const opened = await write(async (tx) => {
    await openThread(tx, message, now);
    const event = { kind: "message" as const, keys: [message.id] as [string], message };
    const admitted = await admit(tx, thread, event, clock);
    await markDone(tx, [admitted?.id ?? ""]);
    const { id, author, text } = message;
    await writeMessage(tx, thread, at * 10, { id, author: "customer", by: author, text, at: now });
    await writeJournal(tx, thread, at * 10 + 1, {
      turn: `t_${id}`,
      specialist: "support",
      outcome: "answer",
      model: "m",
      entries: [],
      tokens: { input: 1, output: 1 },
      startedAt: now,
      endedAt: now,
    });
    const post = { text: "hello, you" };
    const send = { does: "post" as const, to: { thread }, post };
    const reply = await enqueue(tx, clock, { lane: thread, thread, author: "bot", send });
    await markSent(tx, reply.id, { id: `${id}-reply`, thread }, now);
    await audit(tx, clock, {
      actor: author.id,
      action: "turn.ended",
      subject: "answer",
      thread,
      turn: `t_${id}`,
    });
    await tx.run("UPDATE threads SET turns = 1, active_at = ? WHERE id = ?", now, thread);
    return findThread(tx, thread);
  });
  return opened as Thread;
}

const ticketFor = (thread: Thread) =>
  write(async (tx) => {
    const brief = { customer: "x", tried: [], facts: [], lastWords: "help", nextStep: "" };
    const fresh = {
      thread: thread.id,
      ask: "a",
      reason: "r",
      priority: "low",
      queue: "q",
      language: "en",
    } as const;
    const ticket = await openTicket(tx, { ...fresh, brief }, now);
    await moveThread(tx, thread, "escalate", { ticket: ticket.number });
    return ticket.number;
  });

const closeTicket = (number: number) =>
  write(async (tx) => {
    const ticket = await findTicket(tx, number);
    const thread = ticket && (await findThread(tx, ticket.thread));
    if (!ticket || !thread) throw new Error("no ticket");
    await moveThread(tx, thread, "resolve");
    await changeTicket(tx, ticket, { state: "resolved" }, now);
  });

const states = async () =>
  Object.fromEntries((await rows("SELECT id, control FROM threads")).map((row) => [row.id, row.control]));

describe("a conversation that nobody has gone on with", () => {
  it("ends without a word after its time, and not before", async () => {
    await converse("ann");
    now += 7 * day;
    expect((await run()).ended).toBe(0);
    now += 1;
    expect((await run()).ended).toBe(1);
    expect(await rows("SELECT control, turns, specialist FROM threads")).toEqual([
      { control: "resolved", turns: 0, specialist: null },
    ]);
    expect(await rows("SELECT id FROM outbox WHERE state = 'waiting'")).toEqual([]);
    expect(await rows("SELECT actor, subject FROM audit WHERE action = 'thread.ended'")).toEqual([
      { actor: "desk", subject: "idle" },
    ]);
    expect((await run()).ended).toBe(0);
  });

  it("does not end before its replies have gone out, whatever the clock says", async () => {
    const { version } = await converse("ann");
    const send = { does: "post" as const, to: { thread: "ann" }, post: { text: "You are welcome." } };
    const waiting = { lane: "ann", thread: "ann", fence: version, author: "bot" as const, send };
    const { id } = await write((tx) => enqueue(tx, clock, waiting));
    now += 20 * day;
    expect((await run()).ended).toBe(0);
    expect(await states()).toEqual({ ann: "automated" });
    await write((tx) => markSent(tx, id, { id: "late", thread: "ann" }, now));
    expect((await run()).ended).toBe(1);
  });

  it("does not end while it waits for a person, or for an answer", async () => {
    await ticketFor(await converse("waits-for-a-person"));
    await converse("waits-for-an-answer");
    await write((tx) =>
      admit(
        tx,
        "waits-for-an-answer",
        { kind: "message", keys: ["late"], message: messageIn("waits-for-an-answer", "late") },
        clock,
      ),
    );
    now += 20 * day;
    expect((await run()).ended).toBe(0);
    expect(await states()).toEqual({ "waits-for-a-person": "escalated", "waits-for-an-answer": "automated" });
  });

  it("resolves the ticket that staff had handed back, and its card shows it", async () => {
    const number = await ticketFor(await converse("ann"));
    await write(async (tx) => {
      const thread = (await findThread(tx, "ann")) as Thread;
      const ticket = await findTicket(tx, number);
      await moveThread(tx, thread, "hand_back");
      if (ticket) await changeTicket(tx, ticket, { state: "handed_back" }, now);
    });
    now += 8 * day;
    await run();
    expect(await rows("SELECT state FROM tickets")).toEqual([{ state: "resolved" }]);
    expect(cards).toEqual([number]);
  });
});

describe("what is older than the retention", () => {
  it("is deleted with the thread, where nothing has happened since", async () => {
    await converse("old");
    now += 31 * day;
    await converse("new");
    const swept = await run();
    expect(swept).toMatchObject({ threads: 1, messages: 1, events: 1, keys: 1 });
    for (const table of ["threads", "messages", "journal", "outbox", "inbox"]) {
      expect(await rows(`SELECT * FROM ${table}`), table).toHaveLength(1);
    }
    expect(JSON.stringify(await rows("SELECT * FROM audit"))).not.toContain("old");
    expect(await run()).toEqual(Object.fromEntries(Object.keys(swept).map((name) => [name, 0])));
  });

  it("goes from a conversation that goes on; what is newer stays", async () => {
    await converse("ann", 1);
    now += 20 * day;
    await converse("ann", 2);
    now += 15 * day;
    expect(await run()).toMatchObject({ threads: 0, messages: 1, posts: 1 });
    expect(await rows("SELECT id FROM messages")).toEqual([{ id: "ann-2" }]);
    expect(await rows("SELECT turn FROM journal")).toEqual([{ turn: "t_ann-2" }]);
    expect(await rows("SELECT id FROM threads")).toHaveLength(1);
  });

  it("is a resolved ticket, whose number is never given again; what waits for a person stays", async () => {
    const waiting = await ticketFor(await converse("waits"));
    const over = await ticketFor(await converse("over"));
    await closeTicket(over);
    now += 31 * day;
    expect((await run()).threads).toBe(1);
    expect(await rows("SELECT number FROM tickets")).toEqual([{ number: waiting }]);
    expect(await ticketFor(await converse("next"))).toBe(over + 1);
  });

  it("is a resolved ticket of a conversation that goes on as well", async () => {
    const over = await ticketFor(await converse("ann"));
    await closeTicket(over);
    now += 29 * day;
    await converse("ann", 2);
    now += 2 * day;
    expect(await run()).toMatchObject({ threads: 0, tickets: 1 });
  });

  it("leaves the record of a write without a name", async () => {
    const { id: thread } = await converse("ann");
    const preview = { ok: true as const, subject: "ord_1", amount: { minor: 5, currency: "USD" }, text: "x" };
    const base = { thread, opener: "room:t:ann", customer: "cus_1", tool: "refund", input: {}, preview };
    const rest = { needsApproval: false, approver: undefined, decidedBy: undefined, attempts: 1, result: 1 };
    const intent = { ...base, ...rest, approval: undefined, expiresAt: now };
    await write(async (tx) => {
      await writeIntent(tx, { ...intent, id: "i_1", turn: "t1", hash: "h", state: "done" }, now);
      await writeIntent(tx, { ...intent, id: "i_2", turn: "t2", hash: "h", state: "declined" }, now);
      await tx.run("UPDATE intents SET approver = 'room:t:maya' WHERE id = 'i_1'");
    });
    now += 31 * day;
    await run();
    const left = await rows("SELECT id, tool, amount_minor, customer, subject, approver FROM intents");
    expect(left).toEqual([
      {
        id: "i_1",
        tool: "refund",
        amount_minor: 5,
        customer: expect.stringMatching(/^erased:/),
        subject: expect.stringMatching(/^erased:/),
        approver: expect.stringMatching(/^erased:/),
      },
    ]);
  });

  it("takes the name of who approved it off the record of somebody who was erased before", async () => {
    await write(async (tx) => {
      const preview = { ok: true as const, subject: "erased:s", text: "" };
      const base = { thread: "erased:t", opener: "erased:o", customer: "erased:c", tool: "refund", preview };
      const rest = { needsApproval: true, approver: undefined, decidedBy: undefined, attempts: 1, result: 1 };
      const over = {
        id: "i_1",
        turn: "t1",
        hash: "h",
        state: "done" as const,
        approval: undefined,
        expiresAt: now,
      };
      await writeIntent(tx, { ...base, ...rest, ...over, input: {} }, now);
      await tx.run("UPDATE intents SET approver = 'room:t:maya'");
    });
    now += 31 * day;
    expect((await run()).writes).toBe(1);
    expect((await run()).writes).toBe(0);
    expect(await rows("SELECT approver FROM intents")).toEqual([
      { approver: expect.stringMatching(/^erased:/) },
    ]);
  });

  it("takes the names off the audit, each row once", async () => {
    await write((tx) =>
      audit(tx, clock, {
        actor: "slack:T1:U1",
        action: "feedback.given",
        subject: "up",
        detail: { why: "x" },
      }),
    );
    await write((tx) => audit(tx, clock, { actor: "operator", action: "desk.paused", subject: "desk" }));
    now += 31 * day;
    await write((tx) =>
      audit(tx, clock, { actor: "slack:T1:U2", action: "feedback.given", subject: "down" }),
    );
    expect((await run()).deeds).toBe(2);
    expect(await rows("SELECT actor, subject, detail FROM audit ORDER BY id")).toEqual([
      { actor: expect.stringMatching(/^erased:/), subject: "up", detail: "{}" },
      { actor: "operator", subject: "desk", detail: "{}" },
      { actor: "slack:T1:U2", subject: "down", detail: "{}" },
    ]);
    expect((await run()).deeds).toBe(0);
  });

  it("forgets who an account is, once none of its threads is left", async () => {
    const proof = { tenant: "t", customer: "cus_1", method: "email_code", now };
    await converse("gone");
    await write((tx) => saveIdentity(tx, { ...proof, user: "room:t:gone" }));
    now += 20 * day;
    await converse("here");
    await write((tx) => saveIdentity(tx, { ...proof, user: "room:t:here" }));
    now += 15 * day;
    await run();
    expect(await rows("SELECT user_id FROM identities")).toEqual([{ user_id: "room:t:here" }]);
  });

  it("is not what has still to be sent", async () => {
    const { id: thread } = await converse("ann");
    const send = { does: "post" as const, to: { thread }, post: { text: "still on its way" } };
    await write((tx) => enqueue(tx, clock, { lane: thread, thread, author: "staff", send }));
    now += 31 * day;
    await run();
    expect(await rows("SELECT id FROM threads")).toHaveLength(1);
    expect(await rows("SELECT state FROM outbox")).toEqual([{ state: "waiting" }]);
  });
});

describe("events", () => {
  it("that are done are forgotten after 25 hours, their keys after four days; what waits stays", async () => {
    await converse("done");
    const wait = async (id: string) =>
      write((tx) => admit(tx, id, { kind: "message", keys: [id], message: messageIn(id, id) }, clock));
    await wait("waiting");
    const aside = await wait("aside");
    await write((tx) => park(tx, [aside?.id ?? ""]));
    now += 25 * hour + 1;
    expect(await run()).toMatchObject({ events: 1, keys: 0 });
    now += 70 * hour;
    expect(await run()).toMatchObject({ events: 0, keys: 0 });
    now += hour;
    expect(await run()).toMatchObject({ events: 0, keys: 3 });
    expect((await rows("SELECT state FROM inbox ORDER BY id")).map((row) => row.state)).toEqual([
      "waiting",
      "parked",
    ]);
    now += 31 * day;
    expect((await run()).events).toBe(1);
  });
});

describe("an event that is brought again after a day", () => {
  it("is known, though one process believed it to be yesterday and another one tomorrow", async () => {
    const message = messageIn("once", "once");
    const bring = () => write((tx) => admit(tx, "once", { kind: "message", keys: ["once"], message }, clock));
    now -= day;
    expect(await bring()).toBeDefined();
    now += day + 25 * hour + day;
    await run();
    expect(await bring()).toBeUndefined();
  });
});

describe("files", () => {
  const copy = (letter: string) => letter.repeat(64);
  const put = (folder: string, name: string, ageMs: number): string => {
    mkdirSync(join(data, folder), { recursive: true });
    const path = join(data, folder, name);
    writeFileSync(path, "x");
    utimesSync(path, (now - ageMs) / 1000, (now - ageMs) / 1000);
    return path;
  };

  it("that no message names any more are removed when they are old, and so are mails", async () => {
    await converse("ann");
    const files = JSON.stringify([{ id: "f", name: "f", mediaType: "x", bytes: 1, copy: copy("a") }]);
    await write((tx) => Promise.resolve(tx.run("UPDATE messages SET files = ?", files)));
    const named = put("files", copy("a"), 40 * day);
    const orphan = put("files", copy("b"), 40 * day);
    const fresh = put("files", copy("c"), 1 * day);
    const mail = put("mail", "mail_1.txt", 40 * day);
    expect((await run()).files).toBe(2);
    expect([named, orphan, fresh, mail].map((path) => existsSync(path))).toEqual([true, false, true, false]);
  });
});

describe("a sweep", () => {
  it("of more than fits into one piece takes it all", async () => {
    for (let n = 0; n < 130; n++) await converse(`thread-${n}`);
    for (let n = 2; n < 230; n++) await converse("thread-0", n);
    now += 31 * day;
    expect(await run()).toMatchObject({ threads: 130, messages: 358, events: 358, keys: 358 });
    expect(await rows("SELECT id FROM outbox")).toEqual([]);
    expect(JSON.stringify(await rows("SELECT * FROM audit"))).not.toContain("room:t:");
  });

  it("that is stopped leaves whole pieces, and the next one goes on", async () => {
    for (let n = 0; n < 130; n++) await converse(`thread-${n}`);
    now += 31 * day;
    const stop = new AbortController();
    const sweeping = retention().run(stop.signal);
    stop.abort(new Error("the desk is stopping"));
    await expect(sweeping).rejects.toThrow("the desk is stopping");
    await run();
    expect(await rows("SELECT id FROM threads")).toEqual([]);
  });

  it("that is asked for while it runs is the same one", async () => {
    await converse("ann");
    now += 31 * day;
    const one = retention();
    const [first, second] = await Promise.all([one.run(), one.run()]);
    expect(second).toBe(first);
    expect(first.threads).toBe(1);
  });
});
