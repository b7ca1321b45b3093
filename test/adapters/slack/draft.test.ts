import { afterEach, describe, expect, it } from "vitest";
import type { OpenStream, StreamStore } from "../../../adapters/slack/stores.ts";
import { createClock } from "../../../src/clock.ts";
import type { Draft, Platform, Target } from "../../../src/platform.ts";
import type { ThreadId } from "../../../src/thread.ts";
import { recordingDesk } from "../../contracts/platform.ts";
import { adapterFor, codeOf, type DeskOptions, openDesk, type SlackDesk } from "./harness.ts";

let cleanups: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.reverse()) await cleanup();
  cleanups = [];
});
type Started = Omit<SlackDesk, "platform"> & { platform: Drafting; thread: ThreadId; ts: string };
type Drafting = Omit<Platform, "draft" | "find"> & {
  draft(target: Target, key: string): Draft;
  find: NonNullable<Platform["find"]>;
};

async function start(options: DeskOptions = {}): Promise<Started> {
  const one = await openDesk({ ackTimeoutMs: 1_500, ...options });
  cleanups.push(async () => {
    await one.close();
    expect(one.slack.violations).toEqual([]);
  });
  const ts = await one.slack.asUser("U1").say("C1", "How do I export?");
  return { ...one, platform: one.platform as unknown as Drafting, thread: `slack:T1:C1:${ts}`, ts };
}
const shown = ({ slack, ts }: Started) => slack.messages("C1", ts).filter((seen) => seen.byBot);
const texts = (desk: Started) => shown(desk).map((seen) => seen.text);
const visible = (desk: Started, text: string) =>
  desk.slack.waitFor(() => texts(desk).some((one) => one.includes(text)));
function memoryStreams(): StreamStore & { kept: OpenStream[] } {
  const kept: OpenStream[] = [];
  return {
    kept,
    add: async (stream) => void kept.push(stream),
    remove: async ({ ts }) => void kept.splice(0, kept.length, ...kept.filter((one) => one.ts !== ts)),
    all: async () => [...kept],
  };
}
async function reborn(desk: Started, options: DeskOptions = {}): Promise<Drafting> {
  const platform = adapterFor(desk.slack, options);
  await platform.connect(recordingDesk());
  cleanups.push(() => platform.close());
  return platform as unknown as Drafting;
}
async function begun(desk: Started, text = "Open "): Promise<Draft> {
  const draft = desk.platform.draft({ thread: desk.thread }, "o_1");
  draft.append(text);
  await visible(desk, text.trim());
  return draft;
}

describe("a streamed reply", () => {
  it("shows its first word before the second is written", async () => {
    const desk = await start();
    const draft = await begun(desk, "Open");
    expect(draft.shown).toBe(true);
    expect(desk.slack.callsOf("chat.startStream")[0]?.args).toMatchObject({
      markdown_text: "Open",
      thread_ts: desk.ts,
      recipient_user_id: "U1",
      recipient_team_id: "T1",
    });
    draft.append(" Settings");
    await visible(desk, "Open Settings");
    const posted = await draft.finish({ text: "Open Settings, then Export.", feedback: "turn_1" });
    expect(texts(desk)[0]).toContain("Open Settings, then Export.");
    expect(shown(desk)).toHaveLength(1);
    expect(shown(desk)[0]?.streaming).toBe(false);
    expect(posted).toEqual({ id: `slack:T1:C1:${shown(desk)[0]?.ts}`, thread: desk.thread });
    expect(desk.slack.callsOf("chat.postMessage")).toHaveLength(0);
    expect(desk.slack.callsOf("chat.update")).toHaveLength(0);
  });

  it("is sent in few pieces however many words it is written in", async () => {
    const desk = await start();
    const draft = desk.platform.draft({ thread: desk.thread }, "o_1");
    for (let n = 0; n < 2_000; n += 1) draft.append("x ");
    await draft.finish({ text: "x ".repeat(2_000) });
    expect(desk.slack.callsOf("chat.appendStream").length).toBeLessThan(5);
    expect(shown(desk)).toHaveLength(1);
    expect(texts(desk)[0]?.split("x").length).toBe(2_001);
  });

  it("has nothing live in it, however the pieces fall", async () => {
    const desk = await start();
    const draft = desk.platform.draft({ thread: desk.thread }, "o_1");
    const text = "Hi <!channel> <@U1> &lt;!here&gt; 😀 a&b <https://evil.example|bank>";
    for (const unit of text.split("")) draft.append(unit);
    await draft.finish({ text });
    expect(shown(desk)).toHaveLength(1);
    expect(shown(desk)[0]?.live).toEqual([]);
    expect(texts(desk)[0]).toContain("&lt;!channel> &lt;@U1> &amp;lt;!here&amp;gt; 😀 a&b &lt;https://evil");
  });

  it("shows its steps as tasks, and goes on without them where they are refused", async () => {
    const desk = await start();
    const draft = await begun(desk);
    draft.step?.("t1", "Looking up <ord_1002>", "running");
    await visible(desk, "Looking up &lt;ord_1002>");
    draft.step?.("t1", "Looked up the order", "done");
    await draft.finish({ text: "Open it." });
    expect(texts(desk)[0]).toContain("Open it.");

    desk.slack.faults.add({ kind: "error", error: "invalid_chunks" }, { method: "chat.startStream" });
    const second = desk.platform.draft({ thread: desk.thread }, "o_2");
    second.step?.("t1", "Searching", "running");
    second.append("Found ");
    await visible(desk, "Found");
    await second.finish({ text: "Found it." });
    expect(texts(desk)).toHaveLength(2);
    expect(desk.slack.callsOf("chat.startStream").at(-1)?.args.chunks).toBeUndefined();
  });

  it("leaves nothing behind when a person takes over in the middle of it", async () => {
    const desk = await start();
    const draft = await begun(desk, "I will refund you ");
    draft.append("right away");
    await draft.abandon();
    draft.append(" again");
    await draft.abandon();
    await new Promise((resolve) => setTimeout(resolve, 400));
    expect(shown(desk)).toEqual([]);
  });

  it("that becomes another, longer text is that text, in order, once", async () => {
    const desk = await start();
    const draft = await begun(desk, "Something wrong ");
    const paragraphs = Array.from({ length: 60 }, (_, n) => `Paragraph ${n}. ${"word ".repeat(50)}`);
    const posted = await draft.finish({ text: paragraphs.join("\n\n"), sources: [{ title: "Exports" }] });
    const all = texts(desk).join("\n");
    expect([...all.matchAll(/Paragraph (\d+)\./g)].map((m) => Number(m[1]))).toEqual(
      paragraphs.map((_, n) => n),
    );
    expect(all).not.toContain("Something wrong");
    expect((await desk.platform.find({ thread: desk.thread }, "o_1"))?.id).toBe(posted.id);
  });
});

describe("a reply that cannot be streamed", () => {
  const draftAndFinish = async (desk: Started, key: string) => {
    const draft = desk.platform.draft({ thread: desk.thread }, key);
    draft.append(`Answer ${key}, `);
    return draft.finish({ text: `Answer ${key}, in full.` });
  };

  it("because there were twenty in this minute, is exactly one message", async () => {
    const desk = await start({ perMinute: { "chat.startStream": 20, "chat.stopStream": 20 } });
    for (let n = 0; n < 25; n += 1) await draftAndFinish(desk, `o_${n}`);
    expect(desk.slack.callsOf("chat.startStream")).toHaveLength(20);
    expect(desk.slack.callsOf("chat.postMessage")).toHaveLength(5);
    expect(texts(desk)).toEqual(Array.from({ length: 25 }, (_, n) => `Answer o_${n}, in full.`));
  });

  it("because Slack refuses to start, is exactly one message", async () => {
    const desk = await start();
    desk.slack.faults.add({ kind: "rate_limited", seconds: 30 }, { method: "chat.startStream" });
    await draftAndFinish(desk, "o_1");
    expect(texts(desk)).toEqual(["Answer o_1, in full."]);
  });

  it("because nobody knows for whom it is, is exactly one message", async () => {
    const desk = await start();
    const second = await reborn(desk);
    const draft = second.draft({ thread: desk.thread }, "o_1");
    draft.append("x");
    await draft.finish({ text: "xyz" });
    expect(desk.slack.callsOf("chat.startStream")).toHaveLength(0);
    expect(texts(desk)).toEqual(["xyz"]);
  });

  it("because it stands in no thread, is not begun as one", async () => {
    const desk = await start();
    for (const target of [{ channel: "slack:T1:C2" }, { thread: "slack:T1:D1" }]) {
      expect(desk.platform.draft(target, "o_1")).toBeUndefined();
    }
  });

  it("because the start got no answer, is exactly one message", async () => {
    const desk = await start();
    desk.slack.faults.add({ kind: "reset_after" }, { method: "chat.startStream" });
    const draft = desk.platform.draft({ thread: desk.thread }, "o_1");
    draft.append("Answer, ");
    await desk.slack.waitFor(() => shown(desk).length === 1);
    await draft.finish({ text: "Answer, in full." });
    expect(texts(desk)).toEqual(["Answer, in full."]);
  });

  it("and is taken back after a start without an answer, leaves nothing", async () => {
    const desk = await start();
    desk.slack.faults.add({ kind: "reset_after" }, { method: "chat.startStream" });
    const draft = desk.platform.draft({ thread: desk.thread }, "o_1");
    draft.append("Answer, ");
    await desk.slack.waitFor(() => shown(desk).length === 1);
    await draft.abandon();
    expect(shown(desk)).toEqual([]);
  });

  it("to its end, because the stream broke, is exactly one message", async () => {
    const desk = await start();
    const draft = await begun(desk, "Answer, ");
    desk.slack.faults.add(
      { kind: "error", error: "message_not_in_streaming_state" },
      { method: "chat.appendStream" },
    );
    draft.append("with more, ");
    await desk.slack.waitFor(() => desk.slack.callsOf("chat.appendStream").length === 1);
    await draft.finish({ text: "Answer, with more, in full." });
    expect(texts(desk)).toEqual(["Answer, with more, in full."]);
    expect(desk.slack.callsOf("chat.postMessage")).toHaveLength(1);
  });

  it("because it cannot be stopped, is exactly one message", async () => {
    for (const fault of [
      { kind: "rate_limited", seconds: 1 },
      { kind: "error", error: "message_not_in_streaming_state" },
    ] as const) {
      const desk = await start();
      const draft = await begun(desk, "Answer, ");
      desk.slack.faults.add(fault, { method: "chat.stopStream" });
      await draft.finish({ text: "Answer, in full." });
      expect(texts(desk)).toEqual(["Answer, in full."]);
    }
  });

  it("because its other text is refused as a change, is exactly one message", async () => {
    const desk = await start();
    const draft = await begun(desk, "Answer, ");
    desk.slack.faults.add({ kind: "rate_limited", seconds: 1 }, { method: "chat.update" });
    await draft.finish({ text: "Something else." });
    expect(texts(desk)).toEqual(["Something else."]);
  });

  it("and whose remains cannot be deleted now, is neither lost nor doubled", async () => {
    const desk = await start();
    const draft = await begun(desk, "Answer, ");
    desk.slack.faults.add(
      { kind: "error", error: "message_not_in_streaming_state" },
      { method: "chat.stopStream" },
    );
    desk.slack.faults.add({ kind: "status", status: 503 }, { method: "chat.delete" });
    expect(await codeOf(draft.finish({ text: "Answer, in full." }))).toBe("platform_unavailable");
    await desk.platform.post({ thread: desk.thread }, { text: "Answer, in full." }, "o_1");
    expect(texts(desk)).toEqual(["Answer, in full."]);
  });
});

describe("a half answer that Slack does not let the bot delete", () => {
  const never = { kind: "error", error: "cant_delete_message" } as const;
  it("does not keep the whole one from the customer", async () => {
    const desk = await start();
    const draft = await begun(desk, "Answer, ");
    const lapsed = { kind: "error", error: "message_not_in_streaming_state" } as const;
    desk.slack.faults.add(lapsed, { method: "chat.stopStream", times: 9 });
    desk.slack.faults.add(never, { method: "chat.delete", times: 9 });
    await draft.finish({ text: "Answer, in full." });
    expect(texts(desk)).toEqual(["Answer, ", "Answer, in full."]);
  });

  it("is left when it is taken back, and not tried again and again", async () => {
    const desk = await start();
    const draft = await begun(desk, "Answer, ");
    desk.slack.faults.add(never, { method: "chat.delete", times: 9 });
    await draft.abandon();
    expect(desk.slack.callsOf("chat.stopStream")).toHaveLength(1);
    desk.slack.faults.clear();
  });
});

describe("a stream whose stop got no answer", () => {
  it("is found when it arrived", async () => {
    const desk = await start();
    const draft = await begun(desk, "Answer, ");
    desk.slack.faults.add({ kind: "reset_after" }, { method: "chat.stopStream" });
    expect(await codeOf(draft.finish({ text: "Answer, in full." }))).toBe("platform_ambiguous");
    expect((await desk.platform.find({ thread: desk.thread }, "o_1"))?.id).toBe(
      `slack:T1:C1:${shown(desk)[0]?.ts}`,
    );
    expect(texts(desk)).toEqual(["Answer, in full."]);
  });

  it("is posted once when it did not", async () => {
    const desk = await start();
    const draft = await begun(desk, "Answer, ");
    desk.slack.faults.add({ kind: "reset" }, { method: "chat.stopStream" });
    expect(await codeOf(draft.finish({ text: "Answer, in full." }))).toBe("platform_ambiguous");
    expect(await desk.platform.find({ thread: desk.thread }, "o_1")).toBeUndefined();
    await desk.platform.post({ thread: desk.thread }, { text: "Answer, in full." }, "o_1");
    expect(texts(desk)).toEqual(["Answer, in full."]);
  });
});

describe("a stream that could not be taken back", () => {
  it("is taken back when it is looked for", async () => {
    const desk = await start();
    const draft = await begun(desk, "Answer, ");
    desk.slack.faults.add({ kind: "reset" }, { method: "chat.stopStream" });
    desk.slack.faults.add({ kind: "reset" }, { method: "chat.delete" });
    expect(await codeOf(draft.abandon())).toBe("platform_unavailable");
    expect(shown(desk)).toHaveLength(1);
    expect(await desk.platform.find({ thread: desk.thread }, "o_1")).toBeUndefined();
    expect(shown(desk)).toEqual([]);
  });
});

describe("a process that died while it streamed", () => {
  it("has its half answer taken back at the next start", async () => {
    const streams = memoryStreams();
    const desk = await start({ parts: { streams } });
    await begun(desk, "Half an ");
    await desk.slack.waitFor(() => streams.kept.length === 1);
    const clock = createClock();
    const later = { ...clock, now: () => clock.now() + 3_600_000 };
    await reborn(desk, { parts: { streams, clock: later } });
    expect(shown(desk)).toEqual([]);
    expect(streams.kept).toEqual([]);
  });

  it("may be another one that is alive: what it has just begun is left to it", async () => {
    const streams = memoryStreams();
    const desk = await start({ parts: { streams } });
    const draft = await begun(desk, "Half an ");
    await desk.slack.waitFor(() => streams.kept.length === 1);
    const second = adapterFor(desk.slack, { parts: { streams } });
    await second.connect(recordingDesk(), { listening: false });
    expect(shown(desk)).toHaveLength(1);
    await draft.finish({ text: "Half an answer." });
    expect(texts(desk)).toEqual(["Half an answer."]);
    await second.close();
  });

  it("keeps an answer that had been finished", async () => {
    const streams = memoryStreams();
    const desk = await start({ parts: { streams } });
    const draft = await begun(desk, "A whole ");
    const left = [...streams.kept];
    await draft.finish({ text: "A whole answer." });
    expect(streams.kept).toEqual([]);
    streams.kept.push(...left);
    await reborn(desk, { parts: { streams } });
    expect(texts(desk)).toEqual(["A whole answer."]);
  });

  it("has it taken back when its key is looked for, where no store remembered it", async () => {
    const desk = await start();
    await begun(desk, "Half an ");
    const second = await reborn(desk);
    expect(await second.find({ thread: desk.thread }, "o_1")).toBeUndefined();
    expect(shown(desk)).toEqual([]);
  });

  it("has it taken back when its key is looked for, where the server does not tell streams from messages", async () => {
    const streams = memoryStreams();
    const desk = await start({ parts: { streams } });
    await begun(desk, "half an ans");
    await desk.slack.waitFor(() => streams.kept.length === 1);
    const { message } = shown(desk)[0] as { message: { streaming?: unknown } };
    delete message.streaming;
    const second = await reborn(desk, { parts: { streams } });
    expect(await second.find({ thread: desk.thread }, "o_2")).toBeUndefined();
    expect(texts(desk)).toHaveLength(1);
    expect(await second.find({ thread: desk.thread }, "o_1")).toBeUndefined();
    expect(texts(desk)).toEqual([]);
    expect(streams.kept).toEqual([]);
  });

  it("right after its half answer was taken back keeps nobody from posting the whole", async () => {
    const streams = memoryStreams();
    const desk = await start({ parts: { streams } });
    await begun(desk, "Half an ");
    await desk.slack.waitFor(() => streams.kept.length === 1);
    const left = [...streams.kept];
    const second = await reborn(desk, { parts: { streams } });
    expect(await second.find({ thread: desk.thread }, "o_1")).toBeUndefined();
    streams.kept.push(...left);
    expect(await second.find({ thread: desk.thread }, "o_1")).toBeUndefined();
    expect(streams.kept).toEqual([]);
  });

  it("is not mistaken for one that lives", async () => {
    const desk = await start();
    const draft = await begun(desk, "Still being ");
    expect(await desk.platform.find({ thread: desk.thread }, "o_other")).toBeUndefined();
    expect(texts(desk)).toEqual(["Still being "]);
    await draft.finish({ text: "Still being written." });
    expect(texts(desk)).toEqual(["Still being written."]);
  });
});

describe("the first words", () => {
  it("are on their way to Slack in the same moment", async () => {
    const clock = createClock();
    const desk = await start({ parts: { clock } });
    const draft = desk.platform.draft({ thread: desk.thread }, "o_1");
    const before = desk.slack.calls.length;
    draft.append("O");
    // No timer of any length lies in between: the request is written before anything else happens.
    await desk.slack.waitFor(() => desk.slack.calls.length > before);
    expect(desk.slack.calls[before]?.method).toBe("chat.startStream");
    await draft.abandon();
  });
});
