import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { createClock } from "../../../src/clock.ts";
import type { Platform, Post } from "../../../src/platform.ts";
import type { ThreadId } from "../../../src/thread.ts";
import { recordingDesk } from "../../contracts/platform.ts";
import { adapterFor, codeOf, type DeskOptions, openDesk, type SlackDesk } from "./harness.ts";

let cleanups: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.reverse()) await cleanup();
  cleanups = [];
});
async function start(options: DeskOptions = {}): Promise<SlackDesk & { thread: ThreadId; ts: string }> {
  const one = await openDesk({ ackTimeoutMs: 400, ...options });
  cleanups.push(async () => {
    await one.close();
    expect(one.slack.violations).toEqual([]);
  });
  const ts = await one.slack.asUser("U1").say("C1", "How do I export?");
  return { ...one, thread: `slack:T1:C1:${ts}`, ts };
}
/** The same program after it died: another adapter on the same Slack. */
async function reborn({ slack }: SlackDesk): Promise<Platform> {
  const platform = adapterFor(slack);
  await platform.connect(recordingDesk());
  cleanups.push(() => platform.close());
  return platform;
}
const paragraphs = Array.from({ length: 40 }, (_, n) => `Paragraph ${n}. ${"word ".repeat(50)}`);
const long: Post = { text: paragraphs.join("\n\n"), sources: [{ title: "Exports" }] };
const numbers = (texts: string[]) =>
  [...texts.join("\n").matchAll(/Paragraph (\d+)\./g)].map((m) => Number(m[1]));
const everyNumber = paragraphs.map((_, n) => n);
const byBot = (desk: SlackDesk, ts: string) =>
  desk.slack
    .messages("C1", ts)
    .filter((seen) => seen.byBot)
    .map((seen) => seen.text);

describe("a long post", () => {
  it("goes on where it stopped when Slack asks to wait in the middle of it", async () => {
    const desk = await start();
    const { slack, platform, thread, ts } = desk;
    const sent = slack.callsOf("chat.postMessage").length;
    slack.faults.add({ kind: "delay", ms: 0 }, { method: "chat.postMessage" });
    slack.faults.add({ kind: "rate_limited", seconds: 1 }, { method: "chat.postMessage" });
    expect(await codeOf(platform.post({ thread }, long, "o_1"))).toBe("platform_rate_limited");
    expect(slack.callsOf("chat.postMessage").length).toBe(sent + 2);
    expect(await codeOf(platform.post({ thread }, long, "o_1"))).toBe("platform_rate_limited");
    expect(slack.callsOf("chat.postMessage").length).toBe(sent + 2);
    await new Promise((resolve) => setTimeout(resolve, 1_050));
    await platform.post({ thread }, long, "o_1");
    expect(numbers(byBot(desk, ts))).toEqual(everyNumber);
  });

  it("is not doubled when an answer is lost in the middle of it", async () => {
    const desk = await start();
    const { slack, platform, thread, ts } = desk;
    slack.faults.add({ kind: "delay", ms: 0 }, { method: "chat.postMessage" });
    slack.faults.add({ kind: "reset_after" }, { method: "chat.postMessage" });
    expect(await codeOf(platform.post({ thread }, long, "o_1"))).toBe("platform_ambiguous");
    expect(await platform.find?.({ thread }, "o_1")).toBeUndefined();
    const posted = await platform.post({ thread }, long, "o_1");
    expect(numbers(byBot(desk, ts))).toEqual(everyNumber);
    expect((await platform.find?.({ thread }, "o_1"))?.id).toBe(posted.id);
  });

  it("that is not to be posted any more has what has arrived of it taken back", async () => {
    const desk = await start();
    const { slack, platform, thread, ts } = desk;
    slack.faults.add({ kind: "delay", ms: 0 }, { method: "chat.postMessage" });
    slack.faults.add({ kind: "rate_limited", seconds: 1 }, { method: "chat.postMessage" });
    expect(await codeOf(platform.post({ thread }, long, "o_1"))).toBe("platform_rate_limited");
    expect(byBot(desk, ts)).toHaveLength(1);
    expect(await platform.find?.({ thread }, "o_1", { post: long, since: 0 })).toBeUndefined();
    expect(byBot(desk, ts)).toHaveLength(1);
    expect(await platform.find?.({ thread }, "o_1")).toBeUndefined();
    expect(byBot(desk, ts)).toEqual([]);
  });

  it("is finished by another process when the first one died in the middle of it", async () => {
    const desk = await start();
    const { slack, platform, thread, ts } = desk;
    slack.faults.add({ kind: "delay", ms: 0 }, { method: "chat.postMessage" });
    slack.faults.add({ kind: "hang" }, { method: "chat.postMessage" });
    void codeOf(platform.post({ thread }, long, "o_1"));
    await slack.waitFor(() => slack.callsOf("chat.postMessage").length === 2);
    const second = await reborn(desk);
    expect(await second.find?.({ thread }, "o_1")).toBeUndefined();
    await second.post({ thread }, long, "o_1");
    expect(numbers(byBot(desk, ts))).toEqual(everyNumber);
  });

  it("in a channel goes on in the thread of its first part, and is found there", async () => {
    const desk = await start();
    const { slack, platform } = desk;
    const posted = await platform.post({ channel: "slack:T1:C2" }, long, "o_1");
    const root = posted.id.split(":").at(-1) ?? "";
    expect(slack.messages("C2").filter((seen) => seen.threadTs === undefined)).toHaveLength(1);
    expect(numbers(slack.messages("C2", root).map((seen) => seen.text))).toEqual(everyNumber);
    const second = await reborn(desk);
    expect(await second.find?.({ channel: "slack:T1:C2" }, "o_1")).toEqual(posted);
    expect(posted.thread).toBe(`slack:T1:C2:${root}`);
  });

  it("is edited and removed as a whole", async () => {
    const desk = await start();
    const { platform, thread, ts } = desk;
    const posted = await platform.post({ thread }, long, "o_1");
    await platform.edit?.(posted.id, { text: "Short now." });
    expect(byBot(desk, ts)).toEqual(["Short now."]);
    const again = await platform.post({ thread }, long, "o_2");
    await platform.remove?.(again.id);
    expect(byBot(desk, ts)).toEqual(["Short now."]);
  });

  it("is edited as a whole into another long one, also longer than it was, and by another process", async () => {
    const desk = await start();
    const { platform, thread, ts } = desk;
    const posted = await platform.post({ thread }, long, "o_1");
    const shown = () => byBot(desk, ts);
    const all = (texts: string[]) => numbers(texts.flatMap((text) => text.split("\n")));
    const before = shown().length;
    await platform.edit?.(posted.id, { ...long, text: long.text.replaceAll("word", "term") });
    expect(shown()).toHaveLength(before);
    expect(all(shown())).toEqual(everyNumber);
    expect(shown().join()).not.toContain("word");

    const second = await reborn(desk);
    await second.edit?.(posted.id, long);
    expect(shown()).toHaveLength(before);
    expect(all(shown())).toEqual(everyNumber);
    expect(shown().join()).not.toContain("term");

    await second.edit?.(posted.id, { text: "Short now." });
    await platform.edit?.(posted.id, { text: paragraphs.slice(0, 25).join("\n\n") });
    expect(shown()).toHaveLength(1);
    const whole = JSON.stringify(desk.slack.messages("C1", ts).at(-1)?.message.blocks);
    expect(numbers([whole])).toEqual(everyNumber.slice(0, 25));

    const one = await second.post({ thread }, { text: "short" }, "o_2");
    await second.edit?.(one.id, { text: paragraphs.slice(0, 20).join("\n\n") });
    const grown = JSON.stringify(desk.slack.messages("C1", ts).at(-1)?.message.blocks);
    expect(numbers([grown])).toEqual(everyNumber.slice(0, 20));

    const third = await reborn(desk);
    await third.remove?.(posted.id);
    await third.remove?.(one.id);
    expect(shown()).toEqual([]);
  });
});

describe("a doubtful post", () => {
  it("is looked for before it is sent again, even when nobody asked to", async () => {
    const desk = await start();
    const { slack, platform, thread, ts } = desk;
    slack.faults.add({ kind: "status_after", status: 502 }, { method: "chat.postMessage" });
    expect(await codeOf(platform.post({ thread }, { text: "only once" }, "o_1"))).toBe("platform_ambiguous");
    await platform.post({ thread }, { text: "only once" }, "o_1");
    expect(byBot(desk, ts)).toEqual(["only once"]);
  });

  it("is found by another process, behind hundreds of other messages", async () => {
    const desk = await start();
    const { slack, platform, thread } = desk;
    slack.faults.add({ kind: "reset_after" }, { method: "chat.postMessage" });
    await codeOf(platform.post({ thread }, { text: "deep down" }, "o_1"));
    for (let n = 0; n < 450; n += 1) await platform.post({ thread }, { text: `noise ${n}` }, `o_n${n}`);
    const second = await reborn(desk);
    const found = await second.find?.({ thread }, "o_1");
    expect(slack.messages("C1").find((seen) => seen.text === "deep down")?.ts).toBe(
      found?.id.split(":").at(-1),
    );
    expect(await second.find?.({ thread }, "o_2")).toBeUndefined();
  });

  it("is not taken for arrived because somebody else's message carries its key", async () => {
    const desk = await start();
    const { slack, platform, thread } = desk;
    const ts = await slack.asUser("U2").say("C1", "mine", { threadTs: desk.ts });
    const foreign = slack.messages("C1").find((seen) => seen.ts === ts);
    if (foreign) foreign.message.metadata = { event_type: "deskhand_reply", event_payload: { id: "o_1" } };
    expect(await platform.find?.({ thread }, "o_1")).toBeUndefined();
  });

  it("is doubtful when Slack does not answer in time, or answers something that is not Slack's", async () => {
    const { slack, platform, thread } = await start();
    slack.faults.add({ kind: "status", status: 500 }, { method: "chat.postMessage" });
    expect(await codeOf(platform.post({ thread }, { text: "a" }, "o_1"))).toBe("platform_ambiguous");
    slack.faults.add({ kind: "error", error: "fatal_error" }, { method: "chat.postMessage" });
    expect(await codeOf(platform.post({ thread }, { text: "a" }, "o_2"))).toBe("platform_ambiguous");
    slack.faults.add({ kind: "error", error: "<html>Proxy</html>" }, { method: "chat.postMessage" });
    expect(await codeOf(platform.post({ thread }, { text: "a" }, "o_3"))).toBe("platform_ambiguous");
  });

  it("is certain where nothing can have arrived", async () => {
    const { slack, platform, thread } = await start();
    // Its two minutes of patience are over soon.
    const clock = createClock();
    const hurried = {
      ...clock,
      elapsed: () => clock.elapsed() * 1_000,
      sleep: (ms: number, signal?: AbortSignal) => clock.sleep(ms / 1_000, signal),
    };
    const config = { apiUrl: "http://127.0.0.1:1/api/" };
    const place = adapterFor(slack, { config, parts: { clock: hurried } });
    expect(await codeOf(place.connect(recordingDesk()))).toBe("platform_unavailable");
    await place.close();
    for (const error of ["message_limit_exceeded", "external_channel_migrating", "accesslimited"]) {
      slack.faults.add({ kind: "error", error }, { method: "chat.postMessage" });
      expect(await codeOf(platform.post({ thread }, { text: "a" }, "o_1")), error).toBe(
        "platform_unavailable",
      );
    }
    slack.faults.add({ kind: "error", error: "msg_too_long" }, { method: "chat.postMessage" });
    expect(await codeOf(platform.post({ thread }, { text: "a" }, "o_1"))).toBe("platform_refused");
    expect(await codeOf(platform.post({ thread: "discord:1:2" }, { text: "a" }, "o_2"))).toBe(
      "platform_refused",
    );
    expect(await codeOf(platform.post({ thread: "slack:T9:C1:1.1" }, { text: "a" }, "o_3"))).toBe(
      "platform_unauthorized",
    );
    expect(await codeOf(platform.post({ channel: "slack:T1:C404" }, { text: "a" }, "o_4"))).toBe(
      "platform_unreachable",
    );
  });
});

describe("a request to wait", () => {
  it("holds up its channel for as long as it says, and no other", async () => {
    const { slack, platform, thread } = await start();
    slack.faults.add({ kind: "rate_limited", seconds: 1 }, { method: "chat.postMessage", channel: "C1" });
    expect(await codeOf(platform.post({ thread }, { text: "1" }, "o_1"))).toBe("platform_rate_limited");
    const made = slack.callsOf("chat.postMessage").length;
    for (let n = 0; n < 20; n += 1)
      expect(await codeOf(platform.post({ thread }, { text: "1" }, "o_1"))).toBe("platform_rate_limited");
    expect(slack.callsOf("chat.postMessage").length).toBe(made);
    await platform.post({ channel: "slack:T1:C2" }, { text: "other" }, "o_2");
    await new Promise((resolve) => setTimeout(resolve, 1_050));
    await platform.post({ thread }, { text: "1" }, "o_1");
    expect(slack.violations).toEqual([]);
  });
});

describe("a workspace that does not know an element", () => {
  it("gets plain feedback buttons instead, from then on at once", async () => {
    const desk = await start();
    const { slack, platform, thread } = desk;
    slack.faults.add({ kind: "error", error: "invalid_blocks" }, { method: "chat.postMessage" });
    await platform.post({ thread }, { text: "one", feedback: "turn_1" }, "o_1");
    await platform.post({ thread }, { text: "two", feedback: "turn_2" }, "o_2");
    expect(slack.callsOf("chat.postMessage")).toHaveLength(3);
    await slack.asUser("U1").click("👍");
    expect(desk.desk.received.at(-1)).toMatchObject({ kind: "action", name: "feedback", value: "up turn_2" });
  });

  it.each(["invalid_blocks", "invalid_blocks_format", "msg_blocks_too_long"])(
    "gets the words alone when it takes no blocks at all: %s",
    async (error) => {
      const desk = await start();
      desk.slack.faults.add({ kind: "error", error }, { method: "chat.postMessage" });
      await desk.platform.post({ thread: desk.thread }, { text: "just words" }, "o_1");
      expect(byBot(desk, desk.ts)).toEqual(["just words"]);
    },
  );
});

describe("feedback", () => {
  it("is the action `feedback` with the turn, from Slack's own buttons too", async () => {
    const { slack, platform, thread, desk } = await start();
    await platform.post({ thread }, { text: "one", feedback: "turn_1" }, "o_1");
    await slack.asUser("U1").click("👎");
    expect(desk.received.at(-1)).toMatchObject({ kind: "action", name: "feedback", value: "down turn_1" });
  });
});

describe("files", () => {
  function aFile(name: string, text: string) {
    const folder = mkdtempSync(join(tmpdir(), "deskhand-slack-"));
    cleanups.push(() => rmSync(folder, { recursive: true }));
    const path = join(folder, "content");
    writeFileSync(path, text);
    return { name, mediaType: "text/plain", bytes: Buffer.byteLength(text), path };
  }

  it("go out in the thread, with their content", async () => {
    const desk = await start();
    const files = [aFile("../log.txt", "hello"), aFile("b.txt", "there")];
    await desk.platform.post({ thread: desk.thread }, { text: "See these.", as: "Maya", files }, "o_1");
    const shared = desk.slack.messages("C1", desk.ts).flatMap((seen) => seen.message.files);
    expect(shared.map((file) => [file.title, file.content.toString()])).toEqual([
      [".._log.txt", "hello"],
      ["b.txt", "there"],
    ]);
  });

  it("are not shared twice when the answer is lost, and not lost when the process dies before them", async () => {
    const desk = await start();
    const { slack, platform, thread, ts } = desk;
    const post = { text: "See this.", files: [aFile("a.txt", "x")] };
    const shares = () => slack.messages("C1", ts).filter((seen) => seen.message.files.length > 0).length;
    slack.faults.add({ kind: "reset_after" }, { method: "files.completeUploadExternal" });
    expect(await codeOf(platform.post({ thread }, post, "o_1"))).toBe("platform_ambiguous");
    expect(await platform.find?.({ thread }, "o_1")).toBeDefined();
    expect(shares()).toBe(1);

    slack.faults.add({ kind: "hang" }, { method: "files.getUploadURLExternal" });
    void codeOf(platform.post({ thread }, post, "o_2"));
    await slack.waitFor(
      () => slack.messages("C1", ts).filter((seen) => seen.text.includes("See this.")).length === 2,
    );
    const second = await reborn(desk);
    expect(await second.find?.({ thread }, "o_2")).toBeUndefined();
    await second.post({ thread }, post, "o_2");
    expect(shares()).toBe(2);
    expect(slack.messages("C1", ts).filter((seen) => seen.text.includes("See this."))).toHaveLength(2);
  });

  it("go with their message when it is taken back, also by another process, and no others do", async () => {
    const desk = await start();
    const { slack, platform, thread } = desk;
    const post = (name: string) => ({ text: `${name}!`, files: [aFile(name, "x")] });
    const kept = () => [...slack.world.files.values()].map((file) => file.title);
    const first = await platform.post({ thread }, post("a.txt"), "o_1");
    const second = await platform.post({ thread }, post("b.txt"), "o_2");
    await platform.post({ thread }, { text: "no files" }, "o_3");
    await platform.post({ thread }, post("c.txt"), "o_4");
    await platform.remove?.(first.id);
    expect(kept()).toEqual(["b.txt", "c.txt"]);
    await (await reborn(desk)).remove?.(second.id);
    expect(kept()).toEqual(["c.txt"]);
    expect(byBot(desk, desk.ts).filter(Boolean)).toEqual(["no files", "c.txt!", "c.txt"]);
  });

  it("that never get through are refused after some minutes, and hold up nothing for a day", async () => {
    let ahead = 0;
    const clock = createClock();
    const later = { ...clock, elapsed: () => clock.elapsed() + ahead };
    const { slack, platform, thread } = await start({ parts: { clock: later } });
    const post = { text: "See this.", files: [aFile("a.txt", "x")] };
    const send = () => codeOf(platform.post({ thread }, post, "o_1"));
    slack.faults.add({ kind: "status", status: 503 }, { method: "upload", times: 9 });
    for (let n = 0; n < 5; n += 1) expect(await send()).toBe("platform_unavailable");
    ahead = 240_000;
    expect(await send()).toBe("platform_refused");
    // Staff who press Retry begin anew.
    expect(await send()).toBe("platform_unavailable");
    slack.faults.clear();
    expect(await send()).toBe("done");
  });

  it("that are gone are refused, and not tried again for a day", async () => {
    const { platform, thread } = await start();
    const gone = { ...aFile("a.txt", "x"), path: join(tmpdir(), "deskhand-nowhere", "content") };
    expect(await codeOf(platform.post({ thread }, { text: "See this.", files: [gone] }, "o_1"))).toBe(
      "platform_refused",
    );
  });
});
