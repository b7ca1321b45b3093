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
import type { Patience } from "./patience.ts";
import type { Connection } from "./sqlite-connection.ts";
import { createWriteQueue, type Job, type Outcome, tell, turnOfLoop } from "./write-queue.ts";

export interface SqliteWriter {
  write<T>(work: (tx: Transaction) => T | Promise<T>): Promise<T>;
  /** Resolves when nothing waits and nothing runs. */
  drained(): Promise<void>;
}

export function createSqliteWriter(parts: {
  connection: Connection;
  clock: Clock;
  log: Log;
  patience: Patience;
}): SqliteWriter {
  const { connection, clock, log, patience } = parts;
  const queue = createWriteQueue({ serve, patience, clock, log });
  let insideWork = false;

  async function serve(): Promise<void> {
    if (await queue.opened(begin)) await settle(queue.take());
    await turnOfLoop();
  }

  function begin(): true {
    rollback();
    connection.command("BEGIN IMMEDIATE");
    return true;
  }

  async function settle(jobs: Job[]): Promise<void> {
    let outcomes: Outcome[];
    try {
      outcomes = await runAll(jobs);
      connection.command("COMMIT");
    } catch (error) {
      rollback();
      await queue.retry(jobs, error);
      return;
    }
    tell(jobs, outcomes);
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
      return queue.add(work);
    },
    drained: queue.drained,
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

function isPromise(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as PromiseLike<unknown> | null | undefined)?.then === "function";
}
