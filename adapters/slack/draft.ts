/**
 * A reply that grows while it is written, as a Slack stream.
 *
 *   idle ──append──▶ open ──finish──▶ ended        the text went on as it had begun: the stream is stopped with its rest
 *     │               │  └──finish──▶ ended        it became another text: the stream is stopped, its message changed
 *     │               └──error──▶ broken ──finish──▶ ended     what was shown is deleted, one message posted
 *     └──finish──▶ ended                           nothing was shown: one message is posted
 *
 * `broken` is also where a stream was never begun, because Slack's limits do not allow one now, or the person has gone on
 * elsewhere in the conversation.
 *
 * The first words are sent the moment they come; later ones in growing steps. Where Slack's limits are reached nothing
 * is started any more, and the reply is one message at its end.
 */
import type { Clock } from "../../src/clock.ts";
import { codeOf, type DeskError } from "../../src/errors.ts";
import type { Log } from "../../src/log.ts";
import type { Draft, Post, Posted, Target } from "../../src/platform.ts";
import type { DirectThreads } from "./direct-threads.ts";
import { slackErrorOf } from "./faults.ts";
import type { Guardian, Guards } from "./guards.ts";
import { tailOf, toParts } from "./outgoing.ts";
import { clean, cut, oneLine } from "./plain-text.ts";
import { type Posting, placeOfTarget } from "./posting.ts";
import { metadataOf } from "./reading-back.ts";
import type { Recipient } from "./recipients.ts";
import type { Sending } from "./sending.ts";
import type { StreamStore } from "./stores.ts";
import { type Budget, createBudget } from "./stream-budget.ts";
import { isDirect, messageId, type Place, threadId } from "./thread-id.ts";
import type { ArgumentsOf, WebApi } from "./web-api.ts";

export interface DraftParts {
  api: WebApi;
  posting: Posting;
  sending: Pick<Sending, "saw" | "styleOf">;
  guards: Guards;
  clock: Clock;
  log: Log;
  streams: StreamStore | undefined;
  /** Who wrote last in this thread. */
  recipientOf(place: Place): Recipient | undefined;
  directThreads: Pick<DirectThreads, "recall" | "surfaceOf">;
}

const streamLimits = {
  startsPerMinute: 20,
  appendsPerMinute: 95,
  /** One message's text; Slack takes 12,000 in a call. */
  characters: 11_000,
  firstGapMs: 300,
  gapGrowth: 1.4,
  gapMaxMs: 3_000,
} as const;

type Chunk = NonNullable<ArgumentsOf<"chat.appendStream">["chunks"]>[number];
type StepState = "running" | "done" | "failed";

/** Undefined outside of Slack threads: there is no streaming there. */
export function createDrafting(parts: DraftParts): (target: Target, key: string) => Draft | undefined {
  const budgets: Budgets = {
    starts: createBudget(streamLimits.startsPerMinute, parts.clock),
    appends: createBudget(streamLimits.appendsPerMinute, parts.clock),
    withoutTasks: new Set(),
  };
  return (target, key) => {
    const place = placeOfTarget(target);
    const ts = place.ts ?? parts.directThreads.surfaceOf(place);
    return ts === undefined ? undefined : createDraft(parts, budgets, { ...place, ts }, target, key);
  };
}

interface Budgets {
  starts: Budget;
  appends: Budget;
  /** Workspaces that refuse task cards. */
  withoutTasks: Set<string>;
}

/** @param place the Slack thread it is shown in; @param target the conversation that it belongs to */
function createDraft(
  parts: DraftParts,
  budgets: Budgets,
  place: Required<Place>,
  target: Target,
  key: string,
): Draft {
  const { api, posting, guards, clock, log, streams } = parts;
  const { team, channel } = place;
  posting.begin(place, key);

  let state: "idle" | "open" | "broken" | "ended" = "idle";
  let ts: string | undefined;
  /** Whether something of it may be visible. */
  let shown = false;
  /** Given, not yet sent. */
  let waiting = "";
  /** Sent and taken, as it was given. */
  let sent = "";
  const steps = new Map<string, Chunk>();
  let sending: Promise<void> | undefined;
  let cancelTimer: (() => void) | undefined;
  let gapMs: number = streamLimits.firstGapMs;
  let guardian: Guardian | undefined;

  function mayStart(): boolean {
    if (!isDirect(channel) && !parts.recipientOf(place)) return false;
    return budgets.starts.take(team);
  }

  function pump(): void {
    if (sending || cancelTimer) return;
    if (state === "idle" && waiting !== "" && !mayStart()) state = "broken";
    if (state !== "idle" && state !== "open") return;
    if (waiting === "" && (state === "idle" || steps.size === 0)) return;
    if (sent.length + waiting.length > streamLimits.characters) return;
    if (state === "open" && !budgets.appends.take(team)) {
      later();
      return;
    }
    sending = flush().finally(() => {
      sending = undefined;
      if (state === "idle") pump();
      else if (waiting !== "" || steps.size > 0) later();
    });
  }

  function later(): void {
    if (cancelTimer || state !== "open") return;
    cancelTimer = clock.after(gapMs, () => {
      cancelTimer = undefined;
      pump();
    });
    gapMs = Math.min(gapMs * streamLimits.gapGrowth, streamLimits.gapMaxMs);
  }

  /** In a flat conversation another process may have heard the person elsewhere since. */
  async function isStillHere(): Promise<boolean> {
    const whole = placeOfTarget(target);
    await parts.directThreads.recall(whole);
    return (whole.ts ?? parts.directThreads.surfaceOf(whole)) === place.ts;
  }

  async function flush(): Promise<void> {
    if (state === "idle" && !(await isStillHere())) {
      state = "broken";
      return;
    }
    // Half of a surrogate pair waits for its other half.
    const text = waiting.replace(/[\ud800-\udbff]$/, "");
    const tasks = takeSteps();
    waiting = waiting.slice(text.length);
    try {
      await send(text, tasks);
      sent += text;
    } catch (error) {
      waiting = text + waiting;
      if (tasks.length > 0 && isAboutChunks(error)) {
        budgets.withoutTasks.add(team);
        return;
      }
      if (state !== "ended") state = "broken";
      log.info("slack.stream_broken", { team, code: codeOf(error), error });
    }
  }

  async function send(text: string, tasks: Chunk[]): Promise<void> {
    const content = contentOf(text, tasks);
    if (ts !== undefined) {
      await api.call(team, "chat.appendStream", { channel, ts, ...content });
      return;
    }
    const recipient = isDirect(channel) ? undefined : parts.recipientOf(place);
    guardian = guards.guard(place);
    shown = true;
    try {
      const answer = await api.call(team, "chat.startStream", {
        channel,
        thread_ts: place.ts,
        ...content,
        ...(recipient ? { recipient_user_id: recipient.user, recipient_team_id: recipient.team } : {}),
      });
      ts = answer.ts;
    } catch (error) {
      shown = codeOf(error) === "platform_ambiguous";
      throw error;
    }
    if (ts === undefined) {
      api.lacks(team, "chat.startStream");
      throw new Error("chat.startStream: an answer without a ts");
    }
    if (state === "idle") state = "open";
    parts.sending.saw(team, channel, ts);
    guardian.shownAt(ts);
    await streams?.add({ key, team, channel, ts });
  }

  function takeSteps(): Chunk[] {
    const taken = budgets.withoutTasks.has(team) ? [] : [...steps.values()];
    steps.clear();
    return taken;
  }

  /** Waits for the call that is under way, and lets no other begin. What the draft was before. */
  async function halt(): Promise<typeof state> {
    stopTimer();
    await sending;
    stopTimer();
    const was = state;
    state = "ended";
    return was;
  }

  function stopTimer(): void {
    cancelTimer?.();
    cancelTimer = undefined;
  }

  async function end(post: Post): Promise<Posted> {
    const was = await halt();
    if (!shown) return posting.post(target, post, key);
    if (was !== "open" || ts === undefined) return replace(post);
    const plain = !post.card && !post.as && !post.files?.length;
    if (plain && post.text.startsWith(sent) && post.text.length <= streamLimits.characters) {
      return conclude(post, post.text.slice(sent.length), ts);
    }
    return rewrite(post, ts);
  }

  /** The text went on as it had begun. */
  async function conclude(post: Post, rest: string, streamTs: string): Promise<Posted> {
    try {
      const blocks = tailOf(post, parts.sending.styleOf(team));
      await api.call(team, "chat.stopStream", {
        channel,
        ts: streamTs,
        ...(rest === "" ? {} : { markdown_text: guard(rest) }),
        ...(blocks.length === 0 ? {} : { blocks }),
        metadata: metadataOf(key, 0, 1, 0),
      });
    } catch (error) {
      posting.leave(place, key, streamTs, sent);
      if (codeOf(error) === "platform_ambiguous") throw error;
      return replace(post);
    }
    await forget();
    posting.forget(key);
    const thread = threadId(team, channel, placeOfTarget(target).ts);
    return { id: messageId(team, channel, streamTs), thread };
  }

  /** It became another text: the message that is there is changed, and what does not fit follows it. */
  async function rewrite(post: Post, streamTs: string): Promise<Posted> {
    posting.leave(place, key, streamTs, sent);
    try {
      await api.call(team, "chat.stopStream", { channel, ts: streamTs });
      const all = toParts(post, "native");
      await api.call(team, "chat.update", {
        channel,
        ts: streamTs,
        text: all[0].text,
        blocks: all[0].blocks,
        metadata: metadataOf(key, 0, all.length, post.files?.length ?? 0),
      });
    } catch (error) {
      log.info("slack.stream_replaced", { team, code: codeOf(error), error });
      return replace(post);
    }
    posting.forget(key);
    posting.adopt(place, key, streamTs);
    return ending(posting.post(target, post, key));
  }

  /** What was shown is deleted, and the reply posted as one message. */
  async function replace(post: Post): Promise<Posted> {
    if (ts !== undefined) await stopQuietly(ts);
    posting.leave(place, key, ts, sent + waiting);
    return ending(posting.post(target, post, key));
  }

  async function ending(posted: Promise<Posted>): Promise<Posted> {
    const result = await posted;
    await forget();
    return result;
  }

  async function takeBack(): Promise<void> {
    await halt();
    if (!shown) {
      posting.forget(key);
      return;
    }
    if (ts !== undefined) await stopQuietly(ts);
    posting.leave(place, key, ts, sent + waiting);
    await posting.takeBack(place, key);
    await forget();
  }

  async function stopQuietly(streamTs: string): Promise<void> {
    await api.call(team, "chat.stopStream", { channel, ts: streamTs }).catch((error: DeskError) => {
      log.debug("slack.stream_not_stopped", { team, fault: error.message });
    });
  }

  async function forget(): Promise<void> {
    if (ts !== undefined) await streams?.remove({ key, team, channel, ts });
  }

  return {
    get shown() {
      return shown;
    },
    append(text) {
      if (state === "ended") return;
      waiting += text;
      pump();
    },
    step(id, title, progress) {
      if (state === "ended" || state === "broken") return;
      steps.set(id, taskChunk(id, title, progress));
      pump();
    },
    finish: (post) => end(post).finally(() => guardian?.over()),
    async abandon() {
      if (state !== "ended") await takeBack().finally(() => guardian?.over());
    },
  };
}

function contentOf(text: string, tasks: Chunk[]): { markdown_text?: string; chunks?: Chunk[] } {
  const words = guard(text);
  if (tasks.length === 0) return { markdown_text: words };
  return { chunks: words === "" ? tasks : [{ type: "markdown_text", text: words }, ...tasks] };
}

/**
 * Markdown that Slack reads itself. Its own `<…>` forms are live there, so their bracket is always an entity; entities
 * that the text brings along stay as they were written. Other ampersands stay, for the sake of addresses.
 */
function guard(text: string): string {
  return clean(text)
    .replace(/&(?=#?\w{1,32};)/g, "&amp;")
    .replaceAll("<", "&lt;");
}

function taskChunk(id: string, title: string, state: StepState): Chunk {
  const status = ({ running: "in_progress", done: "complete", failed: "error" } as const)[state];
  return { type: "task_update", id: id.slice(0, 100), title: cut(guard(oneLine(title)), 250) || "…", status };
}

function isAboutChunks(error: unknown): boolean {
  const word = slackErrorOf(error) ?? "";
  return word.includes("chunk") || word === "invalid_arguments" || word === "invalid_blocks";
}
