/**
 * Exchanges: a message that was received, and what comes back for it.
 *
 *   open ──a post that replies to it, or the end of its draft──▶ ended, with the reply
 *     └────nothing is under way in its thread any more─────────▶ ended, without one (a person has the conversation)
 *
 * Requests only watch: one that gives up or is cut off changes nothing for the exchange, and another may watch in its
 * place. A post that replies to no open message (notices, staff's words) is shown to whoever watches the thread's oldest
 * open exchange; where nobody does, and for every reply that comes too late, the ledger keeps it for the conversation.
 */
import type { Clock } from "../../src/clock.ts";
import { DeskError } from "../../src/errors.ts";
import type { Draft, Post, Posted } from "../../src/platform.ts";
import type { MessageId, ThreadId } from "../../src/thread.ts";
import { clean, type End, type Shown } from "./outgoing.ts";
import { messageId, threadOfMessage } from "./thread-id.ts";

/** What a stream shows before the end. */
export type Happening =
  | { kind: "text"; text: string }
  /** What was shown before does not stand. */
  | { kind: "replace"; text: string }
  | { kind: "step"; id: string; title: string; state: "running" | "done" | "failed" }
  | { kind: "message"; shown: Shown };

export type Watch = (happening: Happening) => void;

export interface Exchange {
  /** The message; of a press, the press. */
  readonly id: MessageId;
  readonly thread: ThreadId;
  readonly ended: Promise<End>;
  /** Tells what has happened so far, then what happens; the result stops it. */
  watch(watch: Watch): () => void;
}

export interface Exchanges {
  /** @param streams somebody wants to see the reply while it is written */
  open(thread: ThreadId, id: MessageId, streams: boolean): Exchange;
  /** A reply that has not come will not come. */
  giveUp(exchange: Exchange): void;
  post(thread: ThreadId, key: string, post: Post): Posted;
  /** What was posted under this key not long ago. */
  posted(key: string): Posted | undefined;
  draft(thread: ThreadId, key: string, replyTo: MessageId | undefined): Draft | undefined;
  /** A reply to a press that is for its person alone; false when nobody waits for it. */
  answer(press: string, post: Post): boolean;
  openIn(thread: ThreadId): number;
  /** All that are open. */
  count(): number;
}

interface Open extends Exchange {
  streams: boolean;
  watches: Set<Watch>;
  /** Kept for those who begin to watch later. */
  happened: Happening[];
  others: Shown[];
  end(end: End): void;
}

/** Posts that are remembered: one is not shown again when the ledger could not note it at once. */
const postsKept = 1_000;

export function createExchanges(clock: Clock): Exchanges {
  const byThread = new Map<ThreadId, Open[]>();
  const posts = new Map<string, Posted>();
  let count = 0;

  const find = (thread: ThreadId, id: MessageId | undefined): Open | undefined =>
    byThread.get(thread)?.find((one) => one.id === id);

  function tell(exchange: Open, happening: Happening): void {
    if (exchange.streams) record(exchange.happened, happening);
    for (const watch of exchange.watches) watch(happening);
  }

  function close(exchange: Open, reply: Shown | undefined): void {
    const all = byThread.get(exchange.thread);
    const at = all?.indexOf(exchange) ?? -1;
    if (!all || at < 0) return;
    all.splice(at, 1);
    if (all.length === 0) byThread.delete(exchange.thread);
    count -= 1;
    exchange.end({ reply, others: exchange.others });
  }

  function open(thread: ThreadId, id: MessageId, streams: boolean): Open {
    let end: (end: End) => void = () => {};
    const ended = new Promise<End>((resolve) => {
      end = resolve;
    });
    // Whoever opens it is about to watch: nothing is missed in between.
    const opener: Watch = () => {};
    const exchange: Open = {
      id,
      thread,
      ended,
      end,
      streams,
      watches: new Set([opener]),
      happened: [],
      others: [],
      watch(watch) {
        exchange.watches.delete(opener);
        for (const happening of exchange.happened) watch(happening);
        exchange.watches.add(watch);
        return () => exchange.watches.delete(watch);
      },
    };
    const all = byThread.get(thread);
    if (all) all.push(exchange);
    else byThread.set(thread, [exchange]);
    count += 1;
    return exchange;
  }

  function show(thread: ThreadId, shown: Shown): void {
    const { replyTo } = shown.post;
    const answered = find(thread, replyTo);
    if (answered) {
      close(answered, shown);
      return;
    }
    const watched = replyTo === undefined && byThread.get(thread)?.find(({ watches }) => watches.size > 0);
    if (!watched) return;
    watched.others.push(shown);
    tell(watched, { kind: "message", shown });
  }

  function remember(thread: ThreadId, key: string): Posted {
    const posted: Posted = { id: messageId(thread, key), thread };
    posts.set(key, posted);
    const oldest = posts.keys().next().value;
    if (posts.size > postsKept && oldest !== undefined) posts.delete(oldest);
    return posted;
  }

  function draft(thread: ThreadId, key: string, replyTo: MessageId | undefined): Draft | undefined {
    const exchange = find(thread, replyTo);
    if (!exchange?.streams) return undefined;
    let visible = false;
    let over = false;
    let half = "";
    return {
      append(delta) {
        if (over || delta === "") return;
        const text = half + delta;
        half = /[\uD800-\uDBFF]$/.exec(text)?.[0] ?? "";
        const whole = clean(text.slice(0, text.length - half.length));
        if (whole === "") return;
        visible = true;
        tell(exchange, { kind: "text", text: whole });
      },
      step(id, title, state) {
        if (!over) tell(exchange, { kind: "step", id, title: clean(title), state });
      },
      async finish(content) {
        refuseFiles(content);
        over = true;
        close(exchange, { id: key, at: clock.now(), post: content });
        return remember(thread, key);
      },
      async abandon() {
        over = true;
        if (visible) tell(exchange, { kind: "replace", text: "" });
      },
      get shown() {
        return visible;
      },
    };
  }

  return {
    open,
    post(thread, key, content) {
      refuseFiles(content);
      show(thread, { id: key, at: clock.now(), post: content });
      return remember(thread, key);
    },
    posted: (key) => posts.get(key),
    giveUp({ thread, id }) {
      const exchange = find(thread, id);
      if (exchange) close(exchange, undefined);
    },
    draft,
    answer(press, content) {
      const exchange = find(threadOfMessage(press), press);
      if (exchange) close(exchange, { id: clock.id("o"), at: clock.now(), post: content });
      return exchange !== undefined;
    },
    openIn: (thread) => byThread.get(thread)?.length ?? 0,
    count: () => count,
  };
}

/** Text that follows text becomes one. */
function record(happened: Happening[], happening: Happening): void {
  const last = happened.at(-1);
  if (last?.kind === "text" && happening.kind === "text") {
    happened[happened.length - 1] = { kind: "text", text: last.text + happening.text };
  } else happened.push(happening);
}

/** @throws DeskError platform_refused */
function refuseFiles({ files = [] }: Post): void {
  if (files.length > 0) throw new DeskError("platform_refused", "files cannot be sent over HTTP");
}
