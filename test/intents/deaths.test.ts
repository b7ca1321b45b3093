/** The process dies at every commit of a write's way, before and after it; the next process takes over. */
import { afterEach, describe, expect, it } from "vitest";
import type { ToolPolicy } from "../../src/config.ts";
import type { Ledger } from "../../src/ledger.ts";
import { type DeskInARoom, type DeskOptions, openDesk } from "../doubles/desk-in-a-room.ts";
import { createRoom, type Room, threadOf } from "../doubles/room.ts";
import { createScriptedModel, type ScriptedModel } from "../doubles/scripted-model.ts";
import { temporaryFolder } from "../journeys/terminal.ts";
import { mortal } from "./mortal.ts";
import { createShop, obliging, type Shop, usual } from "./shop.ts";

const left: (() => unknown)[] = [];
const cleanUp = async () => {
  for (const remove of left.splice(0).reverse()) await remove();
};
afterEach(cleanUp);

interface Story {
  policy: ToolPolicy;
  /** The shop does not know what it has paid back already. */
  forgets?: true;
  /** What happens, in order; each is delivered until the desk has it, as platforms do. */
  events: ((room: Room) => Promise<unknown>)[];
}

const ann = { id: "room:t:ann", tenant: "t", name: "ann", customer: "cust_ann" };
const writes = (id: string, text: string) => (room: Room) =>
  room.says("ann", text, { id, customer: "cust_ann", order: id });
const presses =
  (id: string, button: string, value: (room: Room) => string, who: typeof ann) => (room: Room) => {
    const thread = threadOf("ann");
    const place = who === ann ? { channel: thread, thread } : { channel: room.deskChannel ?? "" };
    return room.receives({
      kind: "action",
      keys: [id],
      name: button,
      value: value(room),
      interaction: id,
      by: who,
      ...place,
    });
  };
const asked = (room: Room) =>
  room.shown.find((one) => one.post.confirmation)?.post.confirmation?.id ?? "not asked yet";
const maya = { id: "room:t:staff-maya", tenant: "t", name: "Maya" } as typeof ann;

const stories: Record<string, Story> = {
  "confirmed by a word": {
    policy: usual,
    events: [writes("m1", "refund ord_1: it arrived broken"), writes("m2", "yes")],
  },
  "confirmed by a button": {
    policy: usual,
    events: [writes("m1", "refund ord_1: it arrived broken"), presses("p1", "intent.confirm", asked, ann)],
  },
  "done at the customer's request": {
    policy: { ...usual, confirm: "none" },
    events: [writes("m1", "refund ord_1: it arrived broken")],
  },
  "approved by staff": {
    policy: usual,
    events: [
      writes("m1", "refund ord_3: it arrived broken"),
      writes("m2", "yes"),
      presses("p1", "intent.approve", () => "1", maya),
    ],
  },
};

describe.each(Object.entries(stories))("a write %s", (_name, story) => {
  it("is done once and told once, wherever the process dies", async () => {
    const whole = await tell(story, undefined);
    expect(whole.shop.paid.size).toBe(1);
    expect(whole.commits).toBeGreaterThan(5);
    for (let at = 1; at <= whole.commits; at++) {
      for (const made of [true, false]) {
        const { shop, room, desk } = await tell(story, { at, made });
        const where = `dead ${made ? "after" : "before"} commit ${at} of ${whole.commits}`;
        expect(shop.paid.size, where).toBe(1);
        const done = room.seen("ann").filter((text) => /^Done|All right/.test(text));
        expect(done, where).toHaveLength(1);
        expect(await states(desk), where).toEqual(["done"]);
        await cleanUp();
      }
    }
  }, 120_000);
});

describe("a write that has begun", () => {
  const story = stories["done at the customer's request"] as Story;

  it.each([
    ["the model does not ask for it again", []],
    ["the customer asks for a person meanwhile", [writes("m2", "I want to speak to a human")]],
  ])(
    "is carried through, and told once, when %s",
    async (_name, then) => {
      const { commits } = await tell(story, undefined);
      let carried = 0;
      for (let at = 1; at <= commits; at++) {
        for (const made of [true, false]) {
          const { shop, room, desk } = await tell(
            { ...story, events: [...story.events, ...then] },
            { at, made },
            createScriptedModel("What can I do for you?"),
          );
          const where = `dead ${made ? "after" : "before"} commit ${at} of ${commits}`;
          expect(await audited(desk, "intent.done"), where).toBe(shop.paid.size);
          expect(await states(desk), where).not.toContain("running");
          expect(await states(desk), where).not.toContain("approved");
          expect(tellings(room.seen("ann")), where).toHaveLength(shop.paid.size);
          carried += shop.paid.size;
          await cleanUp();
        }
      }
      expect(carried).toBeGreaterThan(0);
    },
    120_000,
  );

  it("is told to the person who has taken the thread meanwhile, once", async () => {
    const { commits } = await tell(story, undefined);
    let carried = 0;
    for (let at = 1; at <= commits; at++) {
      const { shop, room, desk } = await tell(story, { at, made: true }, obliging(), takenByMaya);
      const where = `dead after commit ${at} of ${commits}`;
      expect(await states(desk), where).not.toContain("running");
      const posts = await desk.ledger.read((tx) =>
        tx.all<{ send: string }>("SELECT send FROM outbox WHERE lane = 'ticket:1'"),
      );
      const staff = posts.filter(({ send }) => /“(?:Done: Refund|All right)/.test(send));
      expect(staff.length + tellings(room.seen("ann")).length, where).toBe(shop.paid.size);
      carried += staff.length;
      await cleanUp();
    }
    expect(carried).toBeGreaterThan(1);
  });

  it("is done once when an older message, of which nothing was known, comes before it is asked for again", async () => {
    const money = usual.money && { ...usual.money, perOrderMaxMinor: 20_000 };
    const policy: ToolPolicy = { ...usual, confirm: "none", money };
    const forgetful: Story = { ...story, policy, forgets: true };
    const { commits } = await tell(forgetful, undefined);
    for (let at = 1; at <= commits; at++) {
      const { shop, room } = await tell(
        forgetful,
        { at, made: true },
        obliging(),
        writes("m0", "I have a question"),
      );
      const where = `dead after commit ${at} of ${commits}`;
      expect(shop.paid.size, where).toBe(1);
      expect(tellings(room.seen("ann")), where).not.toEqual([]);
      await cleanUp();
    }
  });

  it("is told by the turn that it was asked for in, whatever else that comes to", async () => {
    const shop = createShop();
    const folder = temporaryFolder();
    left.push(folder.remove);
    const refund = (order: string) => ({ name: "refund", arguments: { order, reason: "it arrived broken" } });
    const desk = await openNext({
      data: folder.path,
      tools: [shop.tool],
      configure: (config) => ({ ...config, tools: { refund: { ...usual, confirm: "none" } } }),
      model: createScriptedModel({
        calls: [refund("ord_1"), { name: "escalate_to_human", arguments: { reason: "more to do" } }],
      }),
    });
    await comesOf(desk, writes("m1", "it arrived broken"));
    expect(shop.paid.size).toBe(1);
    expect(desk.room.seen("ann")[0]).toContain("Done: Refund 40.00 USD for ord_1.");
  });

  it("and of which nobody knows whether it was done is for a person, whatever the model says of it", async () => {
    const shop = createShop();
    shop.faults.push("before", "before", "before");
    const folder = temporaryFolder();
    left.push(folder.remove);
    const desk = await openNext({
      data: folder.path,
      tools: [shop.tool],
      configure: (config) => ({ ...config, tools: { refund: { ...usual, confirm: "none" } } }),
      model: obliging(),
    });
    await comesOf(desk, writes("m1", "refund ord_1: it arrived broken"));
    expect(await states(desk)).toEqual(["failed"]);
    expect(desk.room.seen(desk.room.deskChannel ?? "")).toHaveLength(1);
  });
});

/** A person takes the thread before the next process begins with anything. */
const takenByMaya = (_room: Room, ledger: Ledger) =>
  ledger.write(async (tx) => {
    await tx.run(
      `INSERT INTO tickets (number, thread, state, ask, reason, priority, queue, language, brief, opened_at, changed_at)
       VALUES (1, ?, 'taken', '', '', 'normal', 'general', 'en', '{}', 0, 0)`,
      threadOf("ann"),
    );
    await tx.run(
      "UPDATE threads SET control = 'taken_over', version = version + 1, ticket = 1 WHERE id = ?",
      threadOf("ann"),
    );
  });

/** What says that the refund was made: the store's own words, or the model's in the stories here. */
const tellings = (seen: readonly string[]) => seen.filter((text) => /^Done: Refund|^All right/.test(text));

describe("what the customer has confirmed", () => {
  const { events, policy } = stories["confirmed by a word"] as Story;
  const changed = (kind: "edit" | "deletion") => async (room: Room) => {
    const place = { thread: threadOf("ann"), channel: threadOf("ann") };
    const keys: [string] = [`${kind}-of-m2`];
    if (kind === "deletion") return room.receives({ kind, keys, message: "m2", ...place });
    const message = { ...place, id: "m2", text: "yes, and where is my parcel?", author: ann, files: [] };
    const shown = { order: "0", sentAt: 0, visibility: "private" as const, addressed: true };
    return room.receives({ kind, keys, message: { ...shown, ...message } });
  };

  it.each([
    ["another message has come", writes("m3", "and where is my parcel?"), /^All right/],
    ["their yes has become another text", changed("edit"), /^Done/],
    ["their yes has been deleted", changed("deletion"), /^Done/],
  ])(
    "is told once, if it is done, when the process dies and %s before the next one begins",
    async (_name, meanwhile, answer) => {
      const { commits } = await tell({ policy, events }, undefined);
      let done = 0;
      for (let at = 1; at <= commits; at++) {
        const { shop, room, desk } = await tell(
          { policy, events },
          { at, made: true },
          obliging(),
          meanwhile,
        );
        const where = `dead after commit ${at} of ${commits}`;
        const told = room.seen("ann").filter((text) => text.startsWith("Done"));
        expect(told, where).toHaveLength(shop.paid.size);
        for (const state of await states(desk)) expect(["proposed", "done"], where).toContain(state);
        if (told.length > 0 && room.seen("ann").some((text) => answer.test(text))) done += 1;
        await cleanUp();
      }
      expect(done).toBeGreaterThan(2);
    },
    120_000,
  );
});

/**
 * The story in a process that dies once, and in the one after it.
 * @param meanwhile what comes in before the second one has begun with anything
 */
async function tell(
  story: Story,
  death: { at: number; made: boolean } | undefined,
  nextModel: ScriptedModel = obliging(),
  meanwhile?: (room: Room, ledger: Ledger) => Promise<unknown>,
): Promise<{ shop: Shop; room: Room; desk: DeskInARoom; commits: number }> {
  const shop = createShop({ tells: !story.forgets });
  const life = mortal(death);
  const room = createRoom();
  const folder = temporaryFolder();
  left.push(folder.remove);
  const options: DeskOptions = {
    room,
    data: folder.path,
    model: obliging(),
    tools: [shop.tool],
    configure: (config) => ({ ...config, tools: { refund: story.policy } }),
  };
  const first = openDesk({ ...options, between: life.between });
  first.then((desk) => left.push(() => (life.gone ? desk.ledger.close() : desk.close())));
  let desk = await Promise.race([first, life.dead]);
  let second = false;
  for (const event of story.events) {
    if (desk && (await Promise.race([comesOf(desk, event), ...(second ? [] : [life.dead])]))) continue;
    let ledger: Ledger | undefined;
    const happened = meanwhile && (() => meanwhile(room, ledger as Ledger));
    desk = await openNext({
      ...options,
      between: (real) => (ledger = real),
      room: happened ? eager(room, happened) : room,
      model: nextModel,
    });
    second = true;
    await comesOf(desk, event);
  }
  return { shop, room, desk: desk as DeskInARoom, commits: life.commits };
}

/** The same room, in which something has happened that it tells of as soon as it is connected. */
const eager = (room: Room, happened: (room: Room) => Promise<unknown>): Room => ({
  ...room,
  async connect(desk) {
    await room.connect(desk);
    await happened(room);
  },
});

async function openNext(options: DeskOptions): Promise<DeskInARoom> {
  const desk = await openDesk(options);
  left.push(desk.close);
  return desk;
}

async function comesOf(desk: DeskInARoom, event: Story["events"][number]): Promise<boolean> {
  await event(desk.room);
  await desk.quiet();
  return true;
}

async function audited(desk: DeskInARoom, action: string): Promise<number> {
  const rows = await desk.ledger.read((tx) => tx.all("SELECT id FROM audit WHERE action = ?", action));
  return rows.length;
}

async function states(desk: DeskInARoom): Promise<string[]> {
  const rows = await desk.ledger.read((tx) => tx.all<{ state: string }>("SELECT state FROM intents"));
  return rows.map((row) => row.state);
}
