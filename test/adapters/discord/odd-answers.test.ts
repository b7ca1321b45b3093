/** What Discord seldom answers, and what it answers to a process that is not the only one. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Clock, createClock } from "../../../src/clock.ts";
import { codeOf } from "../../../src/errors.ts";
import type { Message, Person } from "../../../src/message.ts";
import type { Platform, Post } from "../../../src/platform.ts";
import type { ThreadId } from "../../../src/thread.ts";
import { eventually, recordingDesk } from "../../contracts/platform.ts";
import { createSetting, type Setting } from "./setting.ts";

let world: Setting;
let platform: Platform;
let desk: ReturnType<typeof recordingDesk>;

beforeEach(async () => {
  world = await createSetting();
  platform = world.adapter();
  desk = recordingDesk();
  await platform.connect(desk);
});
afterEach(() => world.dispose());

const messages = (): Message[] =>
  desk.received.flatMap((one) => (one.kind === "message" ? [one.message] : []));
const rejection = (promise: Promise<unknown> | undefined): Promise<unknown> =>
  Promise.resolve(promise).then(
    () => undefined,
    (error: unknown) => error,
  );
let keys = 0;
const key = () => `odd_${++keys}`;
const shown = (channel: string) => world.server.byBot(channel).map((one) => one.content);

/** Another process of the same desk, which does not listen. */
async function another(clock?: Clock): Promise<Platform> {
  const made = world.adapter(clock ? { clock } : {});
  await made.connect(recordingDesk(), { listening: false });
  return made;
}

/** A customer's DM, and its thread. */
async function dmThread(name = "Ana"): Promise<{ thread: ThreadId; channel: string }> {
  const person = world.server.asUser(name);
  person.dm("hello");
  await eventually(() => expect(messages().map((one) => one.author.name)).toContain(name));
  return { thread: `discord:@me:${person.directChannel.id}`, channel: person.directChannel.id };
}

/** A question in the support channel, and its thread. */
async function asked(text: string): Promise<ThreadId> {
  const question = world.server.asUser("Ana").say(world.support, text);
  await eventually(() => expect(messages().map((one) => one.text)).toContain(text));
  return `discord:${world.support.id}:${question.id}`;
}

/** A clock that is set to another time. */
const clockAhead = (ms: number): Clock => {
  const real = createClock();
  return { ...real, now: () => real.now() + ms };
};

describe("what is changed", () => {
  it("is changed again when another process has changed it meanwhile: the card does not stay as that left it", async () => {
    const cardWith = (footer: string): Post => ({
      text: "Ticket #7",
      card: { title: "Ticket #7", facts: [], sections: [], footer },
    });
    const { id } = await platform.post({ channel: `discord:${world.desk.id}` }, cardWith("Waiting"), key());
    const other = await another();
    await platform.edit?.(id, cardWith("Taken by Maya"));
    await other.edit?.(id, cardWith("Handed back to the bot"));
    await platform.edit?.(id, cardWith("Taken by Maya"));
    expect(JSON.stringify(world.server.byBot(world.desk)[0]?.embeds)).toContain("Taken by Maya");
  });

  it("is changed as it is, also where another process has made it shorter", async () => {
    const { thread, channel } = await dmThread();
    const long = Array.from({ length: 30 }, (_, n) => `Paragraph ${n} ${"word ".repeat(20)}`).join("\n\n");
    const { id } = await platform.post({ thread }, { text: long }, key());
    await eventually(() => expect([...world.marks.saved.keys()].join()).toContain("parts:"));
    const other = await another();
    await other.edit?.(id, { text: "short" });
    expect(shown(channel)).toEqual(["short"]);
    await eventually(() => expect([...world.marks.saved.keys()].join()).not.toContain("parts:"));
    await platform.edit?.(id, { text: long });
    expect(shown(channel).join("\n")).toContain("Paragraph 29");
  });

  it("may become longer, shorter and longer again within the minutes in which Discord remembers it", async () => {
    const { thread, channel } = await dmThread();
    const long = (word: string) =>
      Array.from({ length: 30 }, (_, n) => `${word} ${n} ${"word ".repeat(20)}`).join("\n\n");
    const { id } = await platform.post({ thread }, { text: "short" }, key());
    for (const text of [long("One"), "short", long("Two"), "short", long("Three")]) {
      await platform.edit?.(id, { text });
    }
    expect(shown(channel).join("\n")).toContain("Three 29");
    expect(
      shown(channel)
        .join("\n")
        .match(/Three \d+ /g),
    ).toHaveLength(30);
  });

  it("keeps its files when it becomes shorter", async () => {
    const folder = await mkdtemp(join(tmpdir(), "deskhand-discord-"));
    const path = join(folder, "a.txt");
    await writeFile(path, "content");
    const file = { name: "a.txt", mediaType: "text/plain", bytes: 7, path };
    const { thread, channel } = await dmThread();
    const long = Array.from({ length: 30 }, (_, n) => `Paragraph ${n} ${"word ".repeat(20)}`).join("\n\n");
    const { id } = await platform.post({ thread }, { text: long, as: "Maya", files: [file] }, key());
    await rm(folder, { recursive: true });
    expect(shown(channel).length).toBeGreaterThan(1);
    await platform.edit?.(id, { text: "See the file.", as: "Maya" });
    const files = () =>
      world.server.byBot(channel).flatMap((one) => one.attachments.map(({ filename }) => filename));
    expect(files()).toEqual(["a.txt"]);
    expect(shown(channel).join("")).toBe("**Maya:** See the file.");
    await platform.edit?.(id, { text: long, as: "Maya" });
    expect(shown(channel).join(" ")).toContain("Paragraph 29");
    expect(files()).toEqual(["a.txt"]);
    await platform.remove?.(id);
    expect(shown(channel)).toEqual([]);
  });
});

describe("a private thread", () => {
  async function privately(): Promise<{ person: Person; thread: ThreadId; id: string }> {
    const dm = await dmThread();
    const person = messages().at(-1)?.author as Person;
    world.server.asUser("Ana").closeDms();
    await rejection(platform.post({ thread: dm.thread }, { text: "hi" }, key()));
    const way = await platform.direct?.(person);
    expect(way?.way).toBe("private_thread");
    const thread = way?.thread ?? "";
    return { person, thread, id: thread.split(":")[2] ?? "" };
  }

  it("that was closed since is opened for its person again", async () => {
    const { person, thread, id } = await privately();
    const channel = world.server.world.channels.get(id);
    world.server.world.changeChannel(channel!, { archived: true });
    channel?.members.delete(world.server.asUser("Ana").id);
    expect((await platform.direct?.(person))?.thread).toBe(thread);
    expect(channel?.members).toContain(world.server.asUser("Ana").id);
  });

  it("that was deleted while a process did not listen is made anew by it", async () => {
    const { person, thread, id } = await privately();
    const other = await another();
    const dm = `discord:@me:${world.server.asUser("Ana").directChannel.id}`;
    await rejection(other.post({ thread: dm }, { text: "hi" }, key()));
    expect((await other.direct?.(person))?.thread).toBe(thread);
    world.server.world.removeChannel(world.server.world.channels.get(id)!);
    const anew = await other.direct?.(person);
    expect(anew?.thread).not.toBe(thread);
    await other.post({ thread: anew?.thread as ThreadId }, { text: "In private." }, key());
  });
});

describe("a thread that has been deleted", () => {
  it("is made anew by what is posted in it, also by the process that made it", async () => {
    const card: Post = {
      text: "Ticket #7",
      card: { title: "Ticket #7", facts: [], sections: [{ label: "Ask", text: "money" }] },
    };
    const { thread } = await platform.post({ channel: `discord:${world.desk.id}` }, card, key());
    const { world: discord } = world.server;
    discord.removeChannel(world.server.threadsOf(world.desk)[0] as never);
    await platform.post({ thread }, { text: "**Ana:** Is anybody there?" }, key());
    const [anew] = world.server.threadsOf(world.desk);
    expect(shown(anew?.id ?? "")).toEqual(["**Ana:** Is anybody there?"]);
  });
});

describe("a call that Discord refuses", () => {
  it("because it doubts the token for a moment is made again later, with the token", async () => {
    const { thread, channel } = await dmThread();
    const real = createClock();
    let passed = 0;
    const other = await another({ ...real, elapsed: () => real.elapsed() + passed });
    world.server.rest.fault({
      method: "POST",
      path: /\/messages$/,
      trouble: { kind: "status", status: 401 },
    });
    expect(codeOf(await rejection(other.post({ thread }, { text: "hi" }, key())))).toBe(
      "platform_unauthorized",
    );
    passed += 31_000;
    await other.post({ thread }, { text: "hi again" }, key());
    expect(shown(channel)).toEqual(["hi again"]);
  });

  it("because the server has as many open threads as may be is tried again, and what waits is not given up", async () => {
    const thread = await asked("Where is my order?");
    world.server.rest.fault({
      path: /\/threads$/,
      trouble: {
        kind: "status",
        status: 400,
        code: 160006,
        message: "Maximum number of active threads reached",
      },
    });
    expect(codeOf(await rejection(platform.post({ thread }, { text: "hi" }, key())))).toBe(
      "platform_unavailable",
    );
    await platform.post({ thread }, { text: "hi" }, key());
    expect(shown(thread.split(":")[2] as string)).toEqual(["hi"]);
  });

  it("because of the words in a thread's name is made with a plain name: the answer arrives", async () => {
    const thread = await asked("Where is my **** order?");
    world.server.rest.fault({
      path: /\/threads$/,
      trouble: { kind: "status", status: 400, code: 50035, message: "Invalid Form Body" },
    });
    await platform.post({ thread }, { text: "hi" }, key());
    expect(shown(thread.split(":")[2] as string)).toEqual(["hi"]);
    expect(world.server.threadsOf(world.support).map((one) => one.name)).toEqual(["Support"]);
  });

  it("because it begins too many DMs at a time is made later, and who has no DM yet gets a private thread", async () => {
    const { thread, channel } = await dmThread();
    const hasty = { kind: "status", status: 403, code: 40003 } as const;
    world.server.rest.fault({ method: "POST", path: /\/messages$/, trouble: hasty });
    expect(codeOf(await rejection(platform.post({ thread }, { text: "hi" }, key())))).toBe(
      "platform_unavailable",
    );
    await platform.post({ thread }, { text: "hi" }, key());
    expect(shown(channel)).toEqual(["hi"]);
    const bob = world.server.asUser("Bob");
    world.server.rest.fault({ path: /\/users\/@me\/channels$/, trouble: hasty });
    const way = await platform.direct?.({ id: `discord:0:${bob.id}`, tenant: "0", name: "Bob" });
    expect(way?.way).toBe("private_thread");
  });

  it("at the wall before its API is not refused by Discord: it is tried again", async () => {
    const { thread, channel } = await dmThread();
    world.server.rest.fault({ method: "POST", path: /\/messages$/, trouble: { kind: "wall", status: 403 } });
    expect(codeOf(await rejection(platform.post({ thread }, { text: "hi" }, key())))).toBe(
      "platform_unavailable",
    );
    await platform.post({ thread }, { text: "hi" }, key());
    expect(shown(channel)).toEqual(["hi"]);
  });
});

describe("a machine whose clock is ahead", () => {
  it("answers what is pressed and run all the same", async () => {
    const other = await another(clockAhead(86_400_000));
    const run = world.server.asUser("Ana").command(world.general, "support", "status");
    const command = await eventually(() => {
      const found = desk.received.find((one) => one.kind === "command");
      if (found?.kind !== "command") throw new Error("no command yet");
      return found;
    });
    expect(await other.answer?.(command.interaction, { text: "No request is open." })).toBe(true);
    expect(run).toBeDefined();
    expect(
      world.server
        .asUser("Ana")
        .shownPrivately()
        .map((one) => one.content),
    ).toContain("No request is open.");
  });

  it("finds what it has posted", async () => {
    const { thread } = await dmThread();
    const clock = clockAhead(86_400_000);
    const id = key();
    const since = clock.now();
    const posted = await (await another(clock)).post({ thread }, { text: "Plain words." }, id);
    const found = await (await another(clock)).find?.({ thread }, id, {
      post: { text: "Plain words." },
      since,
    });
    expect(found?.id).toBe(posted.id);
  });
});
