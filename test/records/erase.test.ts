import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createClock } from "../../src/clock.ts";
import { DeskError } from "../../src/errors.ts";
import { saveIdentity } from "../../src/ledger/identities.ts";
import { writeMarks } from "../../src/ledger/marks.ts";
import { movedForCustomer, movedForSubject } from "../../src/ledger/money-moved.ts";
import { createSqliteLedger } from "../../src/ledger/sqlite-ledger.ts";
import type { Row } from "../../src/ledger.ts";
import { createLog } from "../../src/log.ts";
import { createCustomerFiles } from "../../src/records/customer-files.ts";
import { eraseCustomer, examineCustomer, isKnown } from "../../src/records/erase-customer.ts";
import { threadOf } from "../doubles/room.ts";
import { king, openScene, type Scene, shared, zebra } from "./scene.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
let scene: Scene;
beforeEach(async () => {
  scene = await openScene();
});
afterEach(() => scene.close());

const rows = (sql: string, ...values: string[]): Promise<Row[]> =>
  scene.desk.ledger.read((tx) => tx.all(sql, ...values));
const erase = (name = zebra.id) => eraseCustomer(scene.parts, name);

describe("an erased customer", () => {
  it("is in no byte of the databases, their logs and the files", async () => {
    expect(scene.filesWith("zebrafinch").length).toBeGreaterThan(3);
    await erase();
    expect(scene.filesWith("zebrafinch")).toEqual([]);
  });

  it("is the same by the id of an account", async () => {
    await erase(zebra.account);
    expect(scene.filesWith("zebrafinch")).toEqual([]);
  });

  it("is not left in what staff pressed or typed about them", async () => {
    const { room } = scene.desk;
    const held = room.shown.find(({ post }) => post.card?.title.startsWith("Approval #1"));
    const value =
      held?.post.buttons?.[0]?.value ?? (await rows("SELECT id FROM intents WHERE approval = 1"))[0]?.id;
    const by = { id: "room:t:staff-maya", tenant: "t", name: "staff-maya" };
    const press = { kind: "action" as const, interaction: "i", by, channel: room.deskChannel ?? "" };
    const reason = "A zebrafinch has had enough";
    const denied = { name: "intent.deny", value: `1 ${value}`, reason, keys: ["denied"] as [string] };
    await room.receives({ ...press, ...denied });
    await room.commands("note #1 the zebrafinch has called again");
    await room.commands("note 2 the kingfisher has called again");
    await scene.desk.quiet();
    await erase();
    expect(scene.filesWith("zebrafinch")).toEqual([]);
    expect(await rows("SELECT id FROM inbox WHERE event LIKE '%the kingfisher has called%'")).toHaveLength(1);
  });

  it("is not left in what an adapter keeps about their conversation", async () => {
    await scene.desk.ledger.write(async (tx) => {
      const row = await tx.get("SELECT * FROM threads WHERE id = ?", threadOf(zebra.name));
      const { id: _, ...same } = row ?? {};
      const columns = Object.keys(same).join(", ");
      await tx.run(
        `INSERT INTO threads (id, ${columns}) SELECT 'room:d:1', ${columns} FROM threads WHERE id = ?`,
        threadOf(zebra.name),
      );
      await writeMarks(tx, "room", [
        ["surface:d:1", "1"],
        ["surface:d:10", "1"],
      ]);
    });
    await erase();
    expect(await rows("SELECT name FROM marks WHERE platform = 'room'")).toEqual([{ name: "surface:d:10" }]);
  });

  it("is not named as who has approved other customers' writes", async () => {
    await erase("room:t:staff-maya");
    const approvers = (await rows("SELECT approver FROM intents")).map(({ approver }) => approver);
    expect(approvers).toEqual([expect.stringMatching(/^erased:/), expect.stringMatching(/^erased:/)]);
  });

  it("is erased also where the company's lookup of their address never answers", async () => {
    const plain = createClock();
    const clock = { ...plain, after: (_ms: number, call: () => void) => plain.after(5, call) };
    await eraseCustomer({ ...scene.parts, clock, addressOf: () => new Promise(() => {}) }, zebra.id);
    expect(scene.filesWith("zebrafinch")).toEqual([]);
  }, 10_000);

  it("takes nothing of anybody else along", async () => {
    const mine = ["messages", "journal", "outbox", "tickets", "intents", "audit"].map(
      (table) => `SELECT * FROM ${table} WHERE thread = ?`,
    );
    const all = async () => Promise.all(mine.map((sql) => rows(sql, threadOf(king.name))));
    const before = await all();
    await erase();
    expect(await all()).toEqual(before);
    expect(scene.filesWith("kingfisher").map((path) => path.slice(scene.data.length))).toEqual(
      expect.arrayContaining([expect.stringMatching("^/files/"), expect.stringMatching("^/mail/")]),
    );
    expect(await scene.memory.store("session").get(threadOf(king.name))).toMatchObject({ upTo: 3 });
  });

  it("leaves the others' part of a thread that both wrote in", async () => {
    await erase();
    const said = await rows("SELECT author, text FROM messages WHERE thread = ? ORDER BY seq", shared);
    expect(said.map((row) => `${row.author}: ${row.text}`)).toEqual([
      "customer: Is there a kingfisher colour?",
      "bot: Kingfisher, that is easy.",
      "customer: A person please, says kingfisher",
      "bot: I have asked a colleague to help you: your ticket is #3. A person will answer you right here.",
    ]);
    expect(await rows("SELECT number, ask FROM tickets WHERE thread = ?", shared)).toEqual([
      { number: 3, ask: "A person please, says kingfisher" },
    ]);
  });

  it("is counted in what was removed", async () => {
    const found = await examineCustomer(scene.parts, zebra.id);
    const done = await erase();
    expect(found).toMatchObject({ customers: [zebra.id], accounts: [zebra.account] });
    expect(found.rows).toMatchObject({ threads: 1, messages: 16, tickets: 1, writes: 1, events: 13 });
    expect(found.files).toHaveLength(2);
    const shown = scene.desk.room.shown.find(({ post }) => post.card?.title.startsWith("Ticket #1"));
    const held = scene.desk.room.shown.find(({ post }) => post.card?.title.startsWith("Approval #1"));
    expect(found.cards).toEqual([shown?.id, held?.id]);
    expect(done.cards).toEqual(found.cards);
    // A reply to them in somebody else's thread is found when it is looked at.
    expect(done.rows).toMatchObject({ threads: 1, messages: 17, tickets: 1, writes: 1, events: 13 });
    expect(done.files).toEqual(found.files);
  });

  it("is not erased by looking", async () => {
    const before = scene.filesWith("zebrafinch");
    await examineCustomer(scene.parts, zebra.id);
    expect(scene.filesWith("zebrafinch")).toEqual(before);
    expect(await rows("SELECT * FROM audit WHERE action = 'customer.erased'")).toEqual([]);
  });
});

describe("what stays of an erased customer", () => {
  const write = (name: string) =>
    rows(
      "SELECT tool, amount_minor, currency, state, approval, approver, customer FROM intents WHERE tool = ?",
      name,
    );

  it("is the record of a write, with tool, amount and time, under a pseudonym", async () => {
    await erase();
    const [record] = (await write("issue_refund")).filter((row) => row.customer !== king.id);
    expect(record).toEqual({
      tool: "issue_refund",
      amount_minor: 70_000,
      currency: "USD",
      state: "done",
      approval: 1,
      approver: "room:t:staff-maya",
      customer: expect.stringMatching(/^erased:[0-9a-f]{24}$/),
    });
    const [deed] = await rows("SELECT * FROM audit WHERE action = 'intent.done' AND thread LIKE 'erased:%'");
    expect(deed?.subject).toMatch(/^issue_refund erased:[0-9a-f]{24}$/);
    expect(JSON.parse(String(deed?.detail))).toEqual({ minor: 70_000, currency: "USD", attempts: 1 });
  });

  it("goes on counting against the limits of the same order and customer", async () => {
    const moved = () =>
      scene.desk.ledger.read(async (tx) => {
        const now = Date.now();
        const of = { tool: "issue_refund", except: "", currency: "USD", since: 0 };
        const order = { ...of, subject: "ord_zebrafinch", settledSince: 0 };
        return [
          await movedForSubject(tx, order, now),
          (await movedForCustomer(tx, { ...of, customer: zebra.id }, now)).minor,
        ];
      });
    expect(await moved()).toEqual([70_000, 70_000]);
    await erase();
    expect(await moved()).toEqual([70_000, 70_000]);
  });

  it("is one row that says so, without a name", async () => {
    await erase();
    await erase();
    const told = await rows("SELECT actor, subject, detail FROM audit WHERE action = 'customer.erased'");
    expect(told).toHaveLength(1);
    expect(told[0]).toMatchObject({ actor: "operator", subject: expect.stringMatching(/^erased:/) });
  });

  it("proves the erasure to whoever knows the id", async () => {
    const before = Date.now();
    await erase();
    const again = await examineCustomer(scene.parts, zebra.id);
    expect(isKnown(again)).toBe(false);
    expect(again.before).toBeGreaterThanOrEqual(before);
    expect((await examineCustomer(scene.parts, zebra.account)).before).toBe(again.before);
    expect((await examineCustomer(scene.parts, "cus_never")).before).toBeUndefined();
  });

  it("is a ticket's number, which is never given again", async () => {
    await eraseCustomer(scene.parts, king.id);
    await eraseCustomer(scene.parts, zebra.id);
    expect(await rows("SELECT number FROM tickets")).toEqual([]);
    const { room, model } = scene.desk;
    model.script = [{ calls: [{ name: "escalate_to_human", arguments: { reason: "x", priority: "low" } }] }];
    await room.says("newcomer", "help");
    await scene.desk.quiet();
    expect(await rows("SELECT number FROM tickets")).toEqual([{ number: 4 }]);
  });
});

describe("who is meant", () => {
  it("is nobody where nothing is known, and the desk itself is no customer", async () => {
    const before = await rows("SELECT * FROM audit");
    for (const name of ["cus_unknown", "slack:T1:U404", "bot", "desk", "operator", "support"]) {
      expect(isKnown(await erase(name)), name).toBe(false);
    }
    expect(await rows("SELECT * FROM audit")).toEqual(before);
  });

  it("are all accounts that were proved to be the customer", async () => {
    const proof = { tenant: "t", customer: zebra.id, method: "email_code", now: 1 };
    await scene.desk.room.says("zoe-elsewhere", "zebrafinch again");
    await scene.desk.quiet();
    await scene.desk.ledger.write((tx) => saveIdentity(tx, { ...proof, user: "room:t:zoe-elsewhere" }));
    const done = await erase(zebra.account);
    expect(done.accounts).toContain("room:t:zoe-elsewhere");
    expect(done.rows.identities).toBe(1);
    expect(scene.filesWith("zebrafinch")).toEqual([]);
    expect(scene.filesWith("zoe-elsewhere")).toEqual([]);
  });

  it("is not an account that has been proved to be somebody else since", async () => {
    await scene.desk.ledger.write((tx) =>
      saveIdentity(tx, {
        user: king.account,
        tenant: "t",
        customer: "cus_other",
        method: "email_code",
        now: 1,
      }),
    );
    await scene.desk.ledger.write((tx) => tx.run("UPDATE intents SET customer = ?", zebra.id));
    const found = await examineCustomer(scene.parts, zebra.id);
    expect(found.accounts).toEqual([zebra.account]);
  });
});

describe("files", () => {
  it("that somebody else has sent as well stay", async () => {
    const photo = { id: king.name, name: "same.jpg", mediaType: "image/jpeg", bytes: 25 };
    await scene.desk.room.says(zebra.name, "look", { files: [photo] });
    await scene.desk.quiet();
    await erase();
    expect(scene.filesWith("a photo of kingfisher")).toHaveLength(1);
  });

  it("that were broken and set aside go, because nobody can tell what is in them", async () => {
    const aside = join(scene.data, "memory.sqlite.broken-1");
    writeFileSync(aside, "anything");
    await erase("cus_unknown");
    expect(existsSync(aside)).toBe(true);
    await erase();
    expect(existsSync(aside)).toBe(false);
  });

  it("outside of the data folder are never touched, whatever a message says", async () => {
    const outside = join(scene.data, "precious.txt");
    writeFileSync(outside, "x");
    await scene.desk.ledger.write((tx) =>
      tx.run(
        "UPDATE messages SET files = ? WHERE thread = ? AND seq = 1",
        JSON.stringify([{ id: "x", name: "x", mediaType: "x", bytes: 1, copy: "../precious.txt" }]),
        threadOf(zebra.name),
      ),
    );
    await erase();
    expect(existsSync(outside)).toBe(true);
  });

  it("of mails to the address that the company has on file go, too", async () => {
    mkdirSync(join(scene.data, "mail"), { recursive: true });
    const mail = join(scene.data, "mail", "mail_z.txt");
    writeFileSync(mail, "From: a@b.example\nTo: Zoe@Private.example\nSubject: x\n\n123456\n");
    const addressOf = async (id: string) => (id === zebra.id ? "zoe@private.example" : undefined);
    await eraseCustomer({ ...scene.parts, addressOf }, zebra.id);
    expect(existsSync(mail)).toBe(false);
  });
});

describe("an erasure that breaks off", () => {
  let program: string;
  beforeAll(async () => {
    program = mkdtempSync(join(root, "node_modules", ".erase-process-"));
    await build({
      entryPoints: [join(root, "test", "records", "erase-process.ts")],
      outfile: join(program, "erase.mjs"),
      bundle: true,
      packages: "external",
      platform: "node",
      format: "esm",
      target: "node20",
    });
  });
  afterAll(() => rmSync(program, { recursive: true, force: true }));

  for (const stage of ["memory", "files", "commit"]) {
    it(`by a kill after ${stage} is completed by doing it again`, async () => {
      await scene.memory.close();
      const args = [join(program, "erase.mjs"), scene.data, zebra.id];
      expect(spawnSync(process.execPath, [...args, stage]).signal).toBe("SIGKILL");
      const again = spawnSync(process.execPath, args, { encoding: "utf8" });
      expect([again.status, again.stderr]).toEqual([0, ""]);
      expect(scene.filesWith("zebrafinch")).toEqual([]);
      expect(await rows("SELECT id FROM audit WHERE action = 'customer.erased'")).toHaveLength(1);
    });
  }

  it("at a memory that fails has changed nothing in the ledger", async () => {
    const failing = {
      ...scene.parts.memory,
      forget: () => Promise.reject(new DeskError("memory_failed", "no answer")),
    };
    const before = await rows("SELECT * FROM messages");
    await expect(eraseCustomer({ ...scene.parts, memory: failing }, zebra.id)).rejects.toMatchObject({
      code: "memory_failed",
    });
    expect(await rows("SELECT * FROM messages")).toEqual(before);
  });
});

describe("beside a running desk", () => {
  it("a turn that was under way leaves nothing behind and says nothing", async () => {
    let answer = () => {};
    scene.desk.model.script = [
      () =>
        new Promise((resolve) => {
          answer = () => resolve("I have thought of zebrafinch.");
        }),
    ];
    await scene.desk.room.says(zebra.name, "zebrafinch has one more question");
    await expect.poll(() => scene.desk.model.requests.length).toBeGreaterThan(0);
    const seen = scene.desk.room.seen(zebra.name).length;
    const lanes = {
      interrupt: () => {},
      idleIn: (lane: string) => {
        answer();
        return scene.desk.core.idleIn(lane);
      },
    };
    await eraseCustomer({ ...scene.parts, lanes }, zebra.id);
    await scene.desk.quiet();
    expect(scene.filesWith("zebrafinch")).toEqual([]);
    expect(scene.desk.room.seen(zebra.name)).toHaveLength(seen);
  });

  it("who writes again afterwards begins anew", async () => {
    await erase();
    scene.desk.model.script = ["Hello, stranger."];
    scene.desk.model.requests.length = 0;
    await scene.desk.room.says(zebra.name, "hello again");
    await scene.desk.quiet();
    expect(scene.desk.room.seen(zebra.name).at(-1)).toBe("Hello, stranger.");
    expect(scene.desk.model.requests[0]?.transcript).toEqual([{ role: "customer", text: "hello again" }]);
  });
});

describe("a ledger that has grown", () => {
  it("keeps no copy of an erased row in any of its pages", async () => {
    const { ledger } = scene.desk;
    let seed = 7;
    const chance = (below: number) => {
      seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
      return seed % below;
    };
    for (let round = 0; round < 40; round++) {
      await ledger.write(async (tx) => {
        for (let n = 0; n < 100; n++) {
          const who =
            chance(10) === 0 ? zebra : { name: `other-${chance(50)}`, account: `room:t:o${chance(50)}` };
          const id = `${chance(1_000_000)}:${round}:${n}:${who.name}`;
          await tx.run(
            `INSERT INTO messages (id, thread, seq, author, by_user, by_name, text, at)
             VALUES (?, ?, ?, 'customer', ?, ?, ?, 1)`,
            id,
            threadOf(who.name),
            1000 + round * 100 + n,
            who.account,
            who.name,
            `${who.name} `.repeat(1 + chance(60)),
          );
          await tx.run("INSERT INTO inbox_keys (key, seen_at) VALUES (?, 1)", id);
          if (chance(4) === 0) {
            const grown = `${who.name} `.repeat(1 + chance(200));
            await tx.run("UPDATE messages SET text = ? WHERE id = ?", grown, id);
          }
        }
      });
    }
    expect((await erase()).rows.messages).toBeGreaterThan(300);
    expect(scene.filesWith("zebrafinch")).toEqual([]);
  });

  it("is told to be too large to be written anew beside a running desk", async () => {
    const done = await eraseCustomer({ ...scene.parts, scrubBytesMax: 1 }, zebra.id);
    expect(done.whole).toBe(false);
    expect((await erase()).whole).toBe(true);
  });

  it("is read back by another process without them", async () => {
    await erase();
    const path = join(scene.data, "ledger.sqlite");
    const other = await createSqliteLedger({ path, clock: createClock(), log: createLog("silent") });
    const left = await other.read((tx) => tx.all("SELECT id FROM threads ORDER BY id"));
    await other.close();
    expect(left.map((row) => row.id)).toEqual([shared, threadOf(king.name)].sort());
    expect(await createCustomerFiles(scene.data, createClock()).broken()).toEqual([]);
  });
});
