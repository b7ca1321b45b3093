/**
 * One row of the outbox to its platform, once: it is attempted until it is sent, cancelled or given up, and what comes of it
 * is noted in the ledger with what follows from it.
 */
import type { Airspace } from "./airspace.ts";
import { type AttemptParts, createAttempt, isStillDue, type Job, platformFor } from "./attempt.ts";
import type { Clock } from "./clock.ts";
import type { Private } from "./desk/privately.ts";
import { codeOf, DeskError, faultOf } from "./errors.ts";
import { findRow, markOver, markRetry, markSent, type OutboxRow } from "./ledger/outbox.ts";
import { placeCard } from "./ledger/tickets.ts";
import type { Reader, Transaction } from "./ledger.ts";
import { createNotes } from "./notes.ts";
import type { Posted } from "./platform.ts";

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

export interface DeliveryParts extends Omit<AttemptParts, "writeNotes"> {
  airspace: Airspace;
  /** In the transaction that marks a row as sent: what follows from it. */
  sent(tx: Transaction, row: OutboxRow, posted: Posted | undefined): Promise<OutboxRow[]>;
  /** Where a row that cannot be sent there goes instead. */
  detour?(row: OutboxRow, error: unknown): Promise<Private | undefined>;
  /** In the transaction that gives a row up. */
  failed(tx: Transaction, row: OutboxRow, error: unknown, detour: Private | undefined): Promise<OutboxRow[]>;
  /** The ledger has been told of something. */
  noted(): void;
  /** The ledger is told of each row before the next one goes. */
  atOnce: boolean;
  stopping: AbortSignal;
  clock: Clock;
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
  const attempt = createAttempt({ ...parts, writeNotes: notes.write });

  async function deliver(job: Job): Promise<number | undefined> {
    const { row } = job;
    for (let tried = row.attempts; ; tried++) {
      const wait = job.dueAt - clock.elapsed();
      // What is still being shown is ended here: nobody else can.
      if (job.handsOn && !job.draft && wait >= handedOnFromMs) return wait;
      await untilDue(job);
      try {
        const trying = attempt(job);
        if (row.author === "bot" && row.thread) parts.airspace.enter(row.thread, trying);
        const posted = await trying;
        if (posted !== "over") await settle(row, posted);
        return undefined;
      } catch (error) {
        // Another process has the row by now, or the ledger cannot be written: that says nothing against the post.
        if (parts.stopping.aborted || codeOf(error)?.startsWith("ledger_")) throw error;
        const retry = tried + 1 < attemptsMax && retryOf(error, tried);
        if (!retry) {
          await job.draft?.abandon().catch((failed: unknown) => log.warn("draft.stuck", { error: failed }));
          await giveUp(row, error);
          return undefined;
        }
        log.warn("send.retried", { outbox: row.id, lane: row.lane, attempt: tried + 1, error });
        job.dueAt = clock.elapsed() + retry;
        if (codeOf(error) === "platform_ambiguous") job.doubtful = true;
        else if (row.state === "sending") row.state = "waiting";
        row.attempts = tried + 1;
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
    const canAsk =
      row.author === "bot" && posted !== undefined && platformFor(platforms, posted.id).find !== undefined;
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

  return {
    deliver,
    writeNotes: notes.write,
    noting: notes.lanes,
  };
}

async function isVoid(tx: Reader, row: OutboxRow): Promise<boolean> {
  return (await findRow(tx, row.id))?.state === "cancelled" || !(await isStillDue(tx, row));
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
