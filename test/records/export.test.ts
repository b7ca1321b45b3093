import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { saveIdentity } from "../../src/ledger/identities.ts";
import { exportCustomer } from "../../src/records/export-customer.ts";
import { threadOf } from "../doubles/room.ts";
import { king, openScene, type Scene, shared, zebra } from "./scene.ts";

let scene: Scene;
beforeEach(async () => {
  scene = await openScene();
});
afterEach(() => scene.close());

interface Exported {
  format: string;
  exported_at: string;
  customer: { asked: string; ids: string[]; accounts: string[] };
  identities: unknown[];
  elsewhere: { thread: string; text: string }[];
  writes: unknown[];
  feedback: { subject: string }[];
  waiting: { state: string }[];
  deeds: unknown[];
  files: string[];
  threads: ExportedThread[];
}

interface ExportedThread {
  id: string;
  messages: { from: string; text: string; at: string; files: { name: string }[] }[];
  left_out: number;
  turns: { outcome: string; calls: unknown[] }[];
  notices: { post: string }[];
  tickets: { number: number; ask: string; brief: { lastWords: string } }[];
  writes: { amount: unknown; state: string; subject: string }[];
  deeds: { action: string }[];
  remembered: unknown;
}

async function told(name: string): Promise<string> {
  let text = "";
  for await (const piece of exportCustomer(scene.parts, name)) text += piece;
  return text;
}

const exported = async (name: string): Promise<Exported> => JSON.parse(await told(name)) as Exported;

describe("an export", () => {
  it("is one JSON document that says whose it is", async () => {
    expect(await exported(zebra.id)).toMatchObject({
      format: "deskhand-export-1",
      exported_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
      customer: { asked: zebra.id, ids: [zebra.id], accounts: [zebra.account] },
    });
  });

  it("tells what was said, done and asked for, and what is remembered", async () => {
    const { threads, files } = await exported(zebra.id);
    expect(threads.map((thread) => thread.id)).toEqual([threadOf(zebra.name)]);
    const [thread] = threads as [ExportedThread];
    expect(thread.messages.map(({ from, text }) => `${from}: ${text}`)).toEqual(
      expect.arrayContaining([
        "customer: Where is my zebrafinch order?",
        "bot: Your order ord_zebrafinch has been shipped.",
        "staff: Dear zebrafinch, I am on it",
        "note: // zebrafinch has written before",
      ]),
    );
    expect(thread.messages[0]?.files).toMatchObject([{ name: "zebrafinch.jpg" }]);
    expect(thread.turns.map((turn) => turn.outcome)).toContain("escalation");
    expect(JSON.stringify(thread.turns)).toContain("ord_zebrafinch street");
    expect(thread.tickets).toMatchObject([{ number: 1, brief: { lastWords: "zebrafinch is angry" } }]);
    expect(thread.writes).toMatchObject([
      { subject: "ord_zebrafinch", amount: { minor: 70_000, currency: "USD" }, state: "done" },
    ]);
    expect(thread.notices.map((notice) => notice.post)).toEqual(
      expect.arrayContaining([expect.stringContaining("is resolved")]),
    );
    expect(thread.deeds.map((deed) => deed.action)).toContain("intent.done");
    expect(thread.remembered).toMatchObject({ summary: "zebrafinch-zoe has an order" });
    expect(files).toHaveLength(2);
  });

  it("holds nothing of anybody else", async () => {
    expect((await told(zebra.id)).toLowerCase()).not.toContain("kingfisher-kim");
    const mine = (await told(king.id)).toLowerCase();
    expect(mine).not.toContain("zebrafinch");
    expect(mine).not.toContain(zebra.id);
  });

  it("of a thread that others wrote in too leaves out their words and what answered them", async () => {
    const thread = (await exported(king.id)).threads.find((one) => one.id === shared);
    expect(thread?.messages.map(({ from, text }) => `${from}: ${text}`)).toEqual([
      "customer: Is there a kingfisher colour?",
      "bot: Kingfisher, that is easy.",
      "customer: A person please, says kingfisher",
      "bot: I have asked a colleague to help you: your ticket is #3. A person will answer you right here.",
    ]);
    expect(thread?.left_out).toBe(3);
    expect(thread?.turns).toHaveLength(2);
    expect(thread?.tickets).toMatchObject([{ ask: "A person please, says kingfisher" }]);
  });

  it("tells what they wrote in threads of others, and only that", async () => {
    expect((await exported(zebra.id)).elsewhere.map(({ thread, text }) => `${thread}: ${text}`)).toEqual([
      `${shared}: And what about a zebrafinch colour for me?`,
      `${shared}: I, the zebrafinch, would like one as well`,
    ]);
  });

  it("tells proofs, ratings and what waits", async () => {
    const { ledger, room } = scene.desk;
    const proof = { tenant: "t", customer: zebra.id, method: "email_code", now: 0 };
    await ledger.write((tx) => saveIdentity(tx, { ...proof, user: zebra.account }));
    await room.presses("feedback", "up t_in_1", zebra.name);
    await scene.desk.quiet();
    await ledger.write((tx) =>
      tx.run("UPDATE inbox SET state = 'waiting' WHERE lane = ?", threadOf(zebra.name)),
    );
    const all = await exported(zebra.account);
    expect(all.identities).toEqual([
      {
        account: zebra.account,
        customer: zebra.id,
        method: "email_code",
        verified_at: "1970-01-01T00:00:00.000Z",
      },
    ]);
    expect(all.feedback).toMatchObject([{ subject: "up" }]);
    expect(all.waiting.filter((one) => one.state === "waiting")).toHaveLength(6);
  });

  it("of somebody unknown is empty, and says so", async () => {
    expect(await exported("cus_unknown")).toMatchObject({
      customer: { asked: "cus_unknown", ids: [], accounts: [] },
      threads: [],
      elsewhere: [],
      identities: [],
    });
  });
});
