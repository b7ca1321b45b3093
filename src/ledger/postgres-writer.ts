/**
 * The one writer that a process has in Postgres. All works of a desk stand in one line, of all its processes: whoever
 * writes holds the desk's lock (an advisory one, of the transaction), so what a work has read is still so when it
 * writes. Works that wait share the lock, the transaction and its commit:
 *
 *   waiting ──lock taken──▶ running, each work behind its own savepoint ──commit──▶ settled
 *      ▲                        │ a work throws: back to its savepoint; it is told once the others are kept
 *      ├──── not committed ─────┤ the connection breaks, or the commit is refused
 *      └──── not committed ── asked for, by the transaction's number ◀── the connection breaks during the commit
 *
 * A work is told nothing before it is known what became of the commit.
 */
import { setImmediate } from "node:timers";
import type { Clock } from "../clock.ts";
import { codeOf, DeskError } from "../errors.ts";
import type { Transaction } from "../ledger.ts";
import type { Log } from "../log.ts";
import { type Connection, keyOf } from "./postgres-connection.ts";
import { leaseOf, type Outcome } from "./postgres-lease.ts";

export interface PostgresWriter {
  write<T>(work: (tx: Transaction) => T | Promise<T>): Promise<T>;
  /** Resolves when nothing waits and nothing runs. What a lost commit became is not waited for beyond `busyMs`. */
  close(): Promise<void>;
}

const queueMax = 10_000;
/** Other processes wait for the lock meanwhile. */
const holdMaxMs = 20;
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

interface Begun {
  connection: Connection;
  /** The transaction's number, for asking what became of it. */
  number: string;
  now: number;
}

export function createPostgresWriter(parts: {
  /** The first connection. */
  open: Connection;
  connect(): Promise<Connection>;
  clock: Clock;
  log: Log;
  busyMs: number;
}): PostgresWriter {
  const { clock, log, busyMs } = parts;
  const queue: Job[] = [];
  let pumping: Promise<void> | undefined;
  let connection = parts.open;
  let closingSince: number | undefined;

  async function pump(): Promise<void> {
    await turn();
    while (queue.length > 0) {
      const transaction = await begun();
      if (transaction) await settle(transaction);
    }
    pumping = undefined;
  }

  /** Opens the transaction with the lock in hand. Undefined when that failed for good, or nobody waits any more. */
  async function begun(): Promise<Begun | undefined> {
    const since = clock.elapsed();
    for (let told = false; ; ) {
      try {
        const open = await connected();
        const [, , rows] = await open.command(`BEGIN; ${lock}; ${begin}`);
        const { number, now } = rows?.[0] ?? {};
        // Everybody's ids sort by the one clock that all share.
        clock.keepTo?.(Number(now));
        return { connection: open, number: String(number), now: Number(now) };
      } catch (error) {
        await rollback();
        if (codeOf(error) !== "ledger_busy") {
          for (const job of queue.splice(0, batchMax)) job.reject(error);
          return undefined;
        }
        if (!told && clock.elapsed() - since >= tellAfterMs) {
          log.warn("ledger.locked", { writes: queue.length, error });
          told = true;
        }
        giveUp(error);
        if (queue.length === 0) return undefined;
      }
      await rest(clock);
    }
  }

  async function connected(): Promise<Connection> {
    if (connection.lost()) connection = await parts.connect();
    return connection;
  }

  /** Refuses those that have waited too long. */
  function giveUp(error: unknown): void {
    const before = clock.elapsed() - busyMs;
    for (let index = queue.length - 1; index >= 0; index--) {
      if (queue[index]!.since <= before) queue.splice(index, 1)[0]!.reject(error);
    }
  }

  async function settle(begun: Begun): Promise<void> {
    const jobs: Job[] = [];
    const outcomes: Outcome[] = [];
    try {
      await runAll(begun, jobs, outcomes);
    } catch (error) {
      await rollback();
      await retry(jobs, error);
      return;
    }
    try {
      await begun.connection.command("COMMIT");
    } catch (error) {
      await settleBroken(begun, jobs, outcomes, error);
      return;
    }
    tell(jobs, outcomes);
  }

  /** The commit was refused, or its answer was lost. */
  async function settleBroken(begun: Begun, jobs: Job[], outcomes: Outcome[], error: unknown): Promise<void> {
    if (!begun.connection.lost()) {
      await rollback();
      await retry(jobs, error);
      return;
    }
    log.warn("ledger.commit_unknown", { writes: jobs.length, error });
    let committed: boolean;
    try {
      committed = await becameOf(begun.number);
    } catch (unknown) {
      for (const job of jobs) job.reject(unknown);
      return;
    }
    log.info("ledger.commit_known", { committed });
    if (committed) tell(jobs, outcomes);
    else await retry(jobs, error);
  }

  /**
   * Whether a transaction was committed. Asked until there is an answer: until then nobody can say whether what was
   * written is there.
   * @throws DeskError ledger_failed when it can no longer be found out
   */
  async function becameOf(number: string): Promise<boolean> {
    for (;;) {
      try {
        const open = await connected();
        const asked = `SELECT pg_xact_status(CAST(CAST(? AS TEXT) AS xid8)) AS status`;
        const { rows } = await open.statement<{ status: string | null }>(asked, [number]);
        const status = rows[0]?.status;
        if (status === "committed") return true;
        if (status === "aborted") return false;
        if (status !== "in progress") throw new DeskError("ledger_failed", notKnown);
      } catch (error) {
        if (codeOf(error) !== "ledger_busy") throw new DeskError("ledger_failed", notKnown, { cause: error });
      }
      if (closingSince !== undefined && clock.elapsed() - closingSince >= busyMs) {
        throw new DeskError("ledger_failed", notKnown);
      }
      await rest(clock);
    }
  }

  function tell(jobs: readonly Job[], outcomes: readonly Outcome[]): void {
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

  /**
   * Takes jobs from the queue as long as the lock may be held.
   * @param jobs gets each before it runs, `outcomes` what has come of it
   * @throws when the transaction can no longer be committed
   */
  async function runAll({ connection: open, now }: Begun, jobs: Job[], outcomes: Outcome[]): Promise<void> {
    const since = clock.elapsed();
    const alone = queue[0]?.alone === true;
    do {
      const job = queue.shift();
      if (!job) return;
      jobs.push(job);
      // One message: the end of the last work's savepoint with the beginning of the next one's.
      await open.command(jobs.length === 1 ? "SAVEPOINT work" : "RELEASE work; SAVEPOINT work");
      const lease = leaseOf(open, now);
      const outcome = await lease.run(job.work);
      if (!outcome.ok) {
        if (open.lost() || codeOf(lease.failure()) === "ledger_busy") throw lease.failure() ?? outcome.error;
        await open.command("ROLLBACK TO work");
      }
      outcomes.push(outcome);
    } while (!alone && !queue[0]?.alone && jobs.length < batchMax && clock.elapsed() - since < holdMaxMs);
  }

  async function rollback(): Promise<void> {
    try {
      if (!connection.lost()) await connection.command("ROLLBACK");
    } catch (error) {
      log.warn("ledger.rollback_failed", { error });
      connection.destroy();
    }
  }

  return {
    write(work) {
      if (queue.length >= queueMax) {
        return Promise.reject(new DeskError("ledger_busy", `${queueMax} writes wait already`));
      }
      return new Promise((resolve, reject) => {
        const done = resolve as (value: unknown) => void;
        queue.push({ work, since: clock.elapsed(), alone: false, resolve: done, reject });
        pumping ??= pump();
      });
    },
    async close() {
      closingSince = clock.elapsed();
      await pumping;
      await connection.close();
    },
  };
}

/** Given back by the server, when the transaction ends in whatever way. */
const lock = `SELECT pg_advisory_xact_lock(${keyOf("write")})`;
const begin = `SELECT CAST(pg_current_xact_id() AS TEXT) AS number,
  CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT) AS now`;
const notKnown = "the connection was lost during a commit, and it cannot be found out whether it was made";

/** The pause between two tries: never in step with another process. */
export function rest(clock: Clock): Promise<void> {
  return clock.sleep(10 + 40 * clock.random());
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
