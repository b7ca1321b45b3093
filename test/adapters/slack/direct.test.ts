import { afterEach, describe, expect, it } from "vitest";
import { recordingDesk } from "../../contracts/platform.ts";
import { adapterFor, type DeskOptions, openDesk, type SlackDesk } from "./harness.ts";

type SlackParts = NonNullable<DeskOptions["parts"]>;

let cleanups: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.reverse()) await cleanup();
  cleanups = [];
});
async function start(parts: SlackParts = {}): Promise<SlackDesk & { flat: string; direct: string }> {
  const one = await openDesk({ ackTimeoutMs: 1_500, parts });
  cleanups.push(async () => {
    await one.close();
    expect(one.slack.violations).toEqual([]);
  });
  const direct = one.slack.asUser("U1").directChannel;
  return { ...one, direct, flat: `slack:T1:${direct}` };
}
function keptSurfaces(): NonNullable<SlackParts["surfaces"]> {
  const kept = new Map<string, string | undefined>();
  return {
    save: async (team, channel, root) => void kept.set(`${team} ${channel}`, root),
    find: async (team, channel) => kept.get(`${team} ${channel}`),
  };
}
const threads = (desk: SlackDesk) =>
  desk.desk.received.map((one) => {
    if (one.kind === "message" || one.kind === "edit") return one.message.thread;
    return one.kind === "deletion" ? one.thread : undefined;
  });

describe("the long conversation of direct messages", () => {
  it("goes on where the person answers below one of its messages", async () => {
    const desk = await start();
    const { slack, platform, flat, direct } = desk;
    const ana = slack.asUser("U1");
    const opened = await platform.direct?.({ id: "slack:T1:U1", tenant: "T1", name: "Ana" });
    expect(opened?.thread).toBe(flat);
    const posted = await platform.post({ thread: flat }, { text: "About your question:" }, "o_1");
    expect(posted.thread).toBe(flat);
    const root = posted.id.split(":").at(-1) ?? "";
    await ana.dm("yes?", { threadTs: root });
    expect(threads(desk)).toEqual([flat]);

    const answer = await platform.post({ thread: flat }, { text: "Here it is." }, "o_2");
    expect(answer.thread).toBe(flat);
    expect(slack.messages(direct, root).map((seen) => seen.text)).toContain("Here it is.");
    expect((await platform.find?.({ thread: flat }, "o_2"))?.id).toBe(answer.id);

    const draft = platform.draft?.({ thread: flat }, "o_3");
    draft?.append("And ");
    const streamed = await draft?.finish({ text: "And that." });
    expect(streamed?.thread).toBe(flat);
    expect(slack.messages(direct, root).map((seen) => seen.text)).toContain("And that.");

    await ana.dm("thanks, up here");
    expect(threads(desk)).toEqual([flat, flat]);
    await platform.post({ thread: flat }, { text: "You are welcome." }, "o_4");
    expect(slack.messages(direct).at(-1)).toMatchObject({ text: "You are welcome.", threadTs: undefined });
    expect(slack.callsOf("conversations.replies").filter((call) => call.args.limit === "1")).toEqual([]);
  });

  it("is known again after a restart, and what was said in it is found", async () => {
    const desk = await start();
    const { slack, platform, flat, direct } = desk;
    const ana = slack.asUser("U1");
    const posted = await platform.post({ thread: flat }, { text: "About your question:" }, "o_1");
    const root = posted.id.split(":").at(-1) ?? "";
    await ana.dm("yes?", { threadTs: root });
    const answer = await platform.post({ thread: flat }, { text: "Here it is." }, "o_2");
    await platform.close();

    const second = adapterFor(slack);
    const received = recordingDesk();
    await second.connect(received);
    cleanups.push(() => second.close());
    expect((await second.find?.({ thread: flat }, "o_2"))?.id).toBe(answer.id);
    const ts = await ana.dm("and now?", { threadTs: root });
    await ana.edit(direct, ts, "and now??");
    await ana.remove(direct, ts);
    expect(threads({ ...desk, desk: received })).toEqual([flat, flat, flat]);
    await second.post({ thread: flat }, { text: "Now this." }, "o_3");
    expect(slack.messages(direct, root).map((seen) => seen.text)).toContain("Now this.");
    expect(slack.callsOf("conversations.replies").filter((call) => call.args.limit === "1")).toHaveLength(1);
  });

  it("goes on where the person wrote last also from a process that has not heard it", async () => {
    const surfaces = keptSurfaces();
    const { slack, platform, flat, direct } = await start({ surfaces });
    const ana = slack.asUser("U1");
    const second = adapterFor(slack, { parts: { surfaces } });
    await second.connect(recordingDesk(), { listening: false });
    cleanups.push(() => second.close());
    const posted = await platform.post({ thread: flat }, { text: "About your question:" }, "o_1");
    const root = posted.id.split(":").at(-1) ?? "";
    await ana.dm("yes?", { threadTs: root });
    await second.post({ thread: flat }, { text: "Here it is." }, "o_2");
    expect(slack.messages(direct, root).map((seen) => seen.text)).toContain("Here it is.");
    await ana.dm("thanks, up here");
    const draft = second.draft?.({ thread: flat }, "o_3");
    draft?.append("You are ");
    const answer = { text: "You are welcome." };
    await (draft ? draft.finish(answer) : second.post({ thread: flat }, answer, "o_3"));
    expect(slack.messages(direct).at(-1)).toMatchObject({ text: "You are welcome.", threadTs: undefined });
  });

  it("is read where the person wrote last also by a process that has not heard it, below however old a message", async () => {
    const surfaces = keptSurfaces();
    const { slack, platform, flat } = await start({ surfaces });
    const ana = slack.asUser("U1");
    const roots: string[] = [];
    for (let n = 0; n < 22; n++) {
      await ana.dm(`question ${n}`);
      const posted = await platform.post({ thread: flat }, { text: `answer ${n}` }, `o_${n}`);
      roots.push(posted.id.split(":").at(-1) ?? "");
      await ana.dm("yes?", { threadTs: roots[n] ?? "" });
    }
    await ana.dm("and this?", { threadTs: roots[0] ?? "" });
    const answer = await platform.post({ thread: flat }, { text: "Here it is." }, "o_last");
    const second = adapterFor(slack, { parts: { surfaces } });
    await second.connect(recordingDesk(), { listening: false });
    cleanups.push(() => second.close());
    expect((await second.find?.({ thread: flat }, "o_last"))?.id).toBe(answer.id);
  });

  it("is not mixed up with threads of the assistant pane", async () => {
    const desk = await start();
    const { slack, flat, direct } = desk;
    const ana = slack.asUser("U1");
    const pane = await ana.openAssistant();
    await ana.dm("in the pane", { threadTs: pane });
    const unseen = slack.addAssistantThread("U1");
    await ana.dm("in another", { threadTs: unseen });
    const own = await ana.dm("flat");
    await ana.dm("below my own", { threadTs: own });
    expect(threads(desk)).toEqual([
      `slack:T1:${direct}:${pane}`,
      `slack:T1:${direct}:${unseen}`,
      flat,
      `slack:T1:${direct}:${own}`,
    ]);
  });

  it("keeps a message where it stood when it is changed or deleted after it was answered below", async () => {
    const desk = await start();
    const { slack, flat, direct } = desk;
    const ana = slack.asUser("U1");
    const ts = await ana.dm("flat");
    await ana.dm("below", { threadTs: ts });
    await ana.edit(direct, ts, "flat, changed");
    await ana.remove(direct, ts);
    expect(desk.desk.received.map((one) => one.kind)).toEqual(["message", "message", "edit", "deletion"]);
    expect(desk.desk.received[2]).toMatchObject({ message: { thread: flat } });
    expect(desk.desk.received[3]).toMatchObject({ thread: flat });
  });

  it("goes on when a button below is pressed", async () => {
    const desk = await start();
    const { slack, platform, flat } = desk;
    const posted = await platform.post({ thread: flat }, { text: "About your question:" }, "o_1");
    await slack.asUser("U1").dm("yes?", { threadTs: posted.id.split(":").at(-1) ?? "" });
    const buttons = [{ label: "Confirm", action: "confirm", value: "in_1" }];
    await platform.post({ thread: flat }, { text: "Sure?", buttons }, "o_2");
    await slack.asUser("U1").click("Confirm");
    expect(desk.desk.received.at(-1)).toMatchObject({ kind: "action", name: "confirm", thread: flat });
  });
});
