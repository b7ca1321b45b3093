/**
 * The one writer that a process has in Postgres. All works of a desk stand in one line, of all its processes: whoever
 * writes holds the desk's lock (an advisory one, of the transaction), so what a work has read is still so when it
 * writes. Works that wait share the lock, the transaction and its commit:
 *
 *   waiting ──lock taken──▶ running, each work behind its own savepoint ──commit──▶ settled
 *      ▲                        │ a work throws: back to its savepoint; it is told once the others are kept
 *      ├──── not committed ─────┤ the connection breaks, or the commit is refused
 *      └──── not committed ── looked up ◀── the connection breaks during the commit
 *
 * A work is told nothing before it is known what became of the commit. Each commit leaves its number in the writer's
 * row of `commits`; whoever has the lock again, on whatever server, finds there whether it was made. (The server's own
 * numbers of transactions will not do: after a crash they are given again.)
 */
import { setImmediate } from "node:timers";
import type { Clock } from "../clock.ts";
import { codeOf, DeskError } from "../errors.ts";
import type { HowDurable, Transaction } from "../ledger.ts";
import type { Log } from "../log.ts";
import { type Connection, keyOf } from "./postgres-connection.ts";
import { leaseOf, type Outcome } from "./postgres-lease.ts";

export interface PostgresWriter {
  write<T>(work: (tx: Transaction) => T | Promise<T>, how?: HowDurable): Promise<T>;
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
  /** Need not be on the disk when it is told of. */
  lazy: boolean;
  resolve(value: unknown): void;
  reject(error: unknown): void;
}

interface Begun {
  connection: Connection;
  /** The server's time. */
  now: number;
}

export function createPostgresWriter(parts: {
  /** Its row in `commits`: letters, digits and _. */
  name: string;
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
  let commits = 0;

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
        const [, , rows] = await open.command(`BEGIN; ${lock}; ${serverTime}`);
        const now = Number(rows?.[0]?.now);
        // One clock for all processes of a desk: what they note, and the order of their ids.
        clock.keepTo?.(now);
        return { connection: open, now };
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
      commits += 1;
      const soon = jobs.every((job) => job.lazy) ? "SET LOCAL synchronous_commit = off; " : "";
      await begun.connection.command(
        `RELEASE work; ${soon}${noteCommit(parts.name, commits, begun.now)}; COMMIT`,
      );
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
      committed = await wasMade(commits);
    } catch (unknown) {
      for (const job of jobs) job.reject(unknown);
      return;
    }
    log.info("ledger.commit_known", { committed });
    if (committed) tell(jobs, outcomes);
    else await retry(jobs, error);
  }

  /**
   * Whether a commit was made. Asked until there is an answer: until then nobody can say whether what was written is
   * there. The lock in hand says that the transaction has ended.
   * @throws DeskError ledger_failed when there is no answer before everything is closed
   */
  async function wasMade(commit: number): Promise<boolean> {
    for (;;) {
      try {
        const open = await connected();
        const asked = `SELECT number FROM commits WHERE writer = '${parts.name}'`;
        const [, , rows] = await open.command(`BEGIN; ${lock}; ${asked}; ROLLBACK`);
        return rows?.[0]?.number === commit;
      } catch (error) {
        await rollback();
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
      const marked = open.command(jobs.length === 1 ? "SAVEPOINT work" : "RELEASE work; SAVEPOINT work");
      const lease = leaseOf(open, now);
      marked.catch(() => {});
      // The work's first statement follows on its heels; where there is no savepoint, it fails.
      const outcome = await lease.run(job.work);
      await marked;
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
    write(work, { lazy = false } = {}) {
      if (queue.length >= queueMax) {
        return Promise.reject(new DeskError("ledger_busy", `${queueMax} writes wait already`));
      }
      return new Promise((resolve, reject) => {
        const done = resolve as (value: unknown) => void;
        queue.push({ work, since: clock.elapsed(), alone: false, lazy, resolve: done, reject });
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
const serverTime = "SELECT CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT) AS now";
/** Of writers that have been gone for longer, nobody asks any more. */
const commitsKeptMs = 86_400_000;

const noteCommit = (writer: string, number: number, now: number): string =>
  `INSERT INTO commits (writer, number, made_at) VALUES ('${writer}', ${number}, ${now})
   ON CONFLICT (writer) DO UPDATE SET number = excluded.number, made_at = excluded.made_at`;

/** Makes the table that says which commits were made. */
export async function prepareCommits(connection: Connection): Promise<void> {
  try {
    await connection.command(
      `BEGIN; ${lock};
       CREATE TABLE IF NOT EXISTS commits (writer TEXT PRIMARY KEY, number BIGINT NOT NULL, made_at BIGINT NOT NULL);
       DELETE FROM commits
         WHERE made_at < CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT) - ${commitsKeptMs};
       COMMIT`,
    );
  } catch (error) {
    if (!connection.lost()) await connection.command("ROLLBACK");
    throw error;
  }
}
const notKnown = "the connection was lost during a commit, and it cannot be found out whether it was made";

/** The pause between two tries: never in step with another process. */
export function rest(clock: Clock): Promise<void> {
  return clock.sleep(10 + 40 * clock.random());
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
