/**
 * A desk that knows two customers well. Everything of the first says `zebrafinch` somewhere: her name, her words, her
 * order, what staff wrote to her, her file. Everything of the second says `kingfisher`. They meet in a thread that the
 * second has opened.
 */
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { createClock } from "../../src/clock.ts";
import { createLog } from "../../src/log.ts";
import { createMemory } from "../../src/memory/memory.ts";
import type { Memory } from "../../src/memory.ts";
import { createCustomerFiles } from "../../src/records/customer-files.ts";
import type { EraseParts } from "../../src/records/erase-customer.ts";
import { forgettingIn } from "../../src/records/forgetting.ts";
import { defineTool, type Tool } from "../../src/tool.ts";
import { type DeskInARoom, openDesk } from "../doubles/desk-in-a-room.ts";
import { createRoom, threadOf } from "../doubles/room.ts";
import { createScriptedModel, type Line } from "../doubles/scripted-model.ts";

export const zebra = { name: "zebrafinch-zoe", id: "cus_zebrafinch", account: "room:t:zebrafinch-zoe" };
export const king = { name: "kingfisher-kim", id: "cus_kingfisher", account: "room:t:kingfisher-kim" };
export const shared = threadOf("kingfisher-and-all");

const refund: Tool = defineTool({
  name: "issue_refund",
  description: "Refunds an order.",
  effect: "write",
  input: z.object({ order: z.string(), reason: z.string() }),
  preview: ({ order }) => ({
    ok: true,
    subject: order,
    amount: { minor: 70_000, currency: "USD" },
    text: `Refund 700.00 USD for ${order}`,
  }),
  run: ({ order }) => ({ ok: true, refunded: order }),
}) as Tool;

const lookup: Tool = defineTool({
  name: "lookup_order",
  description: "Looks an order up.",
  effect: "read",
  input: z.object({ order: z.string() }),
  run: ({ order }) => ({ order, status: "shipped", address: `${order} street` }),
}) as Tool;

export interface Scene {
  desk: DeskInARoom;
  memory: Memory;
  data: string;
  parts: EraseParts;
  /** Files whose bytes hold this word, in any case. */
  filesWith(word: string): string[];
  close(): Promise<void>;
}

export async function openScene(): Promise<Scene> {
  const room = createRoom();
  for (const who of [zebra, king]) room.files.set(who.name, Buffer.from(`a photo of ${who.name}`));
  const desk = await openDesk({ room, tools: [refund, lookup], model: createScriptedModel("Hello.") });
  for (const who of [zebra, king]) await livesThrough(desk, who);
  await meet(desk);
  const memory = await remember(desk.data);
  writeMails(desk.data);
  const clock = createClock();
  const log = createLog("silent");
  return {
    desk,
    memory,
    data: desk.data,
    parts: {
      ledger: desk.ledger,
      memory: forgettingIn(memory),
      files: createCustomerFiles(desk.data, clock),
      clock,
      log,
    },
    filesWith: (word) => filesUnder(desk.data).filter((path) => holds(path, word)),
    async close() {
      await memory.close();
      await desk.close();
    },
  };
}

type Someone = typeof zebra;

async function livesThrough(desk: DeskInARoom, who: Someone): Promise<void> {
  const { room, model } = desk;
  const bird = who.name.slice(0, 10);
  const order = `ord_${bird}`;
  const as = { customer: who.id };
  const turn = async (script: Line[], text: string, more = {}): Promise<void> => {
    model.script = script;
    await room.says(who.name, text, { ...as, ...more });
    await desk.quiet();
  };
  await turn(
    [call("lookup_order", { order }), `Your order ${order} has been shipped.`],
    `Where is my ${bird} order?`,
    { files: [{ id: who.name, name: `${bird}.jpg`, mediaType: "image/jpeg", bytes: 20 }] },
  );
  await turn([`Thank you, ${bird}.`], `My address is ${bird}@mail.example`);
  await turn([call("issue_refund", { order, reason: "broken" })], `Please refund ${order}, it is broken`);
  await turn(["unused"], "yes");
  await room.presses("intent.approve", who === zebra ? 1 : 2);
  await desk.quiet();
  await turn(
    [call("escalate_to_human", { reason: `${bird} is unhappy`, priority: "high" })],
    `${bird} is angry`,
  );
  const ticket = await ticketOf(desk, who);
  await room.presses("ticket.take", ticket.number);
  await desk.quiet();
  await room.staffSays(ticket.desk_thread, `Dear ${bird}, I am on it`);
  await room.staffSays(ticket.desk_thread, `// ${bird} has written before`);
  await turn([], `${bird} says thank you`);
  await room.presses("ticket.resolve", ticket.number);
  await desk.quiet();
}

const call = (name: string, input: unknown): Line => ({ calls: [{ name, arguments: input }] });

async function ticketOf(desk: DeskInARoom, who: Someone): Promise<{ number: number; desk_thread: string }> {
  const row = await desk.ledger.read((tx) =>
    tx.get<{ number: number; desk_thread: string }>(
      "SELECT number, desk_thread FROM tickets WHERE thread = ?",
      threadOf(who.name),
    ),
  );
  if (!row) throw new Error("there is no ticket");
  return row;
}

/** In a thread of the second one's; the first one asks there, too, and the ticket tells of both. */
async function meet(desk: DeskInARoom): Promise<void> {
  const { room, model } = desk;
  const says = async (who: Someone, text: string): Promise<void> => {
    await room.says(who.name, text, { shared: true, thread: shared });
    await desk.quiet();
  };
  model.script = ["Kingfisher, that is easy."];
  await says(king, "Is there a kingfisher colour?");
  model.script = ["To you too, zebrafinch."];
  await says(zebra, "And what about a zebrafinch colour for me?");
  model.script = [call("escalate_to_human", { reason: "colours", priority: "low" })];
  await says(king, "A person please, says kingfisher");
  await says(zebra, "I, the zebrafinch, would like one as well");
}

async function remember(data: string): Promise<Memory> {
  const memory = await createMemory({
    path: join(data, "memory.sqlite"),
    clock: createClock(),
    log: createLog("silent"),
  });
  for (const { name } of [zebra, king]) {
    const thread = threadOf(name);
    await memory.store("session").set(thread, { upTo: 3, summary: `${name} has an order` }, 1e9);
    await memory.store("verification").set(thread, { user: name, question: `${name} asks` }, 1e9);
  }
  return memory;
}

function writeMails(data: string): void {
  mkdirSync(join(data, "mail"), { recursive: true });
  for (const bird of ["zebrafinch", "kingfisher"]) {
    const head = `From: desk@example.com\nTo: ${bird.replace(/^./, (c) => c.toUpperCase())}@mail.example`;
    writeFileSync(
      join(data, "mail", `mail_${bird.length}${bird[0]}.txt`),
      `${head}\nSubject: code\n\n123456\n`,
    );
  }
}

function filesUnder(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .map((name) => join(folder, name))
    .filter((path) => statSync(path).isFile());
}

const holds = (path: string, word: string): boolean =>
  readFileSync(path).toString("latin1").toLowerCase().includes(word);
