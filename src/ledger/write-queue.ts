/**
 * The works that wait for a ledger's one writer, in the order in which they were asked for. While any wait, the writer
 * is asked to serve: it opens a transaction, takes as many as may share it, and tells them what has come of it. Those
 * whose transaction was lost come back to the head of the queue, and each goes alone where the loss was not the lock's:
 * what one of them does to a transaction must not be the others' ruin.
 */
import { setImmediate } from "node:timers";
import type { Clock } from "../clock.ts";
import { codeOf, DeskError } from "../errors.ts";
import type { Transaction } from "../ledger.ts";
import type { Log } from "../log.ts";
import type { Patience } from "./patience.ts";

export interface Job {
  work: (tx: Transaction) => unknown;
  /** By `clock.elapsed`. */
  since: number;
  /** Shares its transaction with nobody; stands at the head of the queue. */
  alone: boolean;
  /** Need not be on the disk when it is told of. */
  lazy: boolean;
  resolve(value: unknown): void;
  reject(error: unknown): void;
}

export type Outcome = { ok: true; value: unknown } | { ok: false; error: unknown };

export interface WriteQueue {
  /** @throws DeskError ledger_busy when too many wait already, or it has waited for too long; what the work throws */
  add<T>(work: (tx: Transaction) => T | Promise<T>, lazy?: boolean): Promise<T>;
  /** Whether what is first in the queue goes alone. */
  nextIsAlone(): boolean;
  /** The first in the queue, of which there may be none. */
  takeOne(): Job | undefined;
  /** As many as may share a transaction. */
  take(): Job[];
  /**
   * Opens a transaction as soon as the lock is free; undefined when that failed for good, or nobody waits any more.
   * @param open throws DeskError ledger_busy while the lock is not free
   */
  opened<T>(open: () => T | Promise<T>): Promise<T | undefined>;
  /** A transaction was lost with these in it. */
  retry(jobs: Job[], error: unknown): Promise<void>;
  /** Resolves when nothing waits and nothing runs. */
  drained(): Promise<void>;
}

/** Of one transaction: bounds how long it takes. */
export const batchMax = 256;
const queueMax = 10_000;
const tellAfterMs = 1_000;

/** @param parts.serve opens a transaction and runs what waits; it does not throw */
export function createWriteQueue(parts: {
  serve(): Promise<void>;
  patience: Patience;
  clock: Clock;
  log: Log;
}): WriteQueue {
  const { patience, clock, log } = parts;
  const queue: Job[] = [];
  let pumping: Promise<void> | undefined;

  async function pump(): Promise<void> {
    await turnOfLoop();
    while (queue.length > 0) await parts.serve();
    pumping = undefined;
  }

  const take = () => queue.splice(0, queue[0]?.alone ? 1 : batchMax);

  /** Refuses those that have waited too long. */
  function giveUp(error: unknown): void {
    const before = clock.elapsed() - patience.busyMs;
    for (let index = queue.length - 1; index >= 0; index--) {
      if (queue[index]!.since <= before) queue.splice(index, 1)[0]!.reject(error);
    }
  }

  return {
    add(work, lazy = false) {
      if (queue.length >= queueMax) {
        return Promise.reject(new DeskError("ledger_busy", `${queueMax} writes wait already`));
      }
      return new Promise((resolve, reject) => {
        const done = resolve as (value: unknown) => void;
        queue.push({ work, since: clock.elapsed(), alone: false, lazy, resolve: done, reject });
        pumping ??= pump();
      });
    },
    nextIsAlone: () => queue[0]?.alone === true,
    takeOne: () => queue.shift(),
    take,
    async opened(open) {
      const since = clock.elapsed();
      for (let told = false; ; ) {
        try {
          return await open();
        } catch (error) {
          if (codeOf(error) !== "ledger_busy") {
            for (const job of take()) job.reject(error);
            return undefined;
          }
          if (!told && clock.elapsed() - since >= tellAfterMs) {
            log.warn("ledger.locked", { writes: queue.length, error });
            told = true;
          }
          giveUp(error);
          if (queue.length === 0) return undefined;
        }
        await patience.rest();
      }
    },
    async retry(jobs, error) {
      if (codeOf(error) === "ledger_busy") {
        queue.unshift(...jobs);
        giveUp(error);
        await patience.rest();
      } else if (jobs.length === 1) {
        jobs[0]!.reject(error);
      } else {
        for (const job of jobs) job.alone = true;
        queue.unshift(...jobs);
      }
    },
    async drained() {
      await pumping;
    },
  };
}

/** Only after the commit: each work hears what came of it. */
export function tell(jobs: readonly Job[], outcomes: readonly Outcome[]): void {
  for (const [index, outcome] of outcomes.entries()) {
    if (outcome.ok) jobs[index]!.resolve(outcome.value);
    else jobs[index]!.reject(outcome.error);
  }
}

export function turnOfLoop(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
