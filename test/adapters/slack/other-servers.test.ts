/** Servers that speak Slack's protocol and know less of it than Slack. */
import { afterEach, describe, expect, it } from "vitest";
import { createClock } from "../../../src/clock.ts";
import type { Post } from "../../../src/platform.ts";
import type { PlainServer } from "../../doubles/slack-server/slack-server.ts";
import { type DeskOptions, openDesk, type SlackDesk } from "./harness.ts";

const open: SlackDesk[] = [];
async function start(plain: PlainServer, options: DeskOptions = {}): Promise<SlackDesk> {
  const desk = await openDesk({ plain, ...options });
  open.push(desk);
  return desk;
}
afterEach(async () => {
  for (const desk of open.splice(0)) await desk.close();
});

const niceties = [
  "assistant.threads.setStatus",
  "assistant.threads.setTitle",
  "assistant.threads.setSuggestedPrompts",
  "chat.startStream",
  "chat.appendStream",
  "chat.stopStream",
  "reactions.add",
  "users.info",
  "views.publish",
];

/** A reply in a pane's thread that would be streamed; the texts of the bot there. */
async function reply(desk: SlackDesk, threadTs: string, key: string, text: string): Promise<string[]> {
  const { slack, platform } = desk;
  const { directChannel } = slack.asUser("U1");
  const thread = `slack:T1:${directChannel}:${threadTs}`;
  await platform.working?.(thread, "Thinking").catch(() => {});
  const draft = platform.draft?.({ thread }, key);
  draft?.append(text.slice(0, 5));
  draft?.append(text.slice(5));
  await draft?.finish({ text });
  return slack
    .messages(directChannel, threadTs)
    .filter((one) => one.byBot && one.message.subtype === undefined)
    .map((one) => one.text);
}

describe("a server without streams, pane, reactions and people", () => {
  it.each(["unknown_method", "404", "ok"] as const)(
    "gets whole replies, and is asked for none of it again: %s",
    async (lacking) => {
      let ahead = 0;
      const clock = createClock();
      const later = { ...clock, elapsed: () => clock.elapsed() + ahead };
      const desk = await start({ lacks: niceties, lacking }, { parts: { clock: later } });
      const { slack } = desk;
      const threadTs = slack.addAssistantThread("U1");
      await slack.asUser("U1").dm("hello", { threadTs });
      expect(await reply(desk, threadTs, "o_1", "The first answer.")).toEqual(["The first answer."]);
      const asked = () =>
        slack.calls.filter((call) => niceties.includes(call.method)).map((call) => call.method);
      expect(asked()).toContain("chat.startStream");
      const before = asked().filter((method) => method.startsWith("chat."));
      expect(await reply(desk, threadTs, "o_2", "The second answer.")).toEqual([
        "The first answer.",
        "The second answer.",
      ]);
      expect(asked().filter((method) => method.startsWith("chat."))).toEqual(before);
      if (lacking !== "ok") {
        for (const method of new Set(asked())) expect(slack.callsOf(method), method).toHaveLength(1);
      }
      ahead = 3_600_000;
      await reply(desk, threadTs, "o_3", "The third answer.");
      expect(slack.callsOf("chat.startStream")).toHaveLength(2);
      expect(slack.violations).toEqual([]);
    },
  );
});

describe("a server that says only what it must", () => {
  it("is understood: people by their names, and nobody taken for external", async () => {
    const { slack, desk, platform } = await start({ terse: true });
    await slack.asUser("U1").dm("hello");
    await slack.asUser("U2").say("C1", "hello");
    const messages = desk.received.flatMap((one) => (one.kind === "message" ? [one.message] : []));
    expect(messages.map(({ author, visibility }) => [author.name, author.external, visibility])).toEqual([
      ["Ana", undefined, "private"],
      ["Maya", undefined, "shared"],
    ]);
    expect(await platform.examine?.()).toEqual([]);
  });

  it("has its one workspace meant where it names none", async () => {
    const { slack, desk } = await start({});
    const event = { type: "message", channel: "D1", channel_type: "im", user: "U1", ts: "1.1", text: "hi" };
    await slack.deliveries.deliver("events_api", { type: "event_callback", event_id: "Ev9", event });
    expect(desk.received).toMatchObject([{ kind: "message", message: { thread: "slack:T1:D1" } }]);
    const foreign = { ...event, ts: "1.2" };
    await slack.deliveries.deliver("events_api", { type: "event_callback", team_id: "T9", event: foreign });
    expect(desk.received).toHaveLength(1);
  });

  it("may tell members in pages of any size", async () => {
    const { slack, platform } = await start({ membersMost: 2 });
    slack.addChannel("C9", { members: ["U5", "U6", "U7", "U8", "U1"] });
    expect(await platform.belongs?.("slack:T1:U1", "slack:C9")).toBe(true);
    expect(await platform.belongs?.("slack:T1:U4", "slack:C9")).toBe(false);
    expect(slack.callsOf("conversations.members")).toHaveLength(3);
  });
});

describe("a server that takes a single connection", () => {
  it.each(["refuses", "displaces"] as const)("is not stormed: it %s", async (oneConnection) => {
    const { slack, desk } = await start({ oneConnection });
    const opened = () => slack.callsOf("apps.connections.open").length;
    let last = -1;
    await slack.waitFor(() => {
      const now = opened();
      const quiet = now === last && slack.deliveries.sockets.length === 1;
      last = now;
      return quiet && now >= 2;
    });
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    expect(opened()).toBeLessThanOrEqual(5);
    expect(slack.deliveries.sockets).toHaveLength(1);
    await slack.asUser("U1").dm("hello");
    expect(desk.received.map((one) => one.kind)).toEqual(["message"]);
    // The one that is left is replaced when it goes.
    slack.deliveries.sockets[0]?.destroy();
    await slack.waitFor(() => slack.deliveries.sockets.length === 1 && slack.deliveries.sockets[0]?.open);
    await slack.asUser("U1").dm("still there?");
    await slack.waitFor(() => desk.received.length === 2);
  });
});

describe("a workspace whose other processes have all the connections that Slack allows", () => {
  it("is not stormed, and what comes in arrives over the connections that there are", async () => {
    const { slack, desk } = await start({ connectionsMost: 1 });
    const opened = () => slack.callsOf("apps.connections.open").length;
    await slack.waitFor(() => opened() >= 3);
    await new Promise((resolve) => setTimeout(resolve, 700));
    expect(opened()).toBeLessThanOrEqual(6);
    await slack.asUser("U1").dm("hello");
    expect(desk.received.map((one) => one.kind)).toEqual(["message"]);
  });
});

describe("a server that keeps nothing of what messages are sent with", () => {
  const forgetful: { forgets: NonNullable<PlainServer["forgets"]> }[] = [
    { forgets: ["metadata"] },
    { forgets: ["metadata", "client_msg_id"] },
  ];
  const words = { text: "Your parcel is on its way." };
  const texts = ({ slack }: SlackDesk, ts: string) =>
    slack
      .messages("C1", ts)
      .filter((one) => one.byBot)
      .map((one) => one.text);

  /** The next post into Ana's thread arrives, and nobody hears so. */
  async function lostAnswer(
    desk: SlackDesk,
    post: Post,
    key: string,
  ): Promise<{ thread: string; ts: string }> {
    const ts = await desk.slack.asUser("U1").say("C1", "Where is it?");
    const thread = `slack:T1:C1:${ts}`;
    desk.slack.faults.add({ kind: "reset_after" }, { method: "chat.postMessage" });
    await expect(desk.platform.post({ thread }, post, key)).rejects.toThrow();
    return { thread, ts };
  }

  it.each(forgetful)("is not sent it twice when an answer is lost (without %s)", async ({ forgets }) => {
    const desk = await start({ forgets });
    const since = Date.now();
    const { thread, ts } = await lostAnswer(desk, words, "o_1");
    const found = await desk.platform.find?.({ thread }, "o_1", { post: words, since });
    expect(found?.thread).toBe(thread);
    expect(texts(desk, ts)).toEqual([words.text]);
  });

  it.each(forgetful)(
    "is found by the next process, and goes on with the rest (without $forgets)",
    async ({ forgets }) => {
      const desk = await start({ forgets });
      const long = { text: Array.from({ length: 30 }, (_, n) => `${n} ${"word ".repeat(60)}`).join("\n\n") };
      const since = Date.now();
      const { thread, ts } = await lostAnswer(desk, long, "o_1");
      const first = texts(desk, ts);
      const next = await openDesk({ slack: desk.slack });
      expect(await next.platform.find?.({ thread }, "o_1", { post: long, since })).toBeUndefined();
      await next.platform.post({ thread }, long, "o_1");
      const all = texts(desk, ts);
      expect(all.length).toBeGreaterThan(1);
      expect(all.slice(0, first.length)).toEqual(first);
      expect(new Set(all).size).toBe(all.length);
      await next.platform.close();
    },
  );

  it("two equal posts that were both meant are both posted", async () => {
    const desk = await start({ forgets: ["metadata", "client_msg_id"] });
    const since = Date.now();
    const { thread, ts } = await lostAnswer(desk, words, "o_1");
    const next = await openDesk({ slack: desk.slack });
    const first = await next.platform.find?.({ thread }, "o_1", { post: words, since });
    expect(first).toBeDefined();
    expect(await next.platform.find?.({ thread }, "o_2", { post: words, since })).toBeUndefined();
    await next.platform.post({ thread }, words, "o_2");
    expect(texts(desk, ts)).toEqual([words.text, words.text]);
    await next.platform.close();

    const last = await openDesk({ slack: desk.slack });
    const posted = desk.slack
      .messages("C1", ts)
      .filter((one) => one.byBot)
      .map((one) => `slack:T1:C1:${one.ts}`);
    const taken = async (id: string) => posted.includes(id);
    expect(await last.platform.find?.({ thread }, "o_3", { post: words, since, taken })).toBeUndefined();
    await last.platform.close();
  });

  it("an equal post of long before is another one, and so is a customer's message, or one that is not quite the same", async () => {
    const desk = await start({ forgets: ["metadata", "client_msg_id"] });
    const ts = await desk.slack.asUser("U1").say("C1", words.text);
    const thread = `slack:T1:C1:${ts}`;
    await desk.slack.asUser("U1").say("C1", words.text, { threadTs: ts });
    await desk.platform.post({ thread }, { text: `${words.text} Really.` }, "o_1");
    await desk.platform.post({ thread }, words, "o_2");
    const next = await openDesk({ slack: desk.slack });
    const find = (since: number) => next.platform.find?.({ thread }, "o_3", { post: words, since });
    expect(await find(Date.now() + 600_000)).toBeUndefined();
    expect(await find(Date.now())).toBeDefined();
    await next.platform.close();
  });

  it("and where names are kept, the same words under another name are another post", async () => {
    const desk = await start({});
    const ts = await desk.slack.asUser("U1").say("C1", "Where is it?");
    await desk.platform.post({ thread: `slack:T1:C1:${ts}` }, words, "o_1");
    const next = await openDesk({ slack: desk.slack });
    const sent = { post: words, since: Date.now() };
    expect(await next.platform.find?.({ thread: `slack:T1:C1:${ts}` }, "o_2", sent)).toBeUndefined();
    await next.platform.close();
  });
});
