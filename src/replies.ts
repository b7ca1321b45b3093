/** How a reply becomes visible: while it is written where the platform can, as a whole otherwise, and never in silence. */
import type { Show } from "./agent/turn.ts";
import type { Clock } from "./clock.ts";
import { enqueue, findRow, hasUnsent, type OutboxRow, reserve, unreserve } from "./ledger/outbox.ts";
import { versionOf } from "./ledger/threads.ts";
import type { Ledger, Reader } from "./ledger.ts";
import type { Log } from "./log.ts";
import type { Draft, Platform } from "./platform.ts";
import type { Sender } from "./sender.ts";
import { platformOf } from "./thread.ts";
import type { OpenTurn } from "./turns.ts";

export interface RepliesParts {
  ledger: Ledger;
  platforms: ReadonlyMap<string, Platform>;
  sender: Sender;
  /** After so long without anything to show, the customer gets a line. */
  silenceMaxMs: number;
  slowNotice: string;
  /** Whether replies may be shown while they are written: this process posts them itself. */
  drafts: boolean;
  clock: Clock;
  log: Log;
}

/** A reply in the making. */
interface Making {
  cancelTimer: () => void;
  draft: Draft | undefined;
  /** The draft's row is durable: what is shown can be found again. */
  reserved: Promise<boolean> | undefined;
  muted: boolean;
  over: () => void;
}

export type Replies = ReturnType<typeof createReplies>;

/** Whoever has waited for long when the turn begins, as after a death, may still have the answer at once. */
const noticeMinMs = 3_000;
/** Notices of turns that a person has ended would be remembered for ever. */
const toldMax = 1_000;

export function createReplies(parts: RepliesParts) {
  const making = new Map<string, Making>();
  /** By thread: which event the customer was told to wait with, and when by `clock.elapsed`. */
  const told = new Map<string, { event: string; at: number }>();

  /** Shows that the bot is at work; what it returns shows the text while it is written, where the platform can. */
  function open(turn: OpenTurn): Show | undefined {
    const platform = parts.platforms.get(platformOf(turn.thread.id));
    const reply: Making = {
      cancelTimer: parts.clock.after(noticeAfter(turn), () => void sayItTakesLong(turn, reply)),
      draft: undefined,
      reserved: undefined,
      muted: false,
      over: () => {},
    };
    making.set(turn.reply, reply);
    platform
      ?.working?.(turn.thread.id)
      .catch((error: unknown) => parts.log.debug("working.failed", { error }));
    const draft = parts.drafts
      ? platform?.draft?.({ thread: turn.thread.id }, turn.reply, turn.replyTo)
      : undefined;
    if (!draft) return undefined;
    reply.draft = draft;
    return showOn(turn, reply, draft);
  }

  function showOn(turn: OpenTurn, reply: Making, draft: Draft): Show {
    let early = "";
    let ready = false;
    return {
      text(delta) {
        if (reply.muted) return;
        if (ready) {
          draft.append(delta);
          return;
        }
        // What was said before is read first: then this one is posted as a whole, behind it.
        if (!reply.reserved && parts.sender.busyIn(turn.thread.id)) {
          reply.muted = true;
          return;
        }
        early += delta;
        reply.reserved ??= reserveRow(turn, reply).then((ours) => {
          ready = ours;
          if (ready && !reply.muted) draft.append(early);
          return ours;
        });
      },
      step: (id, title, state) => draft.step?.(id, title, state),
      discard() {
        if (reply.reserved) reply.muted = true;
      },
    };
  }

  /** Before anything is shown, its row is durable, and the thread still the bot's. */
  async function reserveRow(turn: OpenTurn, reply: Making): Promise<boolean> {
    parts.sender.showing(turn.thread.id, new Promise<void>((resolve) => (reply.over = resolve)));
    try {
      return await parts.ledger.write(async (tx) => {
        if ((await versionOf(tx, turn.thread.id)) !== turn.thread.version) return false;
        // What was said before may wait in another process, or be what one that died has left.
        if (await hasUnsent(tx, turn.thread.id)) return false;
        await reserve(tx, parts.clock, {
          id: turn.reply,
          thread: turn.thread.id,
          fence: turn.thread.version,
        });
        return true;
      });
    } catch (error) {
      parts.log.warn("draft.unreserved", { turn: turn.turn.id, error });
      return false;
    }
  }

  /** Silence is counted from the first message without an answer: a newer one, or a death, begins the turn again. */
  function noticeAfter({ thread, turn, admitted }: OpenTurn): number {
    const { clock, silenceMaxMs } = parts;
    const last = told.get(thread.id);
    const receivedAt = admitted[0]?.receivedAt ?? clock.now();
    const waited = last?.event === turn.event ? clock.elapsed() - last.at : clock.now() - receivedAt;
    return Math.min(silenceMaxMs, Math.max(noticeMinMs, silenceMaxMs - waited));
  }

  async function sayItTakesLong(turn: OpenTurn, reply: Making): Promise<void> {
    if (reply.draft?.shown) return;
    try {
      const row = await parts.ledger.write(async (tx) => {
        // Somebody else has the thread, or its customer has been erased, and the model has not heard of it yet.
        if ((await versionOf(tx, turn.thread.id)) !== turn.thread.version) return undefined;
        // It has been broken off, or its end is in this very commit.
        if (!making.has(turn.reply) || (await isWritten(tx, turn.reply))) return undefined;
        return enqueue(tx, parts.clock, {
          id: turn.notice,
          lane: turn.thread.id,
          author: "bot",
          thread: turn.thread.id,
          fence: turn.thread.version,
          send: { does: "post", to: { thread: turn.thread.id }, post: { text: parts.slowNotice } },
        });
      });
      if (!row) return;
      told.delete(turn.thread.id);
      told.set(turn.thread.id, { event: turn.turn.event, at: parts.clock.elapsed() });
      if (told.size > toldMax) told.delete(told.keys().next().value ?? "");
      parts.sender.push([row]);
    } catch (error) {
      parts.log.warn("notice.failed", { turn: turn.turn.id, error });
    }
  }

  /** The turn's rows are committed: the reply goes out, as the end of its draft where there is one. */
  function send(turn: OpenTurn, rows: readonly OutboxRow[]): void {
    const reply = close(turn);
    told.delete(turn.thread.id);
    const drafts = new Map<string, Draft>();
    if (reply?.draft && reply.reserved) drafts.set(turn.reply, reply.draft);
    parts.sender.push(rows, drafts);
    reply?.over();
  }

  /** The turn came to nothing: what was shown of it is taken back. */
  async function abandon(turn: OpenTurn): Promise<void> {
    const reply = close(turn);
    if (!reply?.reserved) return;
    reply.muted = true;
    try {
      if (await reply.reserved) {
        await reply.draft?.abandon();
        await parts.ledger.write((tx) => unreserve(tx, turn.reply));
      }
    } catch (error) {
      parts.log.warn("draft.stuck", { turn: turn.turn.id, error });
      // The sender takes it back as soon as that can be done, as it does after a death.
      parts.sender.push([leftDraft(turn, parts.clock.now())]);
    } finally {
      reply.over();
    }
  }

  function close(turn: OpenTurn): Making | undefined {
    const reply = making.get(turn.reply);
    making.delete(turn.reply);
    reply?.cancelTimer();
    return reply;
  }

  return { open, send, abandon };
}

/** Whether the whole reply waits to be sent, or has been. */
async function isWritten(tx: Reader, reply: string): Promise<boolean> {
  const row = await findRow(tx, reply);
  return row !== undefined && row.state !== "drafting";
}

/** The row of a draft that could not be taken back. */
function leftDraft({ reply, thread }: OpenTurn, now: number): OutboxRow {
  return {
    id: reply,
    lane: thread.id,
    thread: thread.id,
    fence: thread.version,
    send: { does: "post", to: { thread: thread.id }, post: { text: "" } },
    state: "drafting",
    attempts: 0,
    dueAt: now,
    createdAt: now,
    author: "bot",
    source: undefined,
  };
}
