/**
 * An answer that grows: the first words after a moment, then one edit a second at most. An answer that is finished
 * within that moment is posted once. What is about to be shown is noted first, so that a draft whose process died is
 * found under its key, gone on with, or taken back.
 */
import type { Clock } from "../../src/clock.ts";
import { codeOf, DeskError } from "../../src/errors.ts";
import type { Log } from "../../src/log.ts";
import type { Draft, Post, Posted, Target } from "../../src/platform.ts";
import { readDraftNote } from "./draft-note.ts";
import { messagesOf } from "./outgoing.ts";
import type { Sending } from "./sending.ts";
import type { Notes } from "./watermarks.ts";

export interface DraftParts {
  sending: Sending;
  notes: Notes;
  clock: Clock;
  log: Log;
  /** Runs `use` with the channel that a target stands for. @throws DeskError */
  within<T>(target: Target, use: (channel: string) => Promise<T>): Promise<T>;
  /** Posts as `Platform.post` does. */
  post(target: Target, post: Post, key: string): Promise<Posted>;
}

const firstAfterMs = 700;
const everyMs = 1_000;
const growsForMs = 15 * 60_000;
const sweepEveryMs = 5 * 60_000;

export function createDraft(parts: DraftParts, target: Target, key: string): Draft {
  const { sending, clock, log } = parts;
  const since = clock.now();
  let text = "";
  let shownText = "";
  let shown = false;
  let over = false;
  let broken = false;
  let cancelTimer: (() => void) | undefined;
  let showing: Promise<void> | undefined;

  function schedule(pauseMs: number): void {
    if (over || broken || cancelTimer || showing) return;
    cancelTimer = clock.after(pauseMs, () => {
      cancelTimer = undefined;
      showing = showSome();
    });
  }

  async function showSome(): Promise<void> {
    const now = text;
    let pauseMs = everyMs;
    shown = true;
    try {
      const pieces = messagesOf({ text: now }, key);
      await parts.within(target, (channel) => sending.grow(channel, key, pieces, since));
      shownText = now;
    } catch (error) {
      log.warn("discord.draft_not_shown", { key, error });
      const wait = error instanceof DeskError ? error.retryAfterMs : undefined;
      if (codeOf(error) === "platform_rate_limited") pauseMs = Math.max(everyMs, wait ?? 0);
      else broken = true;
    }
    showing = undefined;
    if (text !== shownText) schedule(pauseMs);
  }

  async function end(): Promise<void> {
    over = true;
    cancelTimer?.();
    cancelTimer = undefined;
    await showing;
  }

  return {
    append(more) {
      if (over) return;
      text += more;
      if (text.trim() !== "") schedule(shown ? everyMs : firstAfterMs);
    },
    async finish(post) {
      await end();
      return parts.post(target, post, key);
    },
    async abandon() {
      await end();
      await sending.takeBack(key);
      shown = false;
    },
    get shown() {
      return shown;
    },
  };
}

/**
 * Takes back what grew in a process that died and that nobody has gone on with or found: whatever has been growing for
 * longer than any answer takes. Other processes may be writing theirs meanwhile.
 * @returns ends it
 */
export function sweepDrafts(parts: Pick<DraftParts, "sending" | "notes" | "clock" | "log">): () => void {
  const { sending, notes, clock, log } = parts;

  async function sweep(): Promise<void> {
    await notes.reload();
    for (const name of notes.named("draft:")) {
      const draft = readDraftNote(notes.get(name));
      if (!draft || clock.now() - draft.since < growsForMs) continue;
      const key = name.slice("draft:".length);
      await sending.find(draft.channel, key);
      await sending.takeBack(key);
    }
  }

  return clock.every(sweepEveryMs, () => {
    sweep().catch((error: unknown) => log.warn("discord.draft_not_removed", { error }));
  });
}
