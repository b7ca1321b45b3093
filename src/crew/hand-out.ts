/**
 * Handing out work: pg-boss keeps, for each lane, an ordered row of tasks, and gives the first to whoever asks. What is
 * due later stands in a queue of its own, where it keeps nothing waiting that is due before. What a task is about is in
 * the ledger, under a claim: a task that is lost is found there again, one that comes twice does nothing the second time.
 */
import { PgBoss } from "pg-boss";
import type { Clock } from "../clock.ts";
import type { Manner } from "../crew.ts";
import type { Log } from "../log.ts";

export type Queue = "work" | "send";

export interface Task {
  id: string;
  lane: string;
  manner: Manner;
}

/** A lane in which something was not due before now. */
export interface Due {
  queue: Queue;
  lane: string;
}

export interface HandOut {
  /** @throws what Postgres fails with */
  offer(queue: Queue, lane: string, manner: Manner): Promise<void>;
  /** At most `many`, each the first of its lane; they are this process's while it says so. */
  take(queue: Queue, many: number): Promise<Task[]>;
  /** These are still being worked on. */
  keep(queue: Queue, tasks: readonly Task[]): Promise<void>;
  done(queue: Queue, task: Task): Promise<void>;
  /**
   * One for a lane and a moment, whoever asks for it. @param at milliseconds since 1970 by the database's time
   * @throws what Postgres fails with
   */
  later(due: Due, at: number): Promise<void>;
  /** What is due now of these queues, each to one process; from then on it is that process's to see to. */
  takeDue(queues: readonly Queue[]): Promise<Due[]>;
  close(): Promise<void>;
}

const queues: readonly Queue[] = ["work", "send"];
const laterOf: Readonly<Record<Queue, string>> = { work: "work_later", send: "send_later" };
const dueAtOnceMax = 64;
/** The shortest that pg-boss knows. */
const silentMaxSeconds = 10;
const taskMaxSeconds = 3_600;

/** @param parts.schema of the desk's tables; the queue's are beside it */
export async function createHandOut(parts: {
  url: string;
  schema: string;
  clock: Clock;
  log: Log;
}): Promise<HandOut> {
  const boss = new PgBoss({
    connectionString: parts.url,
    schema: `${parts.schema}_queue`,
    application_name: "deskhand queue",
    max: 4,
    // A task is a hint: whatever a crash of the database loses is found in the ledger.
    options: "-c synchronous_commit=off",
    schedule: false,
    superviseIntervalSeconds: 10,
    monitorIntervalSeconds: 10,
  });
  boss.on("error", (error: unknown) => parts.log.warn("queue.failed", { error }));
  await boss.start();
  for (const queue of queues) {
    await boss.createQueue(queue, {
      policy: "key_strict_fifo",
      heartbeatSeconds: silentMaxSeconds,
      expireInSeconds: taskMaxSeconds,
      retryLimit: 1_000,
      retryDelay: 1,
      deleteAfterSeconds: 60,
    });
    await boss.createQueue(laterOf[queue], {
      policy: "short",
      heartbeatSeconds: silentMaxSeconds,
      expireInSeconds: silentMaxSeconds,
      retryLimit: 1_000,
      retryDelay: 1,
      deleteAfterSeconds: 60,
    });
  }
  const idsOf = (tasks: readonly Task[]): string[] => tasks.map(({ id }) => id);
  return {
    async offer(queue, lane, manner) {
      await boss.send(queue, { lane, ...manner }, { singletonKey: lane });
    },
    async take(queue, many) {
      const jobs = await boss.fetch<Manner & { lane: string }>(queue, { batchSize: many });
      return jobs.map(({ id, data: { lane, settle, supersede } }) => ({
        id,
        lane,
        manner: { settle, supersede },
      }));
    },
    async keep(queue, tasks) {
      await boss.touch(queue, idsOf(tasks));
    },
    async done(queue, task) {
      await boss.complete(queue, task.id);
    },
    async later({ queue, lane }, at) {
      const startAfter = new Date(at);
      await boss.send(laterOf[queue], { lane }, { singletonKey: `${lane} ${at}`, startAfter });
    },
    async takeDue(asked) {
      const due: Due[] = [];
      for (const queue of asked) {
        const name = laterOf[queue];
        const jobs = await boss.fetch<{ lane: string }>(name, { batchSize: dueAtOnceMax });
        if (jobs.length === 0) continue;
        due.push(...jobs.map(({ data: { lane } }) => ({ queue, lane })));
        const ids = jobs.map(({ id }) => id);
        // If it cannot be told it comes again, and finds nothing to do.
        await boss.complete(name, ids).catch((error: unknown) => parts.log.warn("queue.failed", { error }));
      }
      return due;
    },
    close: () => boss.stop({ graceful: false }),
  };
}
