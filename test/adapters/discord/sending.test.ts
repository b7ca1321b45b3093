import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { snowflakeAt } from "../../../adapters/discord/thread-id.ts";
import { type Clock, createClock } from "../../../src/clock.ts";
import { codeOf, DeskError } from "../../../src/errors.ts";
import type { Message, Person } from "../../../src/message.ts";
import type { Platform, Post } from "../../../src/platform.ts";
import type { ThreadId } from "../../../src/thread.ts";
import { eventually, recordingDesk } from "../../contracts/platform.ts";
import { permissions } from "../../doubles/discord-server/world.ts";
import { createSetting, type Setting } from "./setting.ts";

let world: Setting;
let platform: Platform;
let desk: ReturnType<typeof recordingDesk>;

async function begin(options: Parameters<typeof createSetting>[0] = {}): Promise<void> {
  world = await createSetting(options);
  platform = world.adapter();
  desk = recordingDesk();
  await platform.connect(desk);
}
beforeEach(() => begin());
afterEach(() => world.dispose());

const messages = (): Message[] =>
  desk.received.flatMap((one) => (one.kind === "message" ? [one.message] : []));
const newest = () => eventually(() => messages().at(-1) ?? Promise.reject(new Error("no message")));
const rejection = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => undefined,
    (error: unknown) => error,
  );
let keys = 0;
const key = () => `o_${++keys}`;

/** Whoever asks it to be called in a minute or later is called soon, and that much time has passed then. */
function clockWithoutLongWaits(): Clock & { pass(ms: number): void } {
  const real = createClock();
  let passed = 0;
  return {
    ...real,
    elapsed: () => real.elapsed() + passed,
    after(ms, call) {
      if (ms < 60_000) return real.after(ms, call);
      // Longer than a busy machine takes for what is answered.
      return real.after(400, () => {
        passed += ms;
        call();
      });
    },
    pass(ms) {
      passed += ms;
    },
  };
}

/** A customer's DM, and its thread. */
async function dmThread(name = "Ana"): Promise<{ thread: ThreadId; channel: string }> {
  const person = world.server.asUser(name);
  person.dm("hello");
  await eventually(() => expect(messages().map((one) => one.author.name)).toContain(name));
  return { thread: `discord:@me:${person.directChannel.id}`, channel: person.directChannel.id };
}
const shown = (channel: string) => world.server.byBot(channel).map((one) => one.content);
const creates = (channel: string) =>
  world.server.rest.calls.filter(
    (call) => call.method === "POST" && call.path === `/channels/${channel}/messages`,
  );

const folders: string[] = [];
afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true });
});

/** Seven bytes that can be sent. */
async function someFile() {
  const folder = await mkdtemp(join(tmpdir(), "deskhand-discord-"));
  folders.push(folder);
  const path = join(folder, "a.txt");
  await writeFile(path, "content");
  return { name: "a.txt", mediaType: "text/plain", bytes: 7, path };
}

describe("a limit of edits of old messages", () => {
  it("holds up no others", async () => {
    const { thread, channel } = await dmThread();
    const fresh = await platform.post({ thread }, { text: "fresh" }, key());
    const old = `discord:${channel}:${snowflakeAt(Date.now() - 7_200_000)}`;
    const trouble = { kind: "limited", seconds: 10, code: 30046 } as const;
    world.server.rest.fault({ method: "PATCH", trouble });
    for (let n = 0; n < 2; n++) {
      const refused = await rejection(Promise.resolve(platform.edit?.(old, { text: "changed" })));
      expect(codeOf(refused)).toBe("platform_rate_limited");
    }
    await platform.edit?.(fresh.id, { text: "changed" });
    expect(shown(channel)).toEqual(["changed"]);
    expect(world.server.rest.calls.filter((call) => call.method === "PATCH")).toHaveLength(2);
  });
});

describe("a send whose answer is lost", () => {
  for (const trouble of [
    { kind: "reset", after: true },
    { kind: "status", status: 500, after: true },
    { kind: "garbage" },
  ] as const) {
    it(`is ambiguous, and sending it again shows it once (${JSON.stringify(trouble)})`, async () => {
      const { thread, channel } = await dmThread();
      const id = key();
      world.server.rest.fault({ method: "POST", path: /\/messages$/, trouble });
      expect(codeOf(await rejection(platform.post({ thread }, { text: "once" }, id)))).toBe(
        "platform_ambiguous",
      );
      await platform.post({ thread }, { text: "once" }, id);
      expect(shown(channel)).toEqual(["once"]);
    });
  }

  it("is found by its words long after the nonce is forgotten, and not by the same words under another key", async () => {
    const { thread, channel } = await dmThread();
    await platform.post({ thread }, { text: "You are welcome." }, key());
    const id = key();
    expect(await platform.find?.({ thread }, id)).toBeUndefined();
    world.server.rest.fault({ method: "POST", path: /\/messages$/, trouble: { kind: "reset", after: true } });
    await rejection(platform.post({ thread }, { text: "You are welcome." }, id));
    world.server.routes.forgetNonces();
    const found = await platform.find?.({ thread }, id);
    expect(found?.id).toBe(`discord:${channel}:${world.server.byBot(channel)[1]?.id}`);
  });

  it("is found after a restart by the tag in its buttons", async () => {
    const { thread, channel } = await dmThread();
    const id = key();
    world.server.rest.fault({ method: "POST", path: /\/messages$/, trouble: { kind: "reset", after: true } });
    await rejection(platform.post({ thread }, { text: "Was this right?", feedback: "t_1" }, id));
    await platform.close();
    world.server.routes.forgetNonces();
    const next = world.adapter();
    await next.connect(recordingDesk());
    expect((await next.find?.({ thread }, id))?.id).toBe(
      `discord:${channel}:${world.server.byBot(channel)[0]?.id}`,
    );
    expect(await next.find?.({ thread }, key())).toBeUndefined();
  });

  it("is found after a restart by what was sent", async () => {
    const { thread, channel } = await dmThread();
    const id = key();
    const since = Date.now();
    world.server.rest.fault({ method: "POST", path: /\/messages$/, trouble: { kind: "reset", after: true } });
    await rejection(platform.post({ thread }, { text: "Plain words." }, id));
    await platform.close();
    const next = world.adapter();
    await next.connect(recordingDesk());
    const found = await next.find?.({ thread }, id, { post: { text: "Plain words." }, since });
    expect(found?.id).toBe(`discord:${channel}:${world.server.byBot(channel)[0]?.id}`);
    expect(await next.find?.({ thread }, key(), { post: { text: "Other words." }, since })).toBeUndefined();
  });

  it("is not taken for arrived because an equal one of just before is there", async () => {
    const { thread, channel } = await dmThread();
    const post = { text: "One moment please." };
    const since = Date.now();
    const posted = await platform.post({ thread }, post, key());
    await platform.close();
    const next = world.adapter();
    await next.connect(recordingDesk());
    const taken = async (message: string) => message === posted.id;
    const id = key();
    expect(await next.find?.({ thread }, id, { post, since, taken })).toBeUndefined();
    await next.post({ thread }, post, id);
    expect(shown(channel)).toEqual([post.text, post.text]);
    await next.close();
    const last = world.adapter();
    await last.connect(recordingDesk());
    const found = await last.find?.({ thread }, id, { post, since, taken });
    expect(found?.id).toBe(`discord:${channel}:${world.server.byBot(channel)[1]?.id}`);
  });

  it("is found once each when two equal ones are looked for, and nobody has noted either", async () => {
    const { thread } = await dmThread();
    const post = { text: "One moment please." };
    const since = Date.now();
    const ids = [key(), key()];
    for (const id of ids) await platform.post({ thread }, post, id);
    await platform.close();
    const next = world.adapter();
    await next.connect(recordingDesk());
    const sought = { post, since, taken: async () => false };
    const found = await Promise.all(ids.map((id) => next.find?.({ thread }, id, sought)));
    expect(new Set(found.map((one) => one?.id)).size).toBe(2);
    expect(await next.find?.({ thread }, key(), sought)).toBeUndefined();
  });

  it("goes on where it broke off when the post is longer than a message", async () => {
    const { thread, channel } = await dmThread();
    const text = Array.from({ length: 30 }, (_, n) => `Paragraph ${n} ${"word ".repeat(40)}`).join("\n\n");
    const id = key();
    world.server.rest.fault({
      method: "POST",
      path: /\/messages$/,
      times: 1,
      trouble: { kind: "reset", after: true },
    });
    await rejection(platform.post({ thread }, { text }, id));
    expect(await platform.find?.({ thread }, id, { post: { text }, since: Date.now() })).toBeUndefined();
    await platform.post({ thread }, { text }, id);
    const all = shown(channel).join("\n");
    expect([...all.matchAll(/Paragraph (\d+) /g)].map((match) => Number(match[1]))).toEqual(
      Array.from({ length: 30 }, (_, n) => n),
    );
    expect((await platform.find?.({ thread }, id))?.id).toBe(
      `discord:${channel}:${world.server.byBot(channel)[0]?.id}`,
    );
  });

  it("can be taken back by another process, too, where only a part of it has arrived", async () => {
    const { thread, channel } = await dmThread();
    const sent = { post: { text: "word ".repeat(1_000) }, since: Date.now() };
    const id = key();
    const part = { method: "POST", path: /\/messages$/ };
    world.server.rest.fault({ ...part, trouble: { kind: "slow", ms: 0 } });
    world.server.rest.fault({ ...part, trouble: { kind: "limited", seconds: 1 } });
    await rejection(platform.post({ thread }, sent.post, id));
    const other = world.adapter();
    await other.connect(recordingDesk(), { listening: false });
    expect(await other.find?.({ thread }, id, sent)).toBeUndefined();
    const found = await other.find?.({ thread }, id, { ...sent, over: true });
    await other.remove?.(found?.id ?? "");
    expect(shown(channel)).toEqual([]);
  });

  it("is known to have several parts by every process as soon as it is posted", async () => {
    const { thread } = await dmThread();
    const posted = await platform.post({ thread }, { text: "word ".repeat(1_000) }, key());
    expect(world.marks.saved.has(`parts:${posted.id.split(":").at(-1)}`)).toBe(true);
  });

  it("can be taken back where only a part of it has arrived, and nobody means to go on with it", async () => {
    const { thread, channel } = await dmThread();
    const post = { text: "word ".repeat(1_000) };
    const id = key();
    const part = { method: "POST", path: /\/messages$/ };
    for (let n = 0; n < 2; n++) world.server.rest.fault({ ...part, trouble: { kind: "slow", ms: 0 } });
    world.server.rest.fault({ ...part, trouble: { kind: "limited", seconds: 1 } });
    expect(codeOf(await rejection(platform.post({ thread }, post, id)))).toBe("platform_rate_limited");
    expect(await platform.find?.({ thread }, id, { post, since: Date.now() })).toBeUndefined();
    expect(shown(channel)).toHaveLength(2);
    const found = await platform.find?.({ thread }, id);
    await platform.remove?.(found?.id ?? "");
    expect(shown(channel)).toEqual([]);
  });

  it("gives up waiting after ten seconds and does not know", async () => {
    const { thread } = await dmThread();
    world.server.rest.fault({ method: "POST", path: /\/messages$/, trouble: { kind: "hang", after: true } });
    expect(codeOf(await rejection(platform.post({ thread }, { text: "slow" }, key())))).toBe(
      "platform_ambiguous",
    );
  });

  it("is certain when nothing could be reached", async () => {
    const { thread } = await dmThread();
    await world.server.close();
    expect(codeOf(await rejection(platform.post({ thread }, { text: "nobody" }, key())))).toBe(
      "platform_unavailable",
    );
  });
});

describe("a rate limit", () => {
  it("is kept: no call is made inside it, and other channels go on", async () => {
    const ana = await dmThread("Ana");
    const bob = await dmThread("Bob");
    world.server.rest.fault({
      method: "POST",
      path: new RegExp(`^/channels/${ana.channel}/messages$`),
      trouble: { kind: "limited", seconds: 1.5 },
    });
    const refused = await rejection(platform.post({ thread: ana.thread }, { text: "one" }, key()));
    expect(refused instanceof DeskError && refused.retryAfterMs).toBeGreaterThanOrEqual(1_500);
    for (let n = 0; n < 5; n++) {
      expect(codeOf(await rejection(platform.post({ thread: ana.thread }, { text: "two" }, key())))).toBe(
        "platform_rate_limited",
      );
      await platform.post({ thread: bob.thread }, { text: `to Bob ${n}` }, key());
    }
    await eventually(() => platform.post({ thread: ana.thread }, { text: "later" }, key()));
    expect(world.server.rest.disobeyed).toBe(0);
    expect(creates(ana.channel)).toHaveLength(2);
  });

  it("of everything is kept by everything, but not by answers to interactions", async () => {
    const ana = await dmThread("Ana");
    const bob = await dmThread("Bob");
    const button = { label: "Confirm", action: "confirm", value: "1" };
    await platform.post({ thread: bob.thread }, { text: "Sure?", buttons: [button] }, key());
    world.server.rest.fault({
      method: "POST",
      path: /\/messages$/,
      trouble: { kind: "limited", seconds: 10, global: true },
    });
    await rejection(platform.post({ thread: ana.thread }, { text: "one" }, key()));
    expect(codeOf(await rejection(platform.post({ thread: bob.thread }, { text: "two" }, key())))).toBe(
      "platform_rate_limited",
    );
    const pressed = world.server.asUser("Bob").click("Confirm");
    await world.server.waitFor(() => pressed.answered !== undefined, "an answer");
    expect(world.server.rest.disobeyed).toBe(0);
  });

  it("that is announced by an empty bucket is kept before Discord refuses", async () => {
    await world.dispose();
    await begin({ bucket: { limit: 3, perMs: 30_000 } });
    const { thread, channel } = await dmThread();
    const outcomes = [];
    for (let n = 0; n < 5; n++)
      outcomes.push(codeOf(await rejection(platform.post({ thread }, { text: `${n}` }, key()))));
    expect(outcomes).toEqual([
      undefined,
      undefined,
      undefined,
      "platform_rate_limited",
      "platform_rate_limited",
    ]);
    expect(creates(channel)).toHaveLength(3);
    expect(world.server.rest.invalidRequests).toBe(0);
  });

  it("stops everything long before so many calls are refused that the address is banned", async () => {
    const { thread } = await dmThread();
    await platform.close();
    platform = world.adapter({ callsPerSecond: 10_000 });
    await platform.connect(desk);
    world.server.asUser("Ana").closeDms();
    let code: unknown;
    for (let n = 0; n < 1_100 && code !== "platform_rate_limited"; n++) {
      code = codeOf(await rejection(platform.post({ thread }, { text: "x" }, key())));
    }
    expect(code).toBe("platform_rate_limited");
    expect(world.server.rest.invalidRequests).toBeLessThanOrEqual(1_000);
  });
});

describe("a person who takes no DMs", () => {
  const person = (): Person => messages().at(-1)?.author as Person;

  it("is unreachable at once, and then reached in a private thread", async () => {
    const { server, support } = world;
    const ana = server.asUser("Ana");
    const question = ana.say(support, "Where is my order?");
    const near = (await newest()).thread;
    expect(near).toBe(`discord:${support.id}:${question.id}`);
    ana.closeDms();
    const direct = await platform.direct?.(person(), near);
    expect(direct?.way).toBe("direct");
    const error = await rejection(platform.post({ thread: direct!.thread }, { text: "In private." }, key()));
    expect(codeOf(error)).toBe("platform_unreachable");
    const other = await platform.direct?.(person(), near);
    expect(other?.way).toBe("private_thread");
    await platform.post({ thread: other!.thread }, { text: "In private." }, key());
    const [thread] = server.threadsOf(support).filter((one) => one.type === 12);
    expect(thread?.members).toContain(ana.id);
    expect(shown(thread!.id)).toEqual(["In private."]);
    expect((await platform.direct?.(person(), near))?.thread).toBe(other?.thread);

    ana.say(thread!, "my order is ord_1002");
    await eventually(() =>
      expect(messages().at(-1)).toMatchObject({ thread: other?.thread, visibility: "private" }),
    );
  });

  it("is asked in a DM again once they have written one", async () => {
    const ana = world.server.asUser("Ana");
    const { thread } = await dmThread();
    ana.closeDms();
    await rejection(platform.post({ thread }, { text: "hi" }, key()));
    expect((await platform.direct?.(person()))?.way).toBe("private_thread");
    ana.openDms();
    ana.dm("now you can");
    await eventually(() => expect(messages().at(-1)?.text).toBe("now you can"));
    expect((await platform.direct?.(person()))?.way).toBe("direct");
  });

  it("who shares no server with the bot is unreachable", async () => {
    const { thread } = await dmThread();
    world.server.guild.members.delete(world.server.asUser("Ana").id);
    expect(codeOf(await rejection(platform.post({ thread }, { text: "hi" }, key())))).toBe(
      "platform_unreachable",
    );
  });
});

describe("a question in a support channel", () => {
  it("gets its thread with the first reply, named after the question, made once", async () => {
    const { server, support } = world;
    const ana = server.asUser("Ana");
    const question = ana.say(support, "**How** do I export @everyone ord_1002?\nmore");
    const { thread } = await newest();
    await Promise.all([
      platform.working?.(thread, "thinking"),
      platform.post({ thread }, { text: "Like this." }, key()),
      platform.post({ thread }, { text: "And this." }, key()),
    ]);
    const [made, ...more] = server.threadsOf(support);
    expect(more).toEqual([]);
    expect(made?.id).toBe(question.id);
    expect(made?.name).toBe("How do I export @\u200Beveryone ord_1002?");
    expect(shown(question.id).sort()).toEqual(["And this.", "Like this."]);
    expect(made?.typing.length).toBeGreaterThan(0);
    ana.say(question.id, "thanks");
    await eventually(() => expect(messages().at(-1)).toMatchObject({ text: "thanks", thread }));
  });

  it("gets its thread after a restart, too, and takes one that somebody has made", async () => {
    const { server, support } = world;
    const ana = server.asUser("Ana");
    const first = ana.say(support, "first");
    const second = ana.say(support, "second");
    await eventually(() => expect(messages()).toHaveLength(2));
    await platform.close();
    server.world.addChannel({
      id: second.id,
      type: 11,
      name: "made",
      guild: server.guild,
      parent: support,
      owner_id: ana.id,
    });
    const next = world.adapter();
    await next.connect(recordingDesk());
    for (const question of [first, second]) {
      await next.post({ thread: `discord:${support.id}:${question.id}` }, { text: "hi" }, key());
      expect(shown(question.id)).toEqual(["hi"]);
    }
    expect(server.threadsOf(support).map((one) => one.name)).toEqual(["made", "first"].sort().reverse());
  });

  it("that is deleted before it was answered is unreachable", async () => {
    const { server, support } = world;
    const question = server.asUser("Ana").say(support, "never mind");
    const { thread } = await newest();
    server.asUser("Ana").remove(question);
    expect(codeOf(await rejection(platform.post({ thread }, { text: "hi" }, key())))).toBe(
      "platform_unreachable",
    );
  });

  it("is answered in an archived thread, and not in a locked one", async () => {
    const { server, support } = world;
    server.asUser("Ana").say(support, "old");
    const { thread } = await newest();
    const posted = await platform.post({ thread }, { text: "one" }, key());
    const made = server.threadsOf(support)[0]!;
    server.world.changeChannel(made, { archived: true });
    await platform.edit?.(posted.id, { text: "changed" });
    await platform.post({ thread }, { text: "two" }, key());
    expect(shown(made.id)).toEqual(["changed", "two"]);
    server.world.changeChannel(made, { archived: true, locked: true });
    expect(codeOf(await rejection(platform.post({ thread }, { text: "three" }, key())))).toBe(
      "platform_unreachable",
    );
  });
});

describe("the human channel", () => {
  const card: Post = {
    text: "Ticket #7: refund",
    card: {
      title: "Ticket #7: refund",
      facts: [],
      sections: [{ label: "Ask", text: "money" }],
      footer: "Waiting",
    },
    buttons: [{ label: "Take", action: "ticket.take", value: "7", style: "primary" }],
  };

  it("gets a card with a thread of its own, and the card is changed in place", async () => {
    const { server } = world;
    const posted = await platform.post({ channel: `discord:${world.desk.id}` }, card, key());
    const [thread] = server.threadsOf(world.desk);
    expect(posted.thread).toBe(`discord:${world.desk.id}:${thread?.id}`);
    expect(thread?.name).toBe("Ticket #7: refund");
    const maya = world.staff("Maya");
    const note = maya.say(thread!, "// looks simple");
    await eventually(() =>
      expect(messages().at(-1)).toMatchObject({
        thread: posted.thread,
        channel: `discord:${world.desk.id}`,
        addressed: false,
        visibility: "shared",
      }),
    );
    await platform.mark?.(`discord:${thread?.id}:${note.id}`, "sent", true);
    expect([...note.reactions.keys()]).toEqual(["✅"]);
    await platform.edit?.(posted.id, {
      ...card,
      card: { ...card.card!, footer: "Taken by Maya" },
      buttons: [],
    });
    const [shownCard] = server.byBot(world.desk);
    expect(JSON.stringify(shownCard?.embeds)).toContain("Taken by Maya");
    expect(shownCard?.components).toEqual([]);
  });

  it("gets the card even where the thread cannot be made yet", async () => {
    const { server } = world;
    server.rest.fault({ path: /\/threads$/, trouble: { kind: "status", status: 500 } });
    const posted = await platform.post({ channel: `discord:${world.desk.id}` }, card, key());
    await platform.post({ thread: posted.thread }, { text: "for staff" }, key());
    expect(shown(server.threadsOf(world.desk)[0]!.id)).toEqual(["for staff"]);
  });
});

describe("what people see", () => {
  it("notifies nobody and grows no preview, when it is posted and when it is changed", async () => {
    const { thread, channel } = await dmThread();
    const hostile =
      "@everyone <@80351110224678912> [bank](https://evil.test/x) https://evil.test/y http://localhost/z";
    const posted = await platform.post({ thread }, { text: hostile, as: hostile }, key());
    await platform.edit?.(posted.id, { text: hostile });
    const [message] = world.server.byBot(channel);
    expect(message?.notified).toEqual([]);
    expect(message?.previews).toEqual([]);
  });

  it("replies to a message of the same place, even to one that is gone", async () => {
    const ana = world.server.asUser("Ana");
    const { thread, channel } = await dmThread();
    const [hello] = world.server.messages(channel);
    await platform.post({ thread }, { text: "hi", replyTo: `discord:${channel}:${hello?.id}` }, key());
    expect(world.server.byBot(channel)[0]?.reference?.message_id).toBe(hello?.id);
    ana.remove(hello!);
    await platform.post(
      { thread },
      { text: "still there?", replyTo: `discord:${channel}:${hello?.id}` },
      key(),
    );
    await platform.post(
      { thread },
      { text: "elsewhere", replyTo: `discord:${world.desk.id}:${hello?.id}` },
      key(),
    );
    expect(shown(channel)).toEqual(["hi", "still there?", "elsewhere"]);
  });

  it("includes files, and a file that is too large is named instead", async () => {
    const { thread, channel } = await dmThread();
    const file = await someFile();
    await platform.post({ thread }, { text: "here", files: [file] }, key());
    const [message] = world.server.byBot(channel);
    expect(message?.attachments.map((one) => [one.filename, String(Buffer.from(one.content))])).toEqual([
      ["a.txt", "content"],
    ]);
    const huge = { ...file, name: "b.txt", bytes: 26 * 1024 * 1024 };
    await platform.post({ thread }, { text: "words", files: [huge] }, key());
    await world.server.waitFor(() => world.server.byBot(channel).length === 2);
    expect(world.server.byBot(channel)[1]?.content).toBe("words\n\n(file: b.txt, too large for this place)");
    const gone = { ...file, path: `${file.path}-gone` };
    expect(codeOf(await rejection(platform.post({ thread }, { text: "x", files: [gone] }, key())))).toBe(
      "platform_refused",
    );
  });

  it("includes a file that takes longer to send than any other call may", async () => {
    const { thread, channel } = await dmThread();
    const file = await someFile();
    world.server.rest.fault({ method: "POST", path: /\/messages$/, trouble: { kind: "slow", ms: 11_000 } });
    await platform.post({ thread }, { text: "here", files: [file] }, key());
    expect(world.server.byBot(channel).map((one) => one.attachments.length)).toEqual([1]);
  });

  it("names a file that does not get through, however long it is tried, and the words arrive", async () => {
    await platform.close();
    const clock = clockWithoutLongWaits();
    platform = world.adapter({ clock });
    await platform.connect(desk);
    const { thread, channel } = await dmThread();
    const post = { text: "words", files: [await someFile()] };
    const id = key();
    const since = clock.now();
    world.server.rest.fault({ method: "POST", path: /\/messages$/, times: 3, trouble: { kind: "hang" } });
    for (let n = 0; n < 3; n++) {
      expect(codeOf(await rejection(platform.post({ thread }, post, id)))).toBe("platform_ambiguous");
      expect(await platform.find?.({ thread }, id, { post, since })).toBeUndefined();
    }
    const posted = await platform.post({ thread }, post, id);
    const words = "words\n\n(file: a.txt, could not be uploaded)";
    expect(world.server.byBot(channel).map((one) => [one.content, one.attachments])).toEqual([[words, []]]);
    expect((await platform.find?.({ thread }, id, { post, since }))?.id).toBe(posted.id);
  });

  it("is let go of with its files when the bot stops", async () => {
    await platform.close();
    const clock = createClock();
    let leaving = false;
    const sleep: Clock["sleep"] = (ms, signal) => clock.sleep(leaving ? Math.min(ms, 50) : ms, signal);
    platform = world.adapter({ clock: { ...clock, sleep } });
    await platform.connect(desk);
    const { thread, channel } = await dmThread();
    const file = await someFile();
    world.server.rest.fault({ method: "POST", path: /\/messages$/, trouble: { kind: "hang" } });
    const sending = rejection(platform.post({ thread }, { text: "here", files: [file] }, key()));
    await world.server.waitFor(() => creates(channel).length === 1, "the upload");
    leaving = true;
    await platform.close();
    expect(codeOf(await sending)).toBe("platform_ambiguous");
  });

  it("is not rid of its files by an outage in which Discord answers", async () => {
    await platform.close();
    const clock = clockWithoutLongWaits();
    platform = world.adapter({ clock });
    await platform.connect(desk);
    const { thread, channel } = await dmThread();
    const post = { text: "words", files: [await someFile()] };
    const id = key();
    const trouble = { kind: "status", status: 502 } as const;
    world.server.rest.fault({ method: "POST", path: /\/messages$/, times: 5, trouble });
    for (let n = 0; n < 5; n++) {
      expect(codeOf(await rejection(platform.post({ thread }, post, id)))).toBe("platform_ambiguous");
      clock.pass(120_000);
    }
    await platform.post({ thread }, post, id);
    expect(world.server.byBot(channel).map((one) => [one.content, one.attachments.length])).toEqual([
      ["words", 1],
    ]);
  });

  it("changes and removes all messages of a long post, after a restart, too", async () => {
    const { thread, channel } = await dmThread();
    const long = Array.from({ length: 30 }, (_, n) => `Paragraph ${n} ${"word ".repeat(40)}`).join("\n\n");
    const posted = await platform.post({ thread }, { text: long }, key());
    const other = await platform.post({ thread }, { text: "another" }, key());
    expect(shown(channel).length).toBeGreaterThan(3);
    await platform.close();
    const next = world.adapter();
    await next.connect(recordingDesk());
    await next.edit?.(posted.id, { text: "short now" });
    expect(shown(channel)).toEqual(["short now", "another"]);
    await next.edit?.(posted.id, { text: long });
    await next.remove?.(posted.id);
    expect(shown(channel)).toEqual(["another"]);
    await next.remove?.(other.id);
    expect(shown(channel)).toEqual([]);
  });

  it("mirrors a person's emoji, and says so when Discord has no such one", async () => {
    const { channel } = await dmThread();
    const [hello] = world.server.messages(channel);
    await platform.react?.(`discord:${channel}:${hello?.id}`, "🎉", true);
    expect([...(hello?.reactions.keys() ?? [])]).toEqual(["🎉"]);
    await platform.react?.(`discord:${channel}:${hello?.id}`, "🎉", false);
    expect(hello?.reactions.size).toBe(0);
    expect(codeOf(await rejection(platform.react!(`discord:${channel}:${hello?.id}`, ":party:", true)))).toBe(
      "platform_refused",
    );
  });
});

describe("a place that is lost", () => {
  it("is unreachable when the channel is gone, hidden or forbidden, or the bot removed", async () => {
    const { server, general } = world;
    const target = { channel: `discord:${general.id}` } as const;
    await platform.post(target, { text: "hi" }, key());
    const deny = (bits: bigint) =>
      server.world.changeChannel(general, {
        overwrites: [{ id: server.bot.id, type: 1, allow: 0n, deny: bits }],
      });
    deny(permissions.sendMessages);
    expect(codeOf(await rejection(platform.post(target, { text: "hi" }, key())))).toBe(
      "platform_unreachable",
    );
    deny(permissions.viewChannel);
    expect(codeOf(await rejection(platform.post(target, { text: "hi" }, key())))).toBe(
      "platform_unreachable",
    );
    deny(0n);
    server.kickBot();
    expect(codeOf(await rejection(platform.post(target, { text: "hi" }, key())))).toBe(
      "platform_unreachable",
    );
    server.world.removeChannel(general);
    expect(codeOf(await rejection(platform.post(target, { text: "hi" }, key())))).toBe(
      "platform_unreachable",
    );
  });

  it("is refused when it is another platform's", async () => {
    expect(codeOf(await rejection(platform.post({ thread: "slack:T1:C1:1.2" }, { text: "hi" }, key())))).toBe(
      "platform_refused",
    );
  });
});
