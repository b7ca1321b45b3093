import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createClock } from "../../../src/clock.ts";
import { codeOf } from "../../../src/errors.ts";
import type { Incoming } from "../../../src/message.ts";
import type { Platform } from "../../../src/platform.ts";
import { eventually, recordingDesk } from "../../contracts/platform.ts";
import { createSetting, type Setting } from "./setting.ts";

let world: Setting;
beforeEach(async () => {
  world = await createSetting();
});
afterEach(() => world.dispose());

const textsOf = (received: readonly Incoming[]) =>
  received.flatMap((incoming) => (incoming.kind === "message" ? [incoming.message.text] : []));
const once = (texts: readonly string[]) => [...new Set(texts)];

async function started(desk = recordingDesk(), platform: Platform = world.adapter()) {
  await platform.connect(desk);
  return { desk, platform };
}

/** Until nothing new has come for a moment. */
async function quiet(desk: { received: unknown[] }): Promise<void> {
  for (let before = -1; before !== desk.received.length; ) {
    before = desk.received.length;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

describe("what is written while the bot is down", () => {
  it("is received after a restart, each message once and in order, from DMs, channels and threads", async () => {
    const { server, support } = world;
    const people = ["Ana", "Bob", "Cem"].map((name) => server.asUser(name));
    const first = await started();
    for (const person of people) person.dm(`hello from ${person.user.username}`);
    const questions = [people[0]!.say(support, "first question"), people[1]!.say(support, "second question")];
    await eventually(() => expect(textsOf(first.desk.received)).toHaveLength(5));
    const threads = [];
    for (const question of questions) {
      const thread = `discord:${support.id}:${question.id}` as const;
      await first.platform.post({ thread }, { text: "I am on it." }, `k${question.id}`);
      threads.push(server.world.channels.get(question.id)!);
    }
    await first.platform.close();
    server.gateway.forgetSessions();

    const places = [...people.map((person) => person.directChannel), ...threads];
    for (let n = 0; n < 250; n++) {
      const place = places[n % places.length]!;
      const author = place.recipient ? people.find((one) => one.user === place.recipient)! : people[n % 2]!;
      author.say(place, `missed ${n}`);
    }
    const { desk } = await started();
    await eventually(() => expect(textsOf(desk.received)).toHaveLength(250));
    await quiet(desk);
    expect(new Set(textsOf(desk.received)).size).toBe(250);
    for (const place of places) {
      const here = desk.received.flatMap((one) =>
        one.kind === "message" && one.message.id.startsWith(`discord:${place.id}:`)
          ? [one.message.order]
          : [],
      );
      expect(here).toEqual([...here].sort());
      expect(here).toHaveLength(50);
    }
  });

  it("includes a first-ever DM when the session can be resumed", async () => {
    const first = await started();
    await first.platform.close();
    world.server.asUser("Nina").dm("is anybody there?");
    const { desk } = await started();
    await eventually(() => expect(textsOf(desk.received)).toEqual(["is anybody there?"]));
    expect(world.server.gateway.identifies).toBe(1);
    expect(world.server.gateway.resumes).toBe(1);
  });

  it("includes a first DM that could not be seen, once its writer writes again", async () => {
    const nina = world.server.asUser("Nina");
    const first = await started();
    await eventually(() => expect(world.marks.saved.has("base:@me")).toBe(true));
    await first.platform.close();
    world.server.gateway.forgetSessions();
    nina.dm("is anybody there?");
    const { desk } = await started();
    await quiet(desk);
    expect(textsOf(desk.received)).toEqual([]);
    nina.dm("hello?");
    await eventually(() => expect(once(textsOf(desk.received))).toEqual(["is anybody there?", "hello?"]));
  });

  it("includes threads and posts that were opened meanwhile", async () => {
    const { server, support, forum } = world;
    const ana = server.asUser("Ana");
    const first = await started();
    await eventually(() => expect(world.marks.saved.has(`base:${forum.id}`)).toBe(true));
    await first.platform.close();
    server.gateway.forgetSessions();
    const thread = server.addThread(support, "opened by hand", ana.user);
    ana.say(thread, "in a thread");
    ana.postIn(forum, "Export fails", "in a post");
    const { desk } = await started();
    await eventually(() =>
      expect(once(textsOf(desk.received)).sort()).toEqual(["Export fails\n\nin a post", "in a thread"]),
    );
  });

  it("includes threads and posts that were closed meanwhile, whether or not they were known", async () => {
    const { server, support, forum } = world;
    const ana = server.asUser("Ana");
    const first = await started();
    await eventually(() => expect(world.marks.saved.has(`base:${forum.id}`)).toBe(true));
    const known = server.addThread(support, "opened by hand", ana.user);
    ana.say(known, "before");
    await eventually(() => expect(textsOf(first.desk.received)).toEqual(["before"]));
    await first.platform.close();
    server.gateway.forgetSessions();
    ana.say(known, "in a thread");
    server.world.changeChannel(known, { archived: true });
    const post = ana.postIn(forum, "Export fails", "in a post");
    server.world.changeChannel(post.thread, { archived: true });
    const { desk } = await started();
    await eventually(() =>
      expect(once(textsOf(desk.received)).sort()).toEqual(["Export fails\n\nin a post", "in a thread"]),
    );
  });

  it("includes what was said in a thread before a session that ended before it was read up", async () => {
    const { server, support, adapter } = world;
    const ana = server.asUser("Ana");
    const first = await started();
    await eventually(() => expect(world.marks.saved.has(`base:${support.id}`)).toBe(true));
    const thread = server.addThread(support, "opened by hand", ana.user);
    await first.platform.close();
    server.gateway.forgetSessions();
    ana.say(thread, "one");
    ana.say(thread, "two");
    const path = new RegExp(`^/channels/${thread.id}/messages$`);
    server.rest.fault({ path, times: 100, trouble: { kind: "status", status: 503 } });
    const second = await started(recordingDesk(), adapter());
    await second.platform.close();
    server.rest.clearFaults();
    ana.say(thread, "three");
    const { desk } = await started(recordingDesk(), adapter());
    expect(server.gateway.identifies).toBe(2);
    await eventually(() => expect(textsOf(desk.received)).toContain("three"));
    expect(once(textsOf(desk.received))).toEqual(["one", "two", "three"]);
  });

  it("includes threads although the machine's clock was a day ahead when the desk first listened", async () => {
    const { server, support } = world;
    const ana = server.asUser("Ana");
    const right = createClock();
    const ahead = { ...right, now: () => right.now() + 86_400_000 };
    const first = world.adapter({ clock: ahead });
    await first.connect(recordingDesk());
    await eventually(() => expect(world.marks.saved.has(`base:${support.id}`)).toBe(true));
    await first.close();
    server.gateway.forgetSessions();
    const thread = server.addThread(support, "opened by hand", ana.user);
    ana.say(thread, "in a thread");
    const { desk } = await started();
    await eventually(() => expect(once(textsOf(desk.received))).toEqual(["in a thread"]));
  });

  it("does not include what was said before the desk listened for the first time", async () => {
    const { server, support, forum } = world;
    const ana = server.asUser("Ana");
    ana.say(support, "long ago");
    ana.postIn(forum, "Old", "long ago, too");
    const thread = server.addThread(support, "old thread", ana.user);
    ana.say(thread, "also long ago");
    const first = await started();
    await quiet(first.desk);
    expect(first.desk.received).toEqual([]);
    ana.say(thread, "and now");
    await eventually(() => expect(once(textsOf(first.desk.received))).toEqual(["and now"]));
    await first.platform.close();
    server.gateway.forgetSessions();
    const second = await started();
    await quiet(second.desk);
    expect(second.desk.received).toEqual([]);
  });

  it("is fetched although the process died before it could save how far it had come", async () => {
    const ana = world.server.asUser("Ana");
    const first = await started();
    ana.dm("one");
    await eventually(() => expect(textsOf(first.desk.received)).toEqual(["one"]));
    await eventually(() => expect(world.marks.saved.has(`at:${ana.directChannel.id}`)).toBe(true));
    const asItWasSaved = new Map(world.marks.saved);
    ana.dm("two");
    await eventually(() => expect(textsOf(first.desk.received)).toContain("two"));
    await first.platform.close();
    world.server.gateway.forgetSessions();
    ana.dm("three");
    world.marks.saved.clear();
    for (const [name, value] of asItWasSaved) world.marks.saved.set(name, value);
    const { desk } = await started();
    await eventually(() => expect(once(textsOf(desk.received))).toEqual(["two", "three"]));
  });
});

describe("an event that the desk cannot take", () => {
  it("is offered again and holds up its own channel only", async () => {
    const { server } = world;
    const [ana, bob] = [server.asUser("Ana"), server.asUser("Bob")];
    const desk = recordingDesk();
    let broken = true;
    await started({
      ...desk,
      async receive(incoming) {
        if (broken && incoming.kind === "message" && incoming.message.author.name === "Ana")
          throw new Error("no");
        await desk.receive(incoming);
      },
    });
    ana.dm("one");
    ana.dm("two");
    bob.dm("mine");
    await eventually(() => expect(textsOf(desk.received)).toEqual(["mine"]));
    expect(world.marks.saved.get(`at:${ana.directChannel.id}`)).toBeUndefined();
    broken = false;
    await eventually(() => expect(textsOf(desk.received)).toEqual(["mine", "one", "two"]));
  });

  it("is overtaken by none of what was missed with it: they are taken together or not at all", async () => {
    const { server } = world;
    const ana = server.asUser("Ana");
    const first = await started();
    ana.dm("zero");
    await eventually(() => expect(textsOf(first.desk.received)).toEqual(["zero"]));
    await first.platform.close();
    server.gateway.forgetSessions();
    for (const text of ["one", "two", "three"]) ana.dm(text);
    const desk = recordingDesk();
    const pages: string[][] = [];
    const take = async (page: readonly Incoming[]) => {
      pages.push(textsOf(page));
      if (pages.length <= 2) throw new Error("the disk is full");
      desk.received.push(...page);
    };
    await started({ ...desk, receive: (one) => take([one]), receiveAll: take });
    await eventually(() => expect(once(textsOf(desk.received))).toEqual(["one", "two", "three"]));
    expect(pages.slice(0, 3)).toEqual(Array.from({ length: 3 }, () => ["one", "two", "three"]));
  });

  it("is still to come when the bot stops before it was taken", async () => {
    const ana = world.server.asUser("Ana");
    const refusing = {
      ...recordingDesk(),
      receive: async () => Promise.reject(new Error("the disk is full")),
    };
    const { platform } = await started(refusing);
    ana.dm("do not lose this");
    await eventually(() =>
      expect(world.log.lines.map((line) => line.event)).toContain("discord.receive_retried"),
    );
    await platform.close();
    const { desk } = await started();
    await eventually(() => expect(once(textsOf(desk.received))).toEqual(["do not lose this"]));
  });

  it("does not stop what follows when nobody can make sense of it", async () => {
    const ana = world.server.asUser("Ana");
    const { desk } = await started();
    world.server.gateway.dispatchTo("MESSAGE_CREATE", {
      id: "nonsense",
      channel_id: ana.directChannel.id,
      author: { id: "7" },
    });
    world.server.gateway.dispatchTo("MESSAGE_CREATE", {});
    ana.dm("still here");
    await eventually(() => expect(textsOf(desk.received)).toContain("still here"));
  });
});

describe("a connection that breaks", () => {
  /** Ten times in each of five worlds at once: a reconnect takes half a second. */
  async function fiftyTimes(play: (one: Setting) => Promise<void>): Promise<void> {
    const worlds = await Promise.all(Array.from({ length: 5 }, () => createSetting()));
    try {
      await Promise.all(worlds.map(play));
    } finally {
      await Promise.all(worlds.map((one) => one.dispose()));
    }
  }

  it("loses nothing when it is resumed, 50 times over", async () => {
    await fiftyTimes(async ({ server, support, adapter }) => {
      const ana = server.asUser("Ana");
      const { desk } = await started(recordingDesk(), adapter());
      const sent: string[] = [];
      const say = (text: string) => {
        sent.push(text);
        if (sent.length % 2) ana.dm(text);
        else ana.say(support, text);
      };
      for (let n = 0; n < 10; n++) {
        say(`before ${n}`);
        if (n % 2) server.gateway.drop();
        else server.gateway.reconnect();
        say(`during ${n}`);
        await server.waitFor(() => server.gateway.resumes > n && server.gateway.connected, "a resume");
      }
      await eventually(() => expect(new Set(textsOf(desk.received))).toEqual(new Set(sent)));
      expect(server.gateway.identifies).toBe(1);
    });
  });

  it("loses nothing when the session cannot be resumed, 50 times over", async () => {
    await fiftyTimes(async ({ server, support, adapter }) => {
      const ana = server.asUser("Ana");
      const { desk } = await started(recordingDesk(), adapter());
      const sent: string[] = [];
      for (let n = 0; n < 10; n++) {
        sent.push(`dm ${n}`, `channel ${n}`);
        ana.dm(`dm ${n}`);
        const { identifies } = server.gateway;
        server.gateway.forgetSessions();
        ana.say(support, `channel ${n}`);
        await server.waitFor(
          () => server.gateway.identifies > identifies && server.gateway.connected,
          "a session",
        );
      }
      await eventually(() => expect(new Set(textsOf(desk.received))).toEqual(new Set(sent)));
      for (const place of ["dm", "channel"]) {
        const here = once(textsOf(desk.received)).filter((text) => text.startsWith(place));
        expect(here).toEqual(Array.from({ length: 10 }, (_, n) => `${place} ${n}`));
      }
    });
  });

  it("loses nothing of a post that is closed before the next session, and asks for no other closed one", async () => {
    const { server, forum } = world;
    const ana = server.asUser("Ana");
    const { desk } = await started();
    const posts = Array.from({ length: 120 }, (_, n) => ana.postIn(forum, `Post ${n}`, `question ${n}`));
    await eventually(() => expect(textsOf(desk.received)).toHaveLength(120));
    for (const post of posts.slice(2)) server.world.changeChannel(post.thread, { archived: true });
    const anew = async (outage: () => void) => {
      const { identifies } = server.gateway;
      server.gateway.trouble.down = true;
      server.gateway.forgetSessions();
      await server.waitFor(() => !server.gateway.connected, "the end of the session");
      outage();
      server.gateway.trouble.down = false;
      await server.waitFor(() => server.gateway.identifies > identifies && server.gateway.connected);
    };
    // A session that describes what is open with its newest message.
    await anew(() => undefined);
    await quiet(desk);
    const [first, second] = posts.map((post) => post.thread);
    server.rest.calls.length = 0;
    await anew(() => {
      ana.say(first!, "one more thing");
      server.world.changeChannel(first!, { archived: true });
      server.world.changeChannel(second!, { archived: true });
    });
    await eventually(() => expect(textsOf(desk.received)).toContain("one more thing"));
    ana.say(first!, "and another");
    await eventually(() => expect(textsOf(desk.received).at(-1)).toBe("and another"));
    await quiet(desk);
    expect(textsOf(desk.received).slice(120)).toEqual(["one more thing", "and another"]);
    const fetched = server.rest.calls.filter((call) => /^\/channels\/\d+\/messages$/.test(call.path));
    const ofPosts = fetched.filter((call) => posts.some((post) => call.path.includes(post.thread.id)));
    expect(new Set(ofPosts.map((call) => call.path))).toEqual(new Set([`/channels/${first!.id}/messages`]));
  });

  it("takes up events that come twice or in another order", async () => {
    const ana = world.server.asUser("Ana");
    const { desk } = await started();
    world.server.gateway.trouble.duplicate = 2;
    ana.dm("one");
    world.server.gateway.trouble.reorder = true;
    ana.dm("two");
    ana.dm("three");
    await eventually(() => expect(new Set(textsOf(desk.received))).toEqual(new Set(["one", "two", "three"])));
    const messages = desk.received.flatMap((one) => (one.kind === "message" ? [one.message] : []));
    const inOrder = [...messages].sort((a, b) => (a.order < b.order ? -1 : 1)).map((message) => message.text);
    expect(once(inOrder)).toEqual(["one", "two", "three"]);
  });

  it("is noticed when heartbeats are not answered, and resumed", async () => {
    await world.dispose();
    world = await createSetting({ heartbeatIntervalMs: 300 });
    const { desk } = await started();
    world.server.gateway.trouble.deaf = true;
    await world.server.waitFor(() => world.server.gateway.resumes > 0, "a resume");
    world.server.gateway.trouble.deaf = false;
    world.server.asUser("Ana").dm("after");
    await eventually(() => expect(textsOf(desk.received)).toContain("after"));
  });
});

describe("a connection that is not let in", () => {
  it("ends with one clear error when the token is wrong, and asks no more", async () => {
    const platform = world.adapter({ token: "wrong" });
    const error = await platform.connect(recordingDesk()).catch((one: unknown) => one);
    expect(codeOf(error)).toBe("platform_unauthorized");
    expect(String(error)).not.toContain("wrong");
    const calls = world.server.rest.calls.length;
    await new Promise((resolve) => setTimeout(resolve, 700));
    expect(world.server.rest.calls.length).toBe(calls);
  });

  it("ends with one clear error when the Message Content intent is off", async () => {
    world.server.setMessageContent(false);
    const error = await world
      .adapter()
      .connect(recordingDesk())
      .catch((one: unknown) => one);
    expect(codeOf(error)).toBe("platform_unauthorized");
    expect(String(error)).toContain("Message Content");
    await new Promise((resolve) => setTimeout(resolve, 700));
    expect(world.server.gateway.identifies).toBe(1);
  });

  it("tells the desk when the token is revoked while it runs", async () => {
    const { desk } = await started();
    world.server.revokeToken();
    world.server.gateway.forgetSessions();
    await eventually(() =>
      expect(desk.received).toMatchObject([{ kind: "trouble", code: "platform_unauthorized" }]),
    );
  });
});

describe("closing", () => {
  it("leaves the session resumable and the next process goes on with it", async () => {
    const { platform } = await started();
    await platform.close();
    expect(JSON.parse(world.marks.saved.get("session") ?? "null")).toMatchObject({
      self: world.server.bot.id,
      session: { sessionId: expect.stringContaining("session-") },
    });
    const { desk } = await started();
    expect(world.server.gateway.resumes).toBe(1);
    world.server.asUser("Ana").dm("hello");
    await eventually(() => expect(textsOf(desk.received)).toEqual(["hello"]));
  });
});

describe("a mention of the bot's role", () => {
  it("is heard by a process that goes on with a session, which describes no roles", async () => {
    const { server, general } = world;
    const role = [...server.guild.roles.values()].find((one) => one.tags?.bot_id === server.bot.id);
    const first = await started();
    server.asUser("Ana").say(general, `<@&${role?.id}> first`);
    await eventually(() => expect(textsOf(first.desk.received)).toHaveLength(1));
    await first.platform.close();
    const { desk } = await started();
    expect(server.gateway.resumes).toBe(1);
    server.asUser("Ana").say(general, `<@&${world.agents.id}> not for the bot`);
    server.asUser("Ana").say(general, `<@&${role?.id}> second`);
    await eventually(() => expect(textsOf(desk.received)).toHaveLength(1));
    expect(textsOf(desk.received)[0]).toContain("second");
  });
});

describe("trouble", () => {
  it("is told when a channel of the desk is deleted or the bot is removed", async () => {
    const { server, support } = world;
    const { desk } = await started();
    server.world.removeChannel(support);
    await eventually(() =>
      expect(desk.received).toMatchObject([{ kind: "trouble", channel: `discord:${support.id}` }]),
    );
    server.kickBot();
    await eventually(() => expect(desk.received).toHaveLength(2));
    expect(desk.received[1]).toMatchObject({ kind: "trouble", code: "platform_unreachable" });
  });
});
