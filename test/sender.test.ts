/** The sender where several processes send: what one of them has shown stands, whatever else fails. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createClock } from "../src/clock.ts";
import type { Claim, Role } from "../src/crew.ts";
import { DeskError } from "../src/errors.ts";
import { migrate } from "../src/ledger/migrate.ts";
import { migrations } from "../src/ledger/migrations.ts";
import { enqueue, type OutboxRow, reserve } from "../src/ledger/outbox.ts";
import { openThread, versionOf } from "../src/ledger/threads.ts";
import type { Ledger } from "../src/ledger.ts";
import { createLog } from "../src/log.ts";
import type { Draft } from "../src/platform.ts";
import { createSender, type Sender } from "../src/sender.ts";
import { openLedger } from "./doubles/ledgers.ts";
import { createRoom, type Room, threadOf } from "./doubles/room.ts";

const clock = createClock();
const log = createLog("silent");
const thread = threadOf("ann");
const reply = "o_reply";
const answer = { text: "It is nine." };

let folder: string;
let ledger: Ledger;
let room: Room;
let sender: Sender;
/** The next write fails when this says so. */
let fails: () => boolean;
/** Whether a process works on the thread, at the moment it is asked. */
let claimed: () => Promise<boolean>;
/** Another process has the lane by now. */
let lost: boolean;
/** The claim of the lane, when it is asked for. */
let claiming: () => Claim | undefined;
/** Something has just been read. */
let wasRead: (result: unknown) => Promise<void>;
let roles: Set<Role>;
let elsewhere: Set<string>;
let offered: string[];
beforeEach(async () => {
  lost = false;
  claiming = () => claim;
  wasRead = async () => {};
  roles = new Set(["send"]);
  elsewhere = new Set();
  offered = [];
  folder = mkdtempSync(join(tmpdir(), "sender-"));
  fails = () => false;
  claimed = async () => false;
  const file = await openLedger(folder, { clock, log });
  await migrate(file, migrations, { clock, log });
  ledger = {
    ...file,
    async read(work) {
      const result = await file.read(work);
      await wasRead(result);
      return result;
    },
    async write(work, how) {
      if (!fails()) return file.write(work, how);
      fails = () => false;
      throw new DeskError("ledger_busy", "the database is away");
    },
  };
  room = createRoom({ drafts: true });
  await room.connect({ receive: async () => {}, suggest: async () => [] });
  sender = createSender({
    ledger,
    platforms: new Map([[room.name, room]]),
    crew: {
      roles,
      claim: async () => claiming(),
      claimed: () => claimed(),
      offerSends: (lanes) => void offered.push(...lanes),
      later: async () => {},
    },
    sent: async () => [],
    elsewhere,
    overtaken: async () => [],
    failed: async () => [],
    clock,
    log,
  });
});
afterEach(async () => {
  await sender.stop(0);
  await ledger.close();
  rmSync(folder, { recursive: true, force: true });
});

const claim: Claim = {
  takenOver: false,
  signal: new AbortController().signal,
  holds: () => !lost,
  check: async () => {
    if (lost) throw new DeskError("ledger_conflict", "another process has taken over the lane");
  },
  release: async () => {},
};

/** A reply that is being shown, or is about to be. */
async function draftIn(reserved: boolean): Promise<Draft> {
  await ledger.write(async (tx) => {
    await openThread(tx, messageIn(), 0);
    if (reserved) await reserve(tx, clock, { id: reply, thread, fence: 0 });
    await tx.run("UPDATE outbox SET fence = ?", (await versionOf(tx, thread)) ?? 0);
  });
  return room.draft?.({ thread }, reply) as Draft;
}

/** The turn has ended with this reply. */
const written = (): Promise<OutboxRow> =>
  ledger.write(async (tx) =>
    enqueue(tx, clock, {
      id: reply,
      lane: thread,
      author: "bot",
      thread,
      fence: (await versionOf(tx, thread)) ?? 0,
      send: { does: "post", to: { thread }, post: answer },
    }),
  );

const messageIn = () => ({
  id: "room:m:0",
  thread,
  channel: thread,
  author: { id: "room:t:ann", tenant: "t", name: "ann" },
  text: "What time is it?",
  sentAt: 0,
  order: "",
  visibility: "private" as const,
  addressed: true,
  files: [],
});

const stateOf = async () =>
  (await ledger.read((tx) => tx.get<{ state: string }>("SELECT state FROM outbox WHERE id = ?", reply)))
    ?.state;
const shownWhole = () => room.shown.some((one) => one.post.text === answer.text);

describe("a reply that could not be noted as sent", () => {
  it.each([
    ["that nobody saw grow", false],
    ["that grew while it was written", true],
  ])("%s is not shown again", async (_name, grows) => {
    const draft = await draftIn(grows);
    if (grows) draft.append("It is ");
    const row = await written();
    fails = shownWhole;
    sender.push([row], new Map([[reply, draft]]));
    await sender.idle();
    expect(await stateOf()).toBe("sent");
    expect(room.shown.map(({ post, removed }) => [post.text, removed])).toEqual([[answer.text, false]]);
  });

  it("and had not been shown whole is shown to its end", async () => {
    const draft = await draftIn(true);
    draft.append("It is ");
    const row = await written();
    await ledger.write((tx) => tx.run("UPDATE outbox SET state = 'sending'"));
    sender.push([row], new Map([[reply, draft]]));
    await sender.idle();
    expect(await stateOf()).toBe("sent");
    expect(room.shown.map(({ post, removed }) => [post.text, removed])).toEqual([[answer.text, false]]);
  });
});

describe("a reply that another process is showing while it is written", () => {
  it("is not taken back when that process has ended it since it was read", async () => {
    const draft = await draftIn(true);
    draft.append("It is ");
    let row: OutboxRow | undefined;
    claimed = async () => {
      row = await written();
      return false;
    };
    await sender.sendLane(thread);
    expect(room.seen("ann")).toEqual(["It is "]);
    sender.push([row as OutboxRow], new Map([[reply, draft]]));
    await sender.idle();
    expect(await stateOf()).toBe("sent");
    expect(room.shown.map(({ post, removed }) => [post.text, removed])).toEqual([[answer.text, false]]);
  });

  it("is not taken back by a process that has lost the lane", async () => {
    (await draftIn(true)).append("It is ");
    claimed = async () => {
      lost = true;
      return false;
    };
    await sender.sendLane(thread);
    expect(room.seen("ann")).toEqual(["It is "]);
    expect(await stateOf()).toBe("drafting");
  });

  it("is taken back when that process has died", async () => {
    (await draftIn(true)).append("It is ");
    await sender.sendLane(thread);
    expect(room.seen("ann")).toEqual([]);
    expect(await stateOf()).toBe("cancelled");
  });
});

describe("a row of a platform that only one process has", () => {
  const post = () =>
    ledger.write((tx) =>
      enqueue(tx, clock, {
        id: reply,
        lane: thread,
        author: "staff",
        send: { does: "post", to: { thread }, post: answer },
      }),
    );

  it("is sent by that process, which sends nothing else", async () => {
    roles.delete("send");
    sender.push([await post()]);
    await sender.idle();
    expect(room.seen("ann")).toEqual([answer.text]);
    const other = await ledger.write((tx) =>
      enqueue(tx, clock, {
        lane: "ticket:1",
        author: "desk",
        send: { does: "post", to: { ticket: 1 }, post: answer },
      }),
    );
    sender.push([other]);
    expect(offered).toEqual(["ticket:1"]);
  });

  it("is left to that process by whoever sends all else", async () => {
    elsewhere.add(room.name);
    sender.push([await post()]);
    await sender.sendLane(thread);
    await sender.idle();
    expect(offered).toEqual([thread]);
    expect(await stateOf()).toBe("waiting");
  });
});

it("what comes while a lane is found to be empty is sent at once", async () => {
  await draftIn(false);
  const others = await ledger.write((tx) =>
    enqueue(tx, clock, {
      lane: thread,
      author: "desk",
      send: { does: "post", to: { thread }, post: { text: "-" } },
    }),
  );
  claiming = () => {
    // Another process has the lane, and sends what waits there.
    claiming = () => claim;
    return undefined;
  };
  await ledger.write((tx) => tx.run("UPDATE outbox SET state = 'sent'"));
  wasRead = async (result) => {
    if (!Array.isArray(result) || result.length > 0) return;
    wasRead = async () => {};
    sender.push([await written()]);
  };
  sender.push([others]);
  await sender.idle();
  expect(await stateOf()).toBe("sent");
  expect(room.seen("ann")).toEqual([answer.text]);
});

it("what another process has written while its lane was being sent is sent behind it", async () => {
  await draftIn(false);
  const words = (text: string) =>
    ledger.write((tx) =>
      enqueue(tx, clock, {
        lane: thread,
        author: "staff",
        send: { does: "post", to: { thread }, post: { text } },
      }),
    );
  await words("first");
  const release = room.hold("ann");
  const first = sender.sendLane(thread);
  await expect
    .poll(() => ledger.read((tx) => tx.all("SELECT id FROM outbox WHERE state = 'sending'")))
    .toHaveLength(1);
  await words("second");
  const second = sender.sendLane(thread);
  release();
  await Promise.all([first, second]);
  expect(room.seen("ann")).toEqual(["first", "second"]);
});

it("what is written while another process sends that lane is sent once that has ended", async () => {
  await draftIn(false);
  await written();
  let asked = 0;
  claiming = () => (++asked > 2 ? claim : undefined);
  await sender.sendLane(thread);
  expect(room.seen("ann")).toEqual([answer.text]);
});
