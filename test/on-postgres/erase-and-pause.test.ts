/** Two processes of one desk on one Postgres: what one of them is told to erase, or to cease, the other is in the middle of. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { createClock } from "../../src/clock.ts";
import { createCrew } from "../../src/crew/crew.ts";
import { openLanesElsewhere } from "../../src/crew/lanes-elsewhere.ts";
import type { Crew, Role } from "../../src/crew.ts";
import { createKeptWaits } from "../../src/kept-waits.ts";
import { migrate } from "../../src/ledger/migrate.ts";
import { migrations } from "../../src/ledger/migrations.ts";
import { createPostgresLedger } from "../../src/ledger/postgres-ledger.ts";
import type { Ledger } from "../../src/ledger.ts";
import { createLog } from "../../src/log.ts";
import type { Memory } from "../../src/memory.ts";
import { createCustomerFiles } from "../../src/records/customer-files.ts";
import { eraseCustomer } from "../../src/records/erase-customer.ts";
import { forgettingIn } from "../../src/records/forgetting.ts";
import { defineTool, type Tool } from "../../src/tool.ts";
import { type DeskInARoom, openDesk } from "../doubles/desk-in-a-room.ts";
import { keepLedgersAt } from "../doubles/ledgers.ts";
import { postgresForTests } from "../doubles/postgres-run.ts";
import { createRoom, type Room, threadOf } from "../doubles/room.ts";
import { createScriptedModel, type Line } from "../doubles/scripted-model.ts";
import { temporaryFolder } from "../journeys/terminal.ts";

const postgres = await postgresForTests();
afterAll(() => postgres.remove());

const log = createLog("silent");
const zoe = { customer: "cus_zebrafinch" };
const name = "zebrafinch-zoe";

describe.skipIf(postgres.missing)("one process of a desk", () => {
  const left: (() => unknown)[] = [];
  let url: string;
  /** Every value in the shared memory. */
  let kept: Map<string, unknown>;
  let ana: DeskInARoom;
  let ben: DeskInARoom;
  let release = () => {};
  let held = Promise.resolve();
  /** What the company's tool does. */
  let ran: string[];
  /** How often it was asked who somebody is. */
  let looked: number;

  beforeEach(async () => {
    url = await postgres.place();
    keepLedgersAt(async () => url);
    kept = new Map();
    ran = [];
    looked = 0;
    held = new Promise((resolve) => {
      release = resolve;
    });
  });
  afterEach(async () => {
    release();
    for (const close of left.splice(0).reverse()) await close();
    keepLedgersAt(async () => undefined);
  });

  const memory = (): Memory => ({
    store: <T>(namespace: string) => ({
      get: async (key: string) => kept.get(`${namespace} ${key}`) as T | undefined,
      set: async (key: string, value: T) => void kept.set(`${namespace} ${key}`, value),
      delete: async (key: string) => void kept.delete(`${namespace} ${key}`),
    }),
    close: async () => {},
  });

  const credit: Tool = defineTool({
    name: "give_credit",
    description: "Gives credit.",
    effect: "write",
    input: z.object({ why: z.string() }),
    preview: ({ why }) => ({ ok: true, subject: why, text: `Credit for ${why}` }),
    async run({ why }) {
      ran.push(why);
      await held;
      return { ok: true, credited: why };
    },
  }) as Tool;

  async function crewOf(...roles: Role[]): Promise<Crew> {
    const clock = createClock();
    const ledger: Ledger = await createPostgresLedger({ url, clock, log });
    await migrate(ledger, migrations, { clock, log });
    const waits = createKeptWaits({ ledger, shared: true, tell: () => {}, clock, log });
    const crew = await createCrew({ url, roles: new Set(roles), ledger, atOnceMax: 8, waits, clock, log });
    left.push(async () => {
      await crew.close();
      await ledger.close();
    });
    return crew;
  }

  /** Ana hears customers; Ben thinks and posts. */
  async function open(script: Line[]): Promise<void> {
    const folder = temporaryFolder();
    left.push(folder.remove);
    const start = async (room: Room, ...roles: Role[]) => {
      const desk = await openDesk({
        room: { ...room, listen: async () => {} },
        crew: await crewOf(...roles),
        memory: memory(),
        identity: {
          async find() {
            looked += 1;
            await held;
            return { id: zoe.customer, email: "zebrafinch@mail.example" };
          },
        },
        model: createScriptedModel(...script),
        tools: [credit],
        data: folder.path,
        configure: (config) => ({
          ...config,
          tools: { give_credit: { confirm: "none", money: undefined, approvers: ["staff"] } },
        }),
      });
      left.push(() => desk.close());
      return desk;
    };
    ana = await start(createRoom(), "receive", "send");
    ben = await start(createRoom({ drafts: true }), "work", "send");
  }

  const says = (text: string) => ana.room.says(name, text, zoe);
  const processOrCommand = ["a process", "a command"] as const;
  async function erase(by: (typeof processOrCommand)[number] = "a process"): Promise<void> {
    const { ledger, clock } = ana;
    const elsewhere = await openLanesElsewhere({ url, ledger, clock, log });
    left.push(elsewhere.close);
    const sessions = by === "a process" ? ana.core.sessions : undefined;
    await eraseCustomer(
      {
        ledger,
        memory: forgettingIn(memory(), sessions),
        files: createCustomerFiles(ana.data, ana.clock),
        addressOf: async () => "zebrafinch@mail.example",
        lanes: by === "a process" ? ana.core.underWay : elsewhere,
        clock,
        log,
      },
      zoe.customer,
    );
  }

  /** Everything that the ledger, the memory and the files still have of her, by where it stands. */
  async function traces(): Promise<string[]> {
    const found = [...kept].filter((one) => JSON.stringify(one).includes("zebrafinch")).map(([key]) => key);
    const tables = await ana.ledger.read((tx) =>
      tx.all<{ name: string }>(
        "SELECT table_name AS name FROM information_schema.tables WHERE table_schema = current_schema()",
      ),
    );
    for (const { name: table } of tables) {
      const rows = await ana.ledger.read((tx) => tx.all(`SELECT * FROM ${table}`));
      for (const row of rows)
        if (JSON.stringify(row).includes("zebrafinch")) found.push(`${table}: ${JSON.stringify(row)}`);
    }
    for (const file of readdirSync(ana.data, { recursive: true, withFileTypes: true }))
      if (file.isFile() && readFileSync(join(file.parentPath, file.name)).includes("zebrafinch"))
        found.push(file.name);
    return found;
  }
  const shown = () => [...ana.room.seen(name), ...ben.room.seen(name)];
  const later = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

  it.each(processOrCommand)(
    "erases by %s whom the other is thinking about, and nothing comes back",
    async (by) => {
      await open([
        async () => {
          await held;
          return "I have thought of zebrafinch.";
        },
      ]);
      await says("zebrafinch has a question");
      await expect.poll(() => ben.model.requests.length).toBe(1);
      ben.core.sessions.set(threadOf(name), { upTo: 1, summary: "zebrafinch" });
      const erasing = erase(by);
      await later(300);
      release();
      await erasing;
      await later(1_500);
      expect(await traces()).toEqual([]);
      expect(shown()).toEqual([]);
    },
    120_000,
  );

  it.each(processOrCommand)(
    "erases by %s whom the other is looking up, whatever comes of that",
    async (by) => {
      await open(["Hello."]);
      kept.set(`verification ${threadOf(name)}`, { user: `room:t:${name}`, question: "?", codesSent: 0 });
      await says("I am zebrafinch@mail.example");
      await expect.poll(() => looked).toBe(1);
      const erasing = erase(by);
      await later(1_500);
      release();
      await erasing;
      await later(500);
      expect(await traces()).toEqual([]);
    },
    120_000,
  );

  it("erases whom the other is writing to: half of it is taken back", async () => {
    await open([
      async (_request, signal, show) => {
        show?.("Dear zebrafinch, I. And");
        await new Promise((_, failed) => signal.addEventListener("abort", () => failed(signal.reason)));
        return "never";
      },
    ]);
    await says("zebrafinch has a question");
    await expect.poll(() => shown().length).toBe(1);
    await erase();
    await later(500);
    expect(await traces()).toEqual([]);
    expect(shown()).toEqual([]);
  });

  it("erases whom the other is doing something for: it ends, and is on record without a name", async () => {
    await open([
      { calls: [{ name: "give_credit", arguments: { why: "zebrafinch" } }] },
      "Done for zebrafinch.",
    ]);
    await says("zebrafinch wants credit");
    await expect.poll(() => ran.length).toBe(1);
    const erasing = erase();
    await later(700);
    release();
    await erasing;
    await later(500);
    expect(await traces()).toEqual([]);
    const deeds = await ana.ledger.read((tx) => tx.all("SELECT id FROM audit WHERE action = 'intent.done'"));
    expect(deeds).toHaveLength(1);
  });

  it("is paused, and the other breaks off within two seconds; who writes then gets a person", async () => {
    let aborted = 0;
    await open([
      async (_request, signal) => {
        await new Promise((_, failed) =>
          signal.addEventListener("abort", () => {
            aborted = performance.now();
            failed(signal.reason);
          }),
        );
        return "never";
      },
    ]);
    await says("zebrafinch has a question");
    await expect.poll(() => ben.model.requests.length).toBe(1);
    const from = performance.now();
    await ana.core.pause.set(true, "operator");
    await expect.poll(() => aborted).toBeGreaterThan(0);
    // And what a busy machine adds.
    expect(aborted - from).toBeLessThan(5_000);
    await expect.poll(() => shown().join()).toContain("I am switched off");
    expect(ben.model.requests).toHaveLength(1);
  });
});
