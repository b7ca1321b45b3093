import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { readDraftNote } from "../../../adapters/discord/draft-note.ts";
import { type Clock, createClock } from "../../../src/clock.ts";
import type { Platform } from "../../../src/platform.ts";
import type { ThreadId } from "../../../src/thread.ts";
import { eventually, recordingDesk } from "../../contracts/platform.ts";
import { createSetting, type Setting } from "./setting.ts";

let world: Setting;
let platform: Platform;
let thread: ThreadId;
let channel: string;

beforeEach(async () => {
  world = await createSetting();
  platform = world.adapter();
  const desk = recordingDesk();
  await platform.connect(desk);
  const ana = world.server.asUser("Ana");
  ana.dm("hello");
  await eventually(() => expect(desk.received).toHaveLength(1));
  channel = ana.directChannel.id;
  thread = `discord:@me:${channel}`;
});
afterEach(() => world.dispose());

let keys = 0;
const key = () => `d_${++keys}`;
function draftUnder(id: string) {
  const draft = platform.draft?.({ thread }, id);
  if (!draft) throw new Error("Discord has drafts");
  return draft;
}
const shown = () => world.server.byBot(channel).map((one) => one.content);
const writes = () =>
  world.server.rest.calls.filter(
    (call) => ["POST", "PATCH"].includes(call.method) && call.path.includes("/messages"),
  );

describe("an answer that grows", () => {
  it("is posted once when it is finished at once", async () => {
    const draft = draftUnder(key());
    for (const word of "a short answer".split(" ")) draft.append(`${word} `);
    await draft.finish({ text: "a short answer" });
    expect(writes()).toHaveLength(1);
  });

  it("is edited at most once a second, and ends as exactly the post", async () => {
    const draft = draftUnder(key());
    const began = Date.now();
    while (Date.now() - began < 3_000) {
      draft.append("word ");
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    expect(draft.shown).toBe(true);
    expect(shown()).toHaveLength(1);
    const times = writes().map((call) => call.at);
    expect(times.length).toBeGreaterThanOrEqual(2);
    for (const [n, at] of times.entries())
      if (n > 0) expect(at - (times[n - 1] as number)).toBeGreaterThanOrEqual(800);
    const posted = await draft.finish({
      text: "The answer.",
      sources: [{ title: "Terms" }],
      feedback: "t_1",
    });
    expect(shown()).toEqual(["The answer.\n-# Terms"]);
    expect(posted.id).toBe(`discord:${channel}:${world.server.byBot(channel)[0]?.id}`);
    expect(world.marks.saved.has(`draft:d_${keys}`)).toBe(false);
  });

  it("grows over several messages, and leaves none of them when the post is shorter", async () => {
    const draft = draftUnder(key());
    draft.append(Array.from({ length: 25 }, (_, n) => `Paragraph ${n} ${"word ".repeat(40)}`).join("\n\n"));
    await eventually(() => expect(shown().length).toBeGreaterThan(2));
    await draft.finish({ text: "Short after all." });
    expect(shown()).toEqual(["Short after all."]);
  });

  it("takes back what was shown when it is abandoned, also when the answer to its create was lost", async () => {
    world.server.rest.fault({ method: "POST", path: /\/messages$/, trouble: { kind: "reset", after: true } });
    const draft = draftUnder(key());
    draft.append("I will refund you");
    await eventually(() => expect(shown()).toHaveLength(1));
    await draft.abandon();
    expect(shown()).toEqual([]);
  });

  it("is finished by another attempt with its key when finishing failed", async () => {
    const id = key();
    const draft = draftUnder(id);
    draft.append("I think that");
    await eventually(() => expect(shown()).toHaveLength(1));
    world.server.rest.fault({ method: "PATCH", trouble: { kind: "status", status: 500 } });
    await expect(draft.finish({ text: "I know it." })).rejects.toMatchObject({ code: "platform_ambiguous" });
    const sent = { post: { text: "I know it." }, since: Date.now() };
    expect(await platform.find?.({ thread }, id, sent)).toBeUndefined();
    await platform.post({ thread }, sent.post, id);
    expect(shown()).toEqual(["I know it."]);
  });

  it("is gone on with when the process died in the middle of it", async () => {
    const id = key();
    const draft = draftUnder(id);
    draft.append("I think that");
    await eventually(() => expect(shown()).toHaveLength(1));
    await eventually(() => expect(world.marks.saved.has(`draft:${id}`)).toBe(true));
    await platform.close();
    world.server.routes.forgetNonces();
    const next = world.adapter();
    await next.connect(recordingDesk());
    const sent = { post: { text: "I know it." }, since: Date.now() };
    expect(await next.find?.({ thread }, id, sent)).toBeUndefined();
    await next.post({ thread }, sent.post, id);
    expect(shown()).toEqual(["I know it."]);
    expect((await next.find?.({ thread }, id))?.id).toBe(
      `discord:${channel}:${world.server.byBot(channel)[0]?.id}`,
    );
  });

  it("is found and taken back by whoever knows its key, when its process died", async () => {
    const id = key();
    const draft = draftUnder(id);
    draft.append("I think that");
    await eventually(() => expect(world.marks.saved.has(`draft:${id}`)).toBe(true));
    const next = world.adapter();
    await next.connect(recordingDesk(), { listening: false });
    const found = await next.find?.({ thread }, id);
    expect(found?.id).toBe(`discord:${channel}:${world.server.byBot(channel)[0]?.id}`);
    await next.remove?.(found?.id ?? "");
    expect(shown()).toEqual([]);
    await eventually(() => expect(world.marks.saved.has(`draft:${id}`)).toBe(false));
  });

  describe("whose process died before the ids of its messages were saved", () => {
    /** What is saved of a draft from now on says nothing of its messages. */
    function withoutIds() {
      const save = world.marks.save.bind(world.marks);
      world.marks.save = async (changes, rises) =>
        save(
          new Map([...changes].filter(([name, note]) => !name.startsWith("draft:") || !knowsIds(note))),
          rises,
        );
      const knowsIds = (note: string | undefined) => (readDraftNote(note)?.messages.length ?? 0) > 0;
      return () => {
        world.marks.save = save;
      };
    }

    /** The next process, when Discord knows no nonce of the draft's any more. */
    async function nextProcess(text: string, id: string, more: { clock?: Clock } = {}): Promise<Platform> {
      const again = withoutIds();
      const made = writes().length;
      draftUnder(id).append(text);
      await eventually(() => expect(writes().length).toBeGreaterThan(made));
      await platform.close();
      again();
      world.server.routes.forgetNonces();
      const next = world.adapter(more);
      await next.connect(recordingDesk());
      return next;
    }
    const long = Array.from({ length: 25 }, (_, n) => `Paragraph ${n} ${"word ".repeat(40)}`).join("\n\n");

    it.each([
      ["of one message", "I think that"],
      ["of several", long],
    ])("is found by its words and taken back, %s", async (_name, text) => {
      const id = key();
      const next = await nextProcess(text, id);
      expect(shown().length).toBeGreaterThan(0);
      const found = await next.find?.({ thread }, id);
      expect(found?.id).toBe(`discord:${channel}:${world.server.byBot(channel)[0]?.id}`);
      await next.remove?.(found?.id ?? "");
      expect(shown()).toEqual([]);
      await eventually(() => expect(world.marks.saved.has(`draft:${id}`)).toBe(false));
    });

    it("is gone on with, looked for or not", async () => {
      const ids = [key(), key()] as const;
      const looking = await nextProcess("I think that", ids[0]);
      const sent = { post: { text: "I know it." }, since: Date.now() };
      expect(await looking.find?.({ thread }, ids[0], sent)).toBeUndefined();
      await looking.post({ thread }, sent.post, ids[0]);
      expect(shown()).toEqual(["I know it."]);
      platform = looking;
      const next = await nextProcess("Or rather", ids[1]);
      await next.post({ thread }, { text: "I knew it." }, ids[1]);
      expect(shown()).toEqual(["I know it.", "I knew it."]);
    });

    it("is taken back after a while when nobody goes on with it", async () => {
      const id = key();
      const clock = createClock();
      await nextProcess("I think that", id, {
        clock: {
          ...clock,
          now: () => clock.now() + 3_600_000,
          every: (ms, call) => clock.every(Math.min(ms, 100), call),
        },
      });
      await eventually(() => expect(shown()).toEqual([]));
      await eventually(() => expect(world.marks.saved.has(`draft:${id}`)).toBe(false));
    });

    it("is not mistaken for what was said in the same words before it was asked for", async () => {
      await platform.post({ thread }, { text: "I think that" }, key());
      const before = world.marks.saved.get(`at:${channel}`);
      world.server.asUser("Ana").dm("go on");
      await eventually(() => expect(world.marks.saved.get(`at:${channel}`)).not.toBe(before));
      world.server.rest.fault({
        method: "POST",
        path: /\/messages$/,
        trouble: { kind: "status", status: 500 },
      });
      const id = key();
      const next = await nextProcess("I think that", id);
      expect(world.marks.saved.has(`draft:${id}`)).toBe(true);
      expect(await next.find?.({ thread }, id)).toBeUndefined();
      expect(shown()).toEqual(["I think that"]);
    });
  });

  it("is durably noted before it is visible, and not shown where that cannot be done", async () => {
    const id = key();
    world.marks.fail = true;
    const draft = draftUnder(id);
    draft.append("I think that");
    await eventually(() =>
      expect(world.log.lines.map((line) => line.event)).toContain("discord.draft_not_shown"),
    );
    expect(writes()).toEqual([]);
    world.marks.fail = false;
    await draft.finish({ text: "I think that it is." });
    expect(shown()).toEqual(["I think that it is."]);
  });

  it("of another process is not taken back while it may still be growing", async () => {
    const draft = draftUnder(key());
    draft.append("I think that");
    await eventually(() => expect(shown()).toHaveLength(1));
    await platform.listen?.(false);
    const clock = createClock();
    const every = (_: number, call: () => void) => clock.every(50, call);
    const marks = world.marks;
    const load = marks.load.bind(marks);
    let loads = 0;
    marks.load = async () => {
      loads += 1;
      return load();
    };
    await world.adapter({ clock: { ...clock, every } }).connect(recordingDesk());
    await eventually(() => expect(loads).toBeGreaterThan(5));
    expect(shown()).toEqual(["I think that"]);
    await draft.finish({ text: "I think that it is." });
    expect(shown()).toEqual(["I think that it is."]);
  });

  it("is taken back after a while when its process died and nobody goes on with it", async () => {
    const id = key();
    const draft = draftUnder(id);
    draft.append("I think that");
    await eventually(() => expect(world.marks.saved.has(`draft:${id}`)).toBe(true));
    await platform.close();
    const clock = createClock();
    const later = {
      ...clock,
      now: () => clock.now() + 3_600_000,
      every: (ms: number, call: () => void) => clock.every(Math.min(ms, 100), call),
    };
    await world.adapter({ clock: later }).connect(recordingDesk());
    await eventually(() => expect(shown()).toEqual([]));
    await eventually(() => expect(world.marks.saved.has(`draft:${id}`)).toBe(false));
  });

  it("keeps silent within a rate limit and shows the rest at its end", async () => {
    const draft = draftUnder(key());
    draft.append("one ");
    await eventually(() => expect(shown()).toHaveLength(1));
    world.server.rest.fault({ method: "PATCH", trouble: { kind: "limited", seconds: 1 } });
    draft.append("two ");
    await eventually(() =>
      expect(world.log.lines.map((line) => line.event)).toContain("discord.draft_not_shown"),
    );
    await eventually(() => expect(shown()).toEqual(["one two"]));
    await draft.finish({ text: "one two three" });
    expect(shown()).toEqual(["one two three"]);
    expect(world.server.rest.disobeyed).toBe(0);
  });
});

describe("typing", () => {
  it("is shown while asked for, again and again, and ends with the reply", async () => {
    const typed = () => world.server.world.channels.get(channel)?.typing.length ?? 0;
    await platform.working?.(thread, "thinking");
    expect(typed()).toBe(1);
    await platform.working?.(thread, "thinking more");
    expect(typed()).toBe(1);
    await platform.post({ thread }, { text: "done" }, key());
    await platform.working?.(thread, "again");
    expect(typed()).toBe(2);
    await platform.working?.(thread);
  });

  it("that is refused is nobody's trouble", async () => {
    world.server.rest.fault({ path: /typing$/, trouble: { kind: "status", status: 500 } });
    await platform.working?.(thread, "thinking");
    await platform.post({ thread }, { text: "done" }, key());
    expect(shown()).toEqual(["done"]);
  });
});
