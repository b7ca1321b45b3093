import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "@photostructure/sqlite";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { careful, electronicsStore } from "../fixtures/scenarios.ts";
import { type Order, writeShop } from "../fixtures/workspace.ts";
import { closeTerminals, openTerminal, temporaryFolder } from "./terminal.ts";
import { play } from "./transcript.ts";

const shops = temporaryFolder();
let data: ReturnType<typeof temporaryFolder>;
beforeAll(() => {
  writeShop(join(shops.path, "electronics"), electronicsStore);
  writeShop(join(shops.path, "careful"), careful);
  writeShop(join(shops.path, "large"), { ...electronicsStore, orders: manyOrders, settings: patient });
});
beforeEach(() => {
  data = temporaryFolder();
});
afterEach(() => {
  closeTerminals();
  data.remove();
});
afterAll(shops.remove);

const manyOrders: Order[] = Array.from({ length: 400 }, (_, at) => ({
  id: `ORD-${5000 + at}`,
  status: "packed",
}));

const patient =
  "limits: { messages_per_minute_max: 10000, tool_calls_per_minute_max: 10000, turns_per_session_max: 10000 }";

const inShop = (name: string) => ({ args: ["--workspace", join(shops.path, name)] });

/** Every paragraph is said to a new process, and the one before it was killed. */
async function playInPieces(shop: string, pieces: string[], between = () => {}): Promise<void> {
  for (const piece of pieces) {
    const desk = await openTerminal(data.path, inShop(shop));
    await play(desk, piece);
    await desk.kill("SIGKILL");
    between();
  }
}

const refund = [
  `customer: I want a refund for my keyboard
        bot: … order … without a language model`,
  `customer: It's ORD-1002
        bot: … Mechanical Keyboard … processing
      never: without a language model`,
  `customer: How long will the refund take?
        bot: … 3 to 5 business days`,
  `customer: What about ORD-9999?
        bot: … ORD-9999
      never: processing … refunded`,
];

describe("killed between any two lines", () => {
  it("the conversation goes on", () => playInPieces("electronics", refund));

  it("the conversation goes on without the session memory, too", async () => {
    const memory = join(data.path, "memory.sqlite");
    let removed = 0;
    await playInPieces("electronics", refund, () => {
      if (existsSync(memory)) removed += 1;
      for (const end of ["", "-wal", "-shm", "-journal"]) rmSync(memory + end, { force: true });
    });
    expect(removed).toBe(refund.length);
  });

  it("a person keeps the thread, and the bot stays silent", () =>
    playInPieces("careful", [
      `customer: This is ridiculous, I was promised next-day delivery!
            bot: … ticket is #1
           desk: Ticket #1`,
      `customer: Is anybody there?
           desk: customer: Is anybody there?`,
      `   staff: take
           desk: … Taken by staff
            bot: (silence)`,
      `customer: How long does express shipping take?
            bot: (silence)`,
      `   staff: Two days.
            bot: staff: Two days.
           desk: ✅`,
      `   staff: hand back
            bot: You are back with the assistant.`,
      `customer: How long does express shipping take?
            bot: … 1-2 business days
           desk: (silence)`,
      `   staff: resolve
            bot: Your ticket #1 is resolved.`,
      `customer: I want to speak to a human
            bot: … ticket is #2`,
    ]));
});

describe("killed at any moment", () => {
  const rounds = 50;

  it("every message that was taken is answered once, in its order, and none is lost", async () => {
    const chance = seeded(20260110);
    const waiting: string[] = [];
    let printed = "";
    let asked = 0;
    for (let round = 0; round < rounds; round++) {
      const known = taken();
      // Who sees no sign of a message having arrived writes it again.
      const again = waiting.splice(0).filter((id) => !known.has(id));
      const fresh = Array.from(
        { length: 1 + Math.floor(chance() * 3) },
        () => manyOrders[asked++]?.id as string,
      );
      waiting.push(...again, ...fresh);
      const desk = await openTerminal(data.path, { ...inShop("large"), early: true });
      if (chance() < 0.7) await desk.logs("desk.ready");
      desk.write(waiting.map((id) => `Where is ${id}?\n`).join(""));
      await new Promise((resolve) => setTimeout(resolve, chance() * 80));
      await desk.kill("SIGKILL");
      printed += desk.output();
    }
    const last = await openTerminal(data.path, inShop("large"));
    const known = taken();
    for (const id of waiting.filter((one) => !known.has(one))) last.type(`Where is ${id}?`);
    expect(await last.end()).toBe(0);
    printed += last.output();

    const answers = [...printed.matchAll(/^.*\b(ORD-\d+) — status: packed/gm)].map((match) => match[1] ?? "");
    const inOrder = manyOrders.slice(0, asked).map(({ id }) => id);
    expect([...new Set(answers)]).toEqual(inOrder);
    // Standard output cannot be asked what it was given: between a line and its note lie some millionths of a second.
    expect(answers.length - inOrder.length).toBeLessThanOrEqual(1);
    expect(unsettled()).toEqual({ inbox: 0, outbox: 0 });
  }, 180_000);
});

/** The orders that the desk has been asked about, by its own account. */
function taken(): Set<string> {
  const texts = query<{ event: string }>("SELECT event FROM inbox").map(({ event }) => event);
  const ids = texts.flatMap((text) => text.match(/ORD-\d+/g) ?? []);
  return new Set(ids);
}

function unsettled(): { inbox: number; outbox: number } {
  const count = (sql: string) => Number(query<{ count: number }>(sql)[0]?.count);
  return {
    inbox: count("SELECT COUNT(*) AS count FROM inbox WHERE state <> 'done'"),
    outbox: count("SELECT COUNT(*) AS count FROM outbox WHERE state <> 'sent'"),
  };
}

function query<Row>(sql: string): Row[] {
  const path = join(data.path, "ledger.sqlite");
  if (!existsSync(path)) return [];
  const database = new DatabaseSync(path);
  try {
    return database.prepare(sql).all() as Row[];
  } catch (error) {
    if (error instanceof Error && error.message.startsWith("no such table")) return [];
    throw error;
  } finally {
    database.close();
  }
}

/** The same chances in every run: mulberry32. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

describe("two processes on one data folder", () => {
  it("the second is refused while the first runs, and welcome once it was killed", async () => {
    const first = await openTerminal(data.path, inShop("careful"));
    const second = await openTerminal(data.path, { ...inShop("careful"), early: true });
    expect(await second.gone).toBe(1);
    expect(second.errors()).toContain(`process ${first.pid} uses ${data.path}`);
    expect(second.errors()).toContain("--data");
    expect(second.errors()).not.toContain("at ");
    expect(second.output()).toBe("");
    await play(
      first,
      `customer: How long does express shipping take?
            bot: … 1-2 business days`,
    );
    await first.kill("SIGKILL");
    const third = await openTerminal(data.path, inShop("careful"));
    await play(
      third,
      `customer: summary
            bot: … How long does express shipping take?`,
    );
    expect(await third.end()).toBe(0);
  });
});
