/**
 * A transaction as one work sees it: for its own time only, and of no more use after a statement has failed. The work
 * stands before everybody else's, so it waits for nothing but its statements: when no statement is under way and it
 * has not ended by the next turn of the event loop, it waits for something that may never come, and has failed.
 */
import { setImmediate } from "node:timers";
import { DeskError } from "../errors.ts";
import type { SqlValue, Transaction } from "../ledger.ts";
import type { Answer, Connection } from "./postgres-connection.ts";
import type { Outcome } from "./write-queue.ts";

export interface Lease {
  /** Runs the work to its end, its last statement included; what a statement failed with outlasts a work that caught it. */
  run(work: (tx: Transaction) => unknown): Promise<Outcome>;
  /** What a statement failed with. */
  failure(): unknown;
}

export function leaseOf(connection: Connection, now: number): Lease {
  let over = false;
  let failure: unknown;
  let underWay = 0;
  /** Statements go to the server one after the other. */
  let last: Promise<unknown> = Promise.resolve();
  let idle = () => {};

  function statement<R>(sql: string, values: readonly SqlValue[]): Promise<Answer<R>> {
    if (over) {
      return Promise.reject(
        new DeskError("ledger_failed", "a transaction was used after its work had ended"),
      );
    }
    underWay += 1;
    const answer = last.then(async () => {
      if (failure) throw failure;
      try {
        return await connection.statement<R>(sql, values);
      } catch (error) {
        failure = error;
        throw error;
      } finally {
        underWay -= 1;
        if (underWay === 0) setImmediate(idle);
      }
    });
    // A work may leave it to itself; it has failed all the same.
    last = answer.catch(() => {});
    return answer;
  }

  const tx: Transaction = {
    now,
    all: async <R>(sql: string, ...values: SqlValue[]) => (await statement<R>(sql, values)).rows,
    get: async <R>(sql: string, ...values: SqlValue[]) => (await statement<R>(sql, values)).rows[0],
    run: async (sql, ...values) => (await statement(sql, values)).changed,
  };

  async function outcomeOf(work: (tx: Transaction) => unknown): Promise<Outcome> {
    try {
      return { ok: true, value: await work(tx) };
    } catch (error) {
      return { ok: false, error };
    }
  }

  return {
    async run(work) {
      const late = new Promise<Outcome>((resolve) => {
        idle = () => {
          if (underWay === 0) resolve({ ok: false, error: waited() });
        };
      });
      const ended = outcomeOf(work);
      setImmediate(idle);
      const outcome = await Promise.race([ended, late]);
      over = true;
      await last;
      return outcome.ok && failure ? { ok: false, error: failure } : outcome;
    },
    failure: () => failure,
  };
}

function waited(): DeskError {
  return new DeskError("ledger_failed", "work waited for something other than its transaction");
}
