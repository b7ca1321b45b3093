/**
 * The assistant pane: what stands in a new thread before the customer has written anything, and the thread's title once
 * they have. Nothing of it concerns the core; where it fails, the conversation goes on without it.
 */
import { createHash } from "node:crypto";
import type { Log } from "../../src/log.ts";
import { type Json, textAt } from "./payload.ts";
import { cut, oneLine } from "./plain-text.ts";
import type { Posting } from "./posting.ts";
import { threadId } from "./thread-id.ts";
import type { WebApi } from "./web-api.ts";

export interface Prompt {
  title: string;
  message: string;
}

export interface Greeting {
  /** A customer has opened a new thread in the assistant pane. */
  greet(team: string, event: Json): Promise<void>;
  /** A customer has written in this thread. */
  entitle(team: string, channel: string, thread: string, text: string): Promise<void>;
}

interface GreetingParts {
  api: WebApi;
  posting: Posting;
  log: Log;
  /** CommonMark. */
  text: string | undefined;
  prompts: readonly Prompt[];
}

const promptsMax = 4;
const untitledMax = 1_000;
const titleCharacters = 60;

export function createGreeting({ api, posting, log, text, prompts }: GreetingParts): Greeting {
  /** Threads that were opened while this program runs and have no title yet. */
  const untitled = new Set<string>();
  const greeting = new Set<string>();

  async function greet(team: string, channel: string, thread: string): Promise<void> {
    const target = { thread: threadId(team, channel, thread) };
    if (prompts.length > 0) {
      await api.call(team, "assistant.threads.setSuggestedPrompts", {
        channel_id: channel,
        thread_ts: thread,
        prompts: prompts.slice(0, promptsMax).map(({ title, message }) => ({
          title: cut(oneLine(title), 75),
          message: cut(message, 2_000),
        })),
      });
    }
    if (!text) return;
    const key = `g_${createHash("sha256").update(target.thread).digest("hex").slice(0, 20)}`;
    if (!(await posting.find(target, key))) await posting.post(target, { text }, key);
  }

  return {
    async greet(team, event) {
      const channel = textAt(event, "assistant_thread", "channel_id");
      const thread = textAt(event, "assistant_thread", "thread_ts");
      if (!channel || !thread) return;
      const key = `${team} ${channel} ${thread}`;
      if (greeting.has(key)) return;
      greeting.add(key);
      if (untitled.size >= untitledMax) untitled.clear();
      untitled.add(key);
      try {
        await greet(team, channel, thread);
      } catch (error) {
        log.warn("slack.not_greeted", { team, error });
      } finally {
        greeting.delete(key);
      }
    },
    async entitle(team, channel, thread, words) {
      if (!untitled.delete(`${team} ${channel} ${thread}`)) return;
      const title = cut(oneLine(words), titleCharacters);
      if (title === "") return;
      try {
        await api.call(team, "assistant.threads.setTitle", { channel_id: channel, thread_ts: thread, title });
      } catch (error) {
        log.debug("slack.not_titled", { team, error });
      }
    },
  };
}
