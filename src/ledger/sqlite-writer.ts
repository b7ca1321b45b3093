/**
 * The one writer of a SQLite ledger. Works that are asked for in the same turn of the event loop share a transaction,
 * because a commit costs an fsync whatever it holds:
 *
 *   waiting ──lock taken──▶ running, each work behind its own savepoint ──commit──▶ settled
 *      ▲                        │ a work throws: back to its savepoint; it is told once the others are kept
 *      └──── lost ──────────────┘ the transaction itself is lost (disk full, commit refused): each once more, alone
 *
 * A work is told nothing before the commit, its failure neither: it may have failed because of a neighbour's write.
 */
import { clearImmediate, setImmediate } from "node:timers";
import type { Clock } from "../clock.ts";
import { codeOf, DeskError } from "../errors.ts";
import type { Transaction } from "../ledger.ts";
import type { Log } from "../log.ts";
import { type Connection, rest } from "./sqlite-connection.ts";

export interface SqliteWriter {
  write<T>(work: (tx: Transaction) => T | Promise<T>): Promise<T>;
  /** Resolves when nothing waits and nothing runs. */
  drained(): Promise<void>;
}

const queueMax = 10_000;
/** Bounds how long one turn of the event loop can take. */
const batchMax = 256;
const tellAfterMs = 1_000;

interface Job {
  work: (tx: Transaction) => unknown;
  /** By `clock.elapsed`. */
  since: number;
  /** Shares its transaction with nobody; stands at the head of the queue. */
  alone: boolean;
  resolve(value: unknown): void;
  reject(error: unknown): void;
}

type Outcome = { ok: true; value: unknown } | { ok: false; error: unknown };

export function createSqliteWriter(parts: {
  connection: Connection;
  clock: Clock;
  log: Log;
  busyMs: number;
}): SqliteWriter {
  const { connection, clock, log, busyMs } = parts;
  const queue: Job[] = [];
  let pumping: Promise<void> | undefined;
  let insideWork = false;

  async function pump(): Promise<void> {
    await turn();
    while (queue.length > 0) {
      if (await begun()) await settle(take());
      await turn();
    }
    pumping = undefined;
  }

  /** Opens the transaction. False when that failed for good, or nobody waits any more. */
  async function begun(): Promise<boolean> {
    const since = clock.elapsed();
    for (let told = false; ; ) {
      try {
        rollback();
        connection.command("BEGIN IMMEDIATE");
        return true;
      } catch (error) {
        if (codeOf(error) !== "ledger_busy") {
          for (const job of take()) job.reject(error);
          return false;
        }
        if (!told && clock.elapsed() - since >= tellAfterMs) {
          log.warn("ledger.locked", { writes: queue.length });
          told = true;
        }
        giveUp(error);
        if (queue.length === 0) return false;
      }
      await rest(clock);
    }
  }

  /** Refuses those that have waited too long. */
  function giveUp(error: unknown): void {
    const before = clock.elapsed() - busyMs;
    for (let index = queue.length - 1; index >= 0; index--) {
      if (queue[index]!.since <= before) queue.splice(index, 1)[0]!.reject(error);
    }
  }

  function take(): Job[] {
    return queue.splice(0, queue[0]?.alone ? 1 : batchMax);
  }

  async function settle(jobs: Job[]): Promise<void> {
    let outcomes: Outcome[];
    try {
      outcomes = await runAll(jobs);
      connection.command("COMMIT");
    } catch (error) {
      rollback();
      await retry(jobs, error);
      return;
    }
    for (const [index, outcome] of outcomes.entries()) {
      if (outcome.ok) jobs[index]!.resolve(outcome.value);
      else jobs[index]!.reject(outcome.error);
    }
  }

  async function retry(jobs: Job[], error: unknown): Promise<void> {
    if (codeOf(error) === "ledger_busy") {
      queue.unshift(...jobs);
      giveUp(error);
      await rest(clock);
    } else if (jobs.length === 1) {
      jobs[0]!.reject(error);
    } else {
      for (const job of jobs) job.alone = true;
      queue.unshift(...jobs);
    }
  }

  /** @throws when the transaction can no longer be committed */
  async function runAll(jobs: Job[]): Promise<Outcome[]> {
    const outcomes: Outcome[] = [];
    for (const job of jobs) {
      connection.command("SAVEPOINT work");
      const lease = leaseOf(connection, clock.now());
      // Only what is a promise is awaited: most work is done by now.
      const running = run(job, lease);
      const outcome = running instanceof Promise ? await running : running;
      if (!outcome.ok) {
        if (codeOf(lease.failure()) === "ledger_busy") throw lease.failure();
        if (!connection.inTransaction()) throw outcome.error;
        connection.command("ROLLBACK TO work");
      }
      connection.command("RELEASE work");
      outcomes.push(outcome);
    }
    return outcomes;
  }

  function run(job: Job, lease: Lease): Outcome | Promise<Outcome> {
    insideWork = true;
    try {
      const value = job.work(lease.tx);
      return isPromise(value) ? finished(value, lease) : lease.end({ ok: true, value });
    } catch (error) {
      return lease.end({ ok: false, error });
    } finally {
      insideWork = false;
    }
  }

  function rollback(): void {
    try {
      if (connection.inTransaction()) connection.command("ROLLBACK");
    } catch (error) {
      log.error("ledger.rollback_failed", { error });
    }
  }

  return {
    write(work) {
      if (insideWork) {
        return Promise.reject(new DeskError("ledger_failed", "a write was asked for inside another's work"));
      }
      if (queue.length >= queueMax) {
        return Promise.reject(new DeskError("ledger_busy", `${queueMax} writes wait already`));
      }
      return new Promise((resolve, reject) => {
        const done = resolve as (value: unknown) => void;
        queue.push({ work, since: clock.elapsed(), alone: false, resolve: done, reject });
        pumping ??= pump();
      });
    },
    async drained() {
      await pumping;
    },
  };
}

/** A transaction as one work sees it: for its own time only, and of no more use after a statement has failed. */
interface Lease {
  tx: Transaction;
  /** What a statement of this work failed with. */
  failure(): unknown;
  /** The work is over; what a statement failed with outlasts a work that caught it. */
  end(outcome: Outcome): Outcome;
}

function leaseOf(connection: Connection, now: number): Lease {
  let over = false;
  let failure: unknown;
  function statement<T>(call: () => T): T {
    if (over) throw new DeskError("ledger_failed", "a transaction was used after its work had ended");
    if (failure) throw failure;
    try {
      return call();
    } catch (error) {
      failure = error;
      throw error;
    }
  }
  return {
    tx: {
      now,
      all: (sql, ...values) => statement(() => connection.all(sql, values)),
      get: (sql, ...values) => statement(() => connection.get(sql, values)),
      run: (sql, ...values) => statement(() => connection.run(sql, values)),
    },
    failure: () => failure,
    end(outcome) {
      over = true;
      return outcome.ok && failure ? { ok: false, error: failure } : outcome;
    },
  };
}

/**
 * Every method of a transaction here is synchronous, so work that awaits nothing else has ended when this turn of the
 * event loop has. What has not is waiting for something that may never come, with the lock in its hand.
 */
async function finished(work: PromiseLike<unknown>, lease: Lease): Promise<Outcome> {
  const ended = Promise.resolve(work).then(
    (value): Outcome => ({ ok: true, value }),
    (error: unknown): Outcome => ({ ok: false, error }),
  );
  let cancel = () => {};
  const late = new Promise<Outcome>((resolve) => {
    const immediate = setImmediate(() => resolve({ ok: false, error: waited() }));
    cancel = () => clearImmediate(immediate);
  });
  const outcome = await Promise.race([ended, late]);
  cancel();
  return lease.end(outcome);
}

function waited(): DeskError {
  return new DeskError("ledger_failed", "work waited for something other than its transaction");
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function isPromise(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as PromiseLike<unknown> | null | undefined)?.then === "function";
}
