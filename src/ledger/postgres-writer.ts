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
import type { Clock } from "../clock.ts";
import { codeOf, DeskError } from "../errors.ts";
import type { HowDurable, Transaction } from "../ledger.ts";
import type { Log } from "../log.ts";
import type { Patience } from "./patience.ts";
import { type Connection, keyOf } from "./postgres-connection.ts";
import { leaseOf } from "./postgres-lease.ts";
import { batchMax, createWriteQueue, type Job, type Outcome, tell } from "./write-queue.ts";

export interface PostgresWriter {
  write<T>(work: (tx: Transaction) => T | Promise<T>, how?: HowDurable): Promise<T>;
  /** Resolves when nothing waits and nothing runs. What a lost commit became is not waited for beyond `busyMs`. */
  close(): Promise<void>;
}

/** Other processes wait for the lock meanwhile. */
const holdMaxMs = 20;

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
  patience: Patience;
}): PostgresWriter {
  const { clock, log, patience } = parts;
  const queue = createWriteQueue({ serve, patience, clock, log });
  let connection = parts.open;
  let closingSince: number | undefined;
  let commits = 0;

  async function serve(): Promise<void> {
    const transaction = await queue.opened(begin);
    if (transaction) await settle(transaction);
  }

  /** Opens the transaction with the lock in hand. */
  async function begin(): Promise<Begun> {
    try {
      const open = await connected();
      const [, , rows] = await open.command(`BEGIN; ${lock}; ${serverTime}`);
      const now = Number(rows?.[0]?.now);
      // One clock for all processes of a desk: what they note, and the order of their ids.
      clock.keepTo?.(now);
      return { connection: open, now };
    } catch (error) {
      await rollback();
      throw error;
    }
  }

  async function connected(): Promise<Connection> {
    if (connection.lost()) connection = await parts.connect();
    return connection;
  }

  async function settle(begun: Begun): Promise<void> {
    const jobs: Job[] = [];
    const outcomes: Outcome[] = [];
    try {
      await runAll(begun, jobs, outcomes);
    } catch (error) {
      await rollback();
      await queue.retry(jobs, error);
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
      await queue.retry(jobs, error);
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
    else await queue.retry(jobs, error);
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
      if (closingSince !== undefined && clock.elapsed() - closingSince >= patience.busyMs) {
        throw new DeskError("ledger_failed", notKnown);
      }
      await patience.rest();
    }
  }

  /**
   * Takes jobs from the queue as long as the lock may be held.
   * @param jobs gets each before it runs, `outcomes` what has come of it
   * @throws when the transaction can no longer be committed
   */
  async function runAll({ connection: open, now }: Begun, jobs: Job[], outcomes: Outcome[]): Promise<void> {
    const since = clock.elapsed();
    const alone = queue.nextIsAlone();
    do {
      const job = queue.takeOne();
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
    } while (!alone && !queue.nextIsAlone() && jobs.length < batchMax && clock.elapsed() - since < holdMaxMs);
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
    write: (work, how) => queue.add(work, how?.lazy),
    async close() {
      closingSince = clock.elapsed();
      await queue.drained();
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

const notKnown = "the connection was lost during a commit, and it cannot be found out whether it was made";

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
