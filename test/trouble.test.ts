/** What has broken the program too often, and has come to a good end elsewhere meanwhile. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { createClock } from "../src/clock.ts";
import { toStaff } from "../src/desk/notices.ts";
import { auditOf } from "../src/ledger/audit.ts";
import { type Admitted, admit, markDone, stillWaits } from "../src/ledger/inbox.ts";
import { migrate } from "../src/ledger/migrate.ts";
import { migrations } from "../src/ledger/migrations.ts";
import { openThread } from "../src/ledger/threads.ts";
import { openTicket, placeCard } from "../src/ledger/tickets.ts";
import type { Ledger } from "../src/ledger.ts";
import { createLog } from "../src/log.ts";
import { createTrouble } from "../src/trouble.ts";
import { openLedger } from "./doubles/ledgers.ts";

const clock = createClock();
const log = createLog("silent");
const thread = "slack:T1:D1";
const message = {
  id: "slack:T1:D1:1",
  thread,
  channel: thread,
  author: { id: "slack:T1:U1", tenant: "T1", name: "Ann" },
  text: "hello",
  sentAt: 0,
  order: "1",
  visibility: "private" as const,
  addressed: true,
  files: [],
};

let folder: string;
let ledger: Ledger;
let admitted: Admitted;
let tickets: string[];
let shown: string[];
beforeEach(async () => {
  shown = [];
  folder = mkdtempSync(join(tmpdir(), "trouble-"));
  tickets = [];
  ledger = await openLedger(folder, { clock, log });
  await migrate(ledger, migrations, { clock, log });
  admitted = (await ledger.write(async (tx) => {
    await openThread(tx, message, 0);
    return admit(tx, thread, { kind: "message", keys: [message.id], message }, clock);
  })) as Admitted;
});
afterEach(async () => {
  await ledger.close();
  rmSync(folder, { recursive: true });
});

const trouble = () =>
  createTrouble({
    ledger,
    async escalate(_tx, appeal) {
      tickets.push(appeal.lastWords);
      return { thread: appeal.thread, ticket: { number: 1 }, rows: [] } as never;
    },
    async showStaff(_tx, _thread, { event }) {
      shown.push(event.kind);
      return [];
    },
    brokenNotice: () => "It is broken.",
    push: () => {},
    clock,
    log,
  });
const saidBroken = () => ledger.read((tx) => tx.all("SELECT id FROM outbox"));

it("is put aside, and a person gets it, while it waits", async () => {
  await trouble().park(admitted);
  expect(tickets).toEqual(["hello"]);
  expect(await saidBroken()).toHaveLength(1);
  expect(await ledger.read((tx) => stillWaits(tx, admitted.id))).toBe(false);
});

it("is not put aside as well when another process has answered it since: nobody reads that it is broken", async () => {
  await ledger.write((tx) => markDone(tx, [admitted.id]));
  await expect(trouble().park(admitted)).rejects.toMatchObject({ code: "ledger_conflict" });
  const state = await ledger.read((tx) => tx.get("SELECT state FROM inbox"));
  expect(state).toEqual({ state: "done" });
  expect(await saidBroken()).toEqual([]);
  expect(await ledger.read((tx) => auditOf(tx, thread))).toEqual([]);
});

async function pressed(): Promise<Admitted> {
  await ledger.write((tx) => markDone(tx, [admitted.id]));
  const press = {
    kind: "action" as const,
    keys: ["press"] as [string],
    name: "intent.confirm",
    value: "i_1",
    interaction: "press",
    by: message.author,
    channel: thread,
    thread,
  };
  return (await ledger.write((tx) => admit(tx, thread, press, clock))) as Admitted;
}

it("is put aside, and a person gets it, also when a button was pressed", async () => {
  await trouble().park(await pressed());
  expect(tickets).toEqual([toStaff.pressed(true)]);
  expect(await saidBroken()).toHaveLength(1);
});

it("is put aside, and the person who has the conversation is shown it, also when a button was pressed", async () => {
  const press = await pressed();
  await ledger.write((tx) => tx.run("UPDATE threads SET control = 'taken_over'"));
  await trouble().park(press);
  expect(shown).toEqual(["action"]);
});

it("is put aside, and whoever of staff wrote it knows that nothing came of it", async () => {
  const [channel, desk] = ["slack:T1:C2", "slack:T1:C2:7"];
  const words = { ...message, id: "slack:T1:C2:8", thread: desk, channel, text: "Hello Ann" };
  const heard = (await ledger.write(async (tx) => {
    const brief = { customer: "Ann", tried: [], facts: [], lastWords: "", nextStep: "" };
    const about = {
      ask: "hello",
      reason: "x",
      priority: "normal" as const,
      queue: "general",
      language: "en",
    };
    await openTicket(tx, { ...about, thread, brief }, 0);
    await placeCard(tx, 1, "slack:T1:C2:7", desk);
    return admit(tx, desk, { kind: "message", keys: [words.id], message: words }, clock);
  })) as Admitted;
  await trouble().park(heard);
  const sent = await ledger.read((tx) =>
    tx.all<{ lane: string; send: string }>("SELECT lane, send FROM outbox ORDER BY id"),
  );
  expect(sent.map(({ lane }) => lane)).toEqual(["ticket:1", "ticket:1"]);
  expect(sent.map(({ send }) => JSON.parse(send))).toMatchObject([
    { does: "mark", message: words.id, mark: "failed", set: true },
    { does: "post", to: { ticket: 1 }, post: { text: toStaff.broke() } },
  ]);
});
