/**
 * One row of the outbox to its platform, once.
 *
 * Before every post it asks whether the fence still holds: a reply of the bot to a thread that a person has taken is
 * cancelled. A post that may already have arrived (the process died, the platform did not answer) is looked for first;
 * where a platform cannot be asked, the row is marked before the post, and what broke off in between counts as posted.
 */
import type { Airspace } from "./airspace.ts";
import type { Clock } from "./clock.ts";
import type { Claim } from "./crew.ts";
import type { Private } from "./desk/privately.ts";
import { codeOf, DeskError, faultOf } from "./errors.ts";
import { copiesOf, counterpartsOf } from "./ledger/copies.ts";
import {
  fenceOf,
  findRow,
  isPosted,
  markOver,
  markRetry,
  markSending,
  markSent,
  type OutboxRow,
  type Send,
  unreserve,
} from "./ledger/outbox.ts";
import { findTicket, placeCard } from "./ledger/tickets.ts";
import type { Ledger, Reader, Transaction } from "./ledger.ts";
import type { Log } from "./log.ts";
import { createNotes } from "./notes.ts";
import type { Draft, Platform, Post, Posted, Target } from "./platform.ts";
import { type ChannelId, type MessageId, platformOf, type ThreadId } from "./thread.ts";

export interface Delivery {
  /**
   * Until the row is sent, failed or cancelled.
   * @returns where long waits are handed on, how long it is until it may be tried (again); otherwise undefined
   * @throws when the ledger cannot be written, when stopping, and ledger_conflict when another process has the row
   */
  deliver(job: Job): Promise<number | undefined>;
  /** Tells the ledger what has been sent and not told yet. */
  writeNotes(): Promise<void>;
  /** The lanes of what has been sent and not told yet. */
  noting(): string[];
}

export interface DeliveryParts {
  ledger: Ledger;
  platforms: ReadonlyMap<string, Platform>;
  airspace: Airspace;
  /** Resolves when nothing of the bot is on its way into this thread, from wherever. */
  settled(thread: ThreadId): Promise<void>;
  /** In the transaction that marks a row as sent: what follows from it. */
  sent(tx: Transaction, row: OutboxRow, posted: Posted | undefined): Promise<OutboxRow[]>;
  /** In the transaction that gives a row up because somebody else has its thread by now. */
  overtaken(tx: Transaction, row: OutboxRow): Promise<OutboxRow[]>;
  /** Where a row that cannot be sent there goes instead. */
  detour?(row: OutboxRow, error: unknown): Promise<Private | undefined>;
  /** In the transaction that gives a row up. */
  failed(tx: Transaction, row: OutboxRow, error: unknown, detour: Private | undefined): Promise<OutboxRow[]>;
  push(rows: readonly OutboxRow[]): void;
  /** The ledger has been told of something. */
  noted(): void;
  /** The ledger is told of each row before the next one goes. */
  atOnce: boolean;
  stopping: AbortSignal;
  clock: Clock;
  log: Log;
}

export interface Job {
  row: OutboxRow;
  /** What has been shown of it, or may be, until its end is begun: that is done once. */
  draft: Draft | undefined;
  /** It may have been posted already. */
  doubtful: boolean;
  /** When it may be tried, by `clock.elapsed`: what the wall says may jump. */
  dueAt: number;
  /** Where several processes send: this one's right to the row's lane. */
  claim?: Claim;
  /** It does not wait here for long: any process can try it then. */
  handsOn?: boolean;
}

const backOffMs = (attempt: number): number => Math.min(60_000, 500 * 2 ** attempt);
/** What may be tried sooner is waited for. */
const handedOnFromMs = 1_000;
/** About a day of trying. */
const attemptsMax = 1500;
const dayMs = 86_400_000;

export function createDelivery(parts: DeliveryParts): Delivery {
  const { ledger, platforms, clock, log } = parts;
  const notes = createNotes(parts);

  async function deliver(job: Job): Promise<number | undefined> {
    const { row } = job;
    for (let attempt = row.attempts; ; attempt++) {
      const wait = job.dueAt - clock.elapsed();
      // What is still being shown is ended here: nobody else can.
      if (job.handsOn && !job.draft && wait >= handedOnFromMs) return wait;
      await untilDue(job);
      try {
        const trying = attemptOnce(job);
        if (row.author === "bot" && row.thread) parts.airspace.enter(row.thread, trying);
        const posted = await trying;
        if (posted !== "over") await settle(row, posted);
        return undefined;
      } catch (error) {
        // Another process has the row by now, or the ledger cannot be written: that says nothing against the post.
        if (parts.stopping.aborted || codeOf(error)?.startsWith("ledger_")) throw error;
        const retry = attempt + 1 < attemptsMax && retryOf(error, attempt);
        if (!retry) {
          await job.draft?.abandon().catch((failed: unknown) => log.warn("draft.stuck", { error: failed }));
          await giveUp(row, error);
          return undefined;
        }
        log.warn("send.retried", { outbox: row.id, lane: row.lane, attempt: attempt + 1, error });
        job.dueAt = clock.elapsed() + retry;
        if (codeOf(error) === "platform_ambiguous") job.doubtful = true;
        else if (row.state === "sending") row.state = "waiting";
        row.attempts = attempt + 1;
        const { state, attempts } = row;
        await ledger.write((tx) =>
          markRetry(tx, row.id, { state, attempts, dueAt: clock.now() + retry }, faultOf(error)),
        );
      }
    }
  }

  async function untilDue({ dueAt }: Job): Promise<void> {
    for (;;) {
      const wait = dueAt - clock.elapsed();
      if (wait <= 0) return;
      await clock.sleep(Math.min(wait, dayMs), parts.stopping);
    }
  }

  async function attemptOnce(job: Job): Promise<Posted | undefined | "over"> {
    const { row } = job;
    const { send } = row;
    const home = await homeOf(send);
    if (row.state === "drafting") return takeBack(job, home as Home);
    if (!(await mayGo(job))) {
      await job.draft?.abandon();
      // Half of it may have been shown; to look for the whole takes that back.
      if (job.doubtful && send.does === "post") await lookFor(job, home as Home, send.post);
      const next = await ledger.write(async (tx) => {
        await markOver(tx, row.id, "cancelled", "a person has the thread");
        return parts.overtaken(tx, row);
      });
      log.info("send.cancelled", { outbox: row.id, thread: row.thread });
      parts.push(next);
      return "over";
    }
    if (row.source && send.does === "post" && !(await refresh(job, home as Home))) return "over";
    switch (row.send.does) {
      case "post":
      case "card":
        return post(job, home as Home, row.send.post);
      case "mark":
        await platformFor(row.send.message).mark?.(row.send.message, row.send.mark, row.send.set);
        return undefined;
      case "edit":
        for (const copy of await copies(row.send.copiesOf))
          await platformFor(copy).edit?.(copy, row.send.post);
        return undefined;
      case "remove":
        for (const copy of await copies(row.send.copiesOf)) await platformFor(copy).remove?.(copy);
        return undefined;
      case "react": {
        const { counterpartsOf: message, emoji, added } = row.send;
        for (const other of await ledger.read((tx) => counterpartsOf(tx, message)))
          await platformFor(other).react?.(other, emoji, added);
        return undefined;
      }
    }
  }

  /** A copy follows its message while it waits: it says what that says now, or is not to be posted at all. */
  async function refresh({ row, doubtful }: Job, home: Home): Promise<boolean> {
    const now = await ledger.read((tx) => findRow(tx, row.id));
    if (now && now.state !== "cancelled") {
      row.send = now.send;
      return true;
    }
    const platform = platformOfTarget(home.target);
    // Part of it may stand there since an earlier try.
    const there = doubtful || row.attempts > 0 ? await platform.find?.(home.target, row.id) : undefined;
    if (there) await platform.remove?.(there.id);
    return false;
  }

  /** What a process that died had shown of an unfinished reply. */
  async function takeBack({ row, claim }: Job, home: Home): Promise<"over"> {
    if (claim) await stillLeft(row, claim);
    const platform = platformOfTarget(home.target);
    const shown = await platform.find?.(home.target, row.id);
    if (shown) await platform.remove?.(shown.id);
    await ledger.write((tx) => unreserve(tx, row.id));
    return "over";
  }

  /** Whoever was showing a reply may have ended it since its row was read. */
  async function stillLeft(row: OutboxRow, claim: Claim): Promise<void> {
    const left = await ledger.write(async (tx) => {
      await claim.check(tx);
      return (await findRow(tx, row.id))?.state === "drafting";
    });
    if (!left || !claim.holds()) throw new DeskError("ledger_conflict", `another process is at ${row.lane}`);
  }

  async function post(job: Job, home: Home, content: Post): Promise<Posted> {
    const { row } = job;
    if (home.card) {
      const platform = platformFor(home.card.id);
      if (platform.edit) await platform.edit(home.card.id, content);
      return home.card;
    }
    const platform = platformOfTarget(home.target);
    const { draft } = job;
    if (platform.find) {
      // Also where a draft is at hand: another process may have posted it since.
      const there = job.doubtful ? await lookFor(job, home, content) : undefined;
      if (there) return there;
    } else {
      if (job.doubtful && row.state === "sending" && !draft)
        return { id: `${platform.name}:unknown`, thread: row.thread ?? "" };
      if (row.state !== "sending") await ledger.write((tx) => markSending(tx, row.id));
      row.state = "sending";
    }
    if (!draft) return platform.post(home.target, content, row.id);
    job.draft = undefined;
    return draft.finish(content);
  }

  async function lookFor({ row }: Job, { target }: Home, content: Post): Promise<Posted | undefined> {
    const taken = async (message: MessageId) => ledger.read((tx) => isPosted(tx, message));
    return platformOfTarget(target).find?.(target, row.id, { post: content, since: row.createdAt, taken });
  }

  /** Where a row goes: its target, or the card that it brings up to date. */
  async function homeOf(send: Send): Promise<Home | undefined> {
    if (send.does !== "post" && send.does !== "card") return undefined;
    await Promise.all([send.after ?? []].flat().map(parts.settled));
    if (send.does === "post" && !("ticket" in send.to)) return { target: send.to, card: undefined };
    const number = send.does === "card" ? send.ticket : (send.to as { ticket: number }).ticket;
    const ticket = await ledger.read((tx) => findTicket(tx, number));
    const placed =
      ticket?.card && ticket.deskThread ? { id: ticket.card, thread: ticket.deskThread } : undefined;
    if (send.does === "card") return { target: { channel: send.channel }, card: placed };
    if (!placed)
      throw new DeskError("platform_unreachable", `ticket ${number} has no card in the human channel`);
    return { target: { thread: placed.thread }, card: undefined };
  }

  /**
   * It is still to be sent: nobody else has the thread, and it has not been erased. Where several processes send, the
   * same commit says that this one is at it.
   */
  async function mayGo({ row, claim }: Job): Promise<boolean> {
    if (!claim) return ledger.read((tx) => isStillDue(tx, row));
    const may = await ledger.write(async (tx) => {
      await claim.check(tx);
      if (!(await isStillDue(tx, row))) return false;
      await markSending(tx, row.id);
      return true;
    });
    if (!claim.holds()) throw new DeskError("ledger_conflict", `another process sends ${row.lane}`);
    row.state = "sending";
    return may;
  }

  /**
   * Notes that a row was sent, with what follows from it. Where the platform can be asked after a death, replies of the
   * bot are noted a moment later, many in one commit.
   */
  async function settle(row: OutboxRow, posted: Posted | undefined): Promise<void> {
    const write = async (tx: Transaction) => {
      await markSent(tx, row.id, posted, clock.now());
      if (row.send.does === "card" && posted) await placeCard(tx, row.send.ticket, posted.id, posted.thread);
      return parts.sent(tx, row, posted);
    };
    const canAsk = row.author === "bot" && posted !== undefined && platformFor(posted.id).find !== undefined;
    if (canAsk && !parts.atOnce) {
      notes.add({ lane: row.lane, write });
      log.info("send.done", { outbox: row.id, does: row.send.does, lane: row.lane, message: posted.id });
      return;
    }
    const next = await ledger.write(write, { lazy: canAsk });
    log.info("send.done", { outbox: row.id, does: row.send.does, lane: row.lane, message: posted?.id });
    parts.push(next);
  }

  async function giveUp(row: OutboxRow, error: unknown): Promise<void> {
    log.error("send.failed", { outbox: row.id, does: row.send.does, lane: row.lane, error });
    const detour = await parts.detour?.(row, error);
    const next = await ledger.write(async (tx) => {
      // Somebody may have taken its thread, or taken it back, while another way was looked for.
      if (await isVoid(tx, row)) {
        await markOver(tx, row.id, "cancelled", "a person has the thread");
        return parts.overtaken(tx, row);
      }
      await markOver(tx, row.id, "failed", faultOf(error));
      return parts.failed(tx, row, error, detour);
    });
    parts.push(next);
  }

  async function copies(source: MessageId): Promise<MessageId[]> {
    await notes.write();
    return ledger.read((tx) => copiesOf(tx, source));
  }

  const platformOfTarget = (target: Target) =>
    platformFor("thread" in target ? target.thread : target.channel);

  function platformFor(id: MessageId | ThreadId | ChannelId): Platform {
    const platform = platforms.get(platformOf(id));
    if (!platform)
      throw new DeskError("platform_unreachable", `this desk is not connected to ${platformOf(id)}`);
    return platform;
  }

  return {
    deliver,
    writeNotes: notes.write,
    noting: notes.lanes,
  };
}

async function isStillDue(tx: Reader, { id }: OutboxRow): Promise<boolean> {
  const now = await fenceOf(tx, id);
  if (!now) return false;
  return (
    now.thread === undefined || (now.version !== undefined && (now.fence ?? now.version) === now.version)
  );
}

async function isVoid(tx: Reader, row: OutboxRow): Promise<boolean> {
  return (await findRow(tx, row.id))?.state === "cancelled" || !(await isStillDue(tx, row));
}

interface Home {
  target: Target;
  card: Posted | undefined;
}

/** The pause before the next try, or undefined when there is none. */
function retryOf(error: unknown, attempt: number): number | undefined {
  switch (codeOf(error)) {
    case "platform_rate_limited":
      return error instanceof DeskError ? (error.retryAfterMs ?? backOffMs(attempt)) : undefined;
    case "platform_unavailable":
    case "platform_ambiguous":
      return backOffMs(attempt);
    default:
      return undefined;
  }
}
