import { createHttpAdapter } from "../../../adapters/http/adapter.ts";
import type { Line } from "../../../adapters/http/sessions.ts";
import { createClock } from "../../../src/clock.ts";
import { createLog } from "../../../src/log.ts";
import type { Message } from "../../../src/message.ts";
import type { Platform, Post } from "../../../src/platform.ts";
import {
  describePlatform,
  eventually,
  type PlatformHarness,
  type Visible,
} from "../../contracts/platform.ts";
import { ask, listen, type ServerEvent, seenIn } from "./desk.ts";

/**
 * The customer is a program that streams: what they see is what their streams have shown, and what the conversation
 * shows. The core's part, knowing a session and keeping what is posted, is played here.
 *
 * Left out: faults (a post into this process's own memory does not fail and is never doubtful), redelivery (a request
 * that comes again is not handed on twice), and what HTTP does not have: edits, deletions, files, marks, mentions,
 * reactions, shared places, groups, buttons.
 */
async function createHarness(): Promise<PlatformHarness> {
  const clock = createClock();
  const streams: ServerEvent[][] = [];
  const messages: Message[] = [];
  const lines: Line[] = [];
  let session: string | undefined;

  const adapter = createHttpAdapter({
    config: { host: "127.0.0.1", port: 0, apiKeys: [] },
    sessions: {
      async find(thread) {
        const first = messages.find((message) => message.thread === thread);
        return (
          first && {
            opener: first.author.id,
            specialist: undefined,
            turns: 0,
            items: lines.length,
            ticket: undefined,
            withStaff: false,
          }
        );
      },
      messages: async () => lines,
      reset: async () => {},
      knows: async () => false,
    },
    idle: () => new Promise<void>(() => {}),
    metrics: async () => "",
    ready: async () => ({ ready: true }),
    limits: { closeGraceMs: 20 },
    clock,
    log: createLog("silent"),
  });
  const here = () => ({ url: `http://127.0.0.1:${adapter.address()?.port}` });
  const keep = (id: string, post: Post) => void lines.push({ from: "bot", id, at: clock.now(), post });

  const platform: Platform = {
    ...adapter,
    connect: (desk) =>
      adapter.connect({
        ...desk,
        async receive(event) {
          await desk.receive(event);
          if (event.kind === "message") messages.push(event.message);
        },
      }),
    async post(target, post, key) {
      keep(key, post);
      return adapter.post(target, post, key);
    },
    draft(target, key) {
      const draft = adapter.draft?.(target, key, messages.at(-1)?.id);
      return (
        draft && {
          append: draft.append,
          abandon: draft.abandon,
          async finish(post) {
            keep(key, post);
            return draft.finish(post);
          },
          get shown() {
            return draft.shown;
          },
        }
      );
    },
  };

  return {
    platform,
    async customerSays(text) {
      const before = messages.length;
      const events: ServerEvent[] = [];
      const stream = await listen(here(), { message: text, session_id: session });
      if (stream.response.status !== 200) throw new Error(`answered ${stream.response.status}`);
      streams.push(events);
      void (async () => {
        for await (const event of stream.events) events.push(event);
      })().catch(() => {});
      session ??= await eventually(() => {
        const first = events.find(({ event }) => event === "session")?.data.session_id;
        if (first === undefined) throw new Error("no session was named");
        return String(first);
      });
      return eventually(() => {
        const message = messages[before];
        if (!message) throw new Error("the desk has not received it");
        return { id: message.id };
      });
    },
    async visibleMessages(target) {
      const thread = "thread" in target ? target.thread : "";
      const { body } = await ask(here(), `/conversation/${session}`);
      const visible = new Map<string, Visible>();
      const see = (id: unknown, data: Record<string, unknown>, text: unknown) =>
        visible.set(`${thread}/${id}`, {
          id: `${thread}/${id}`,
          text: [text, ...((data.sources ?? []) as { title: string }[]).map(({ title }) => title)].join("\n"),
          byBot: true,
          marks: [],
          live: [],
        });
      for (const line of body.messages as Record<string, unknown>[]) see(line.id, line, line.text);
      for (const events of streams) {
        const done = events.find(({ event }) => event === "done")?.data;
        const seen = seenIn(events);
        if (seen !== "") see(done?.reply_id ?? "unfinished", done ?? {}, seen);
        for (const { event, data } of events) if (event === "message") see(data.id, data, data.text);
      }
      return [...visible.values()];
    },
    dispose: async () => {},
  };
}

describePlatform("HTTP", createHarness);
