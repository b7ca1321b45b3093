/**
 * A member of the crew: one of several processes that run a desk on one Postgres.
 *
 *   inbox committed ──offered──▶ pg-boss ──taken──▶ claimed ──run──▶ given back
 *                                   ▲                  │ the process dies, or freezes
 *                                   └─── found left ◀──┘ its claim runs out
 *
 * What is to be done later is handed to pg-boss with its time, and to whoever asks for it then.
 * What is offered is a hint, and so is every word between the processes; the ledger knows what waits, and a claim in the
 * ledger says who is at it. Whatever nobody is at is found by looking, every few seconds.
 */
import type { Clock } from "../clock.ts";
import type { Crew, Hands, Role } from "../crew.ts";
import { forgetClaims, forgetPutOff, lanesLeft, putOff, sendsLeft } from "../ledger/claims.ts";
import { keepToClock } from "../ledger/clock-back.ts";
import { createSignals, type Signals } from "../ledger/postgres-signals.ts";
import type { Ledger } from "../ledger.ts";
import type { Log } from "../log.ts";
import { type Claims, createClaims } from "./claims.ts";
import { createHandOut, type HandOut, type Queue, type Task } from "./hand-out.ts";
import { readWord, type Word, writeWord } from "./words.ts";

export interface CrewParts {
  url: string;
  roles: ReadonlySet<Role>;
  ledger: Ledger;
  /** How many lanes run here at once, and how many are sent. */
  atOnceMax: number;
  /** Who has asked one of the processes to wait. */
  waits: { recall(): Promise<void>; heard(name: string, ms: number): void };
  clock: Clock;
  log: Log;
}

const lookEveryMs = 2_500;
/** What has waited for so long and is nobody's has been left behind. */
const leftAfterMs = 4_000;
const leftMax = 64;
const askEveryMs = 500;
const keepEveryMs = 4_000;
/** What is due in the same time is one thing. */
const dueTogetherMs = 100;
/** By how much clocks and timers may differ. */
const aboutMs = 20;
/** A word that was on its way for longer counts from when it was said. */
const wordMaxMs = 500;
const namedMax = 1_000;
const takenAtOnceMax = 32;
const forgetAfterMs = 86_400_000;

/** @throws what Postgres refuses with */
export async function createCrew(parts: CrewParts): Promise<Crew> {
  const { ledger, clock, log } = parts;
  const member = clock.id("m");
  const claims: Claims = createClaims({ ledger, member, clock, log });
  const schema = await ledger.read((tx) => tx.get<{ name: string }>("SELECT current_schema() AS name"));
  const handOut: HandOut = await createHandOut({ ...parts, schema: schema?.name ?? "public" });
  let hands: Hands | undefined;
  const stopping = new AbortController();
  const atHand: Record<Queue, Map<string, Task>> = { work: new Map(), send: new Map() };
  const waking: Record<Queue, () => void> = { work: () => {}, send: () => {} };
  const ends: (() => void)[] = [];
  const signals: Signals = await createSignals({ url: parts.url, hear, clock, log });
  await parts.waits.recall();

  function tell(word: Word): void {
    signals.tell(writeWord(word));
  }

  function hear(text: string | undefined): void {
    if (text === undefined) void parts.waits.recall();
    const word = text === undefined ? { says: "look" as const } : readWord(text);
    if (word?.says === "wait") hearWait(word);
    else if (word && hands && !stopping.signal.aborted) obey(word, hands);
  }

  function obey(word: Exclude<Word, { says: "wait" }>, now: Hands): void {
    switch (word.says) {
      case "offered":
        if (word.queue === "work") now.nudge(word.lane, word.manner);
        waking[word.queue]();
        return;
      case "interrupt":
        now.interrupt(word.lane);
        return;
      case "look":
        void look(0);
        return;
    }
  }

  function hearWait({ name, ms, until, by }: Extract<Word, { says: "wait" }>): void {
    if (by === member) return;
    const left = until - clock.now();
    const heardAtOnce = Math.abs(ms - left) < wordMaxMs;
    if (!heardAtOnce && left <= 0) return;
    parts.waits.heard(name, heardAtOnce ? ms : Math.min(left, ms));
    log.debug("waits.heard", { name });
  }

  function offer(queue: Queue, lane: string, manner: Task["manner"]): void {
    handOut.offer(queue, lane, manner).then(
      () => tell({ says: "offered", queue, lane, manner }),
      // It is found by looking.
      (error: unknown) => log.warn("crew.not_offered", { queue, lane, error }),
    );
  }

  /** Takes tasks as long as there are hands for them. */
  async function consume(queue: Queue, run: (task: Task) => Promise<void>): Promise<void> {
    const mine = atHand[queue];
    while (!stopping.signal.aborted) {
      const free = Math.min(parts.atOnceMax - mine.size, takenAtOnceMax);
      const tasks = free > 0 ? await taken(queue, free) : [];
      for (const task of tasks) {
        mine.set(task.id, task);
        void run(task)
          .then(() => handOut.done(queue, task))
          .catch((error: unknown) => log.warn("crew.task_failed", { queue, lane: task.lane, error }))
          .finally(() => {
            mine.delete(task.id);
            if (mine.size === parts.atOnceMax - 1) waking[queue]();
          });
      }
      if (tasks.length < free || free <= 0) await offered(queue);
    }
  }

  async function taken(queue: Queue, many: number): Promise<Task[]> {
    try {
      return await handOut.take(queue, many);
    } catch (error) {
      if (!stopping.signal.aborted) log.warn("crew.nothing_taken", { queue, error });
      return [];
    }
  }

  /** Resolves when something may have been offered. */
  function offered(queue: Queue): Promise<void> {
    return new Promise((resolve) => {
      const woken = () => {
        cancel();
        stopping.signal.removeEventListener("abort", woken);
        waking[queue] = () => {};
        resolve();
      };
      const cancel = clock.after(askEveryMs, woken);
      stopping.signal.addEventListener("abort", woken, { once: true });
      waking[queue] = woken;
    });
  }

  /** Takes up what nobody is at. */
  async function look(leftMs: number): Promise<void> {
    const now = hands;
    if (!now || stopping.signal.aborted) return;
    try {
      const left = await ledger.write(
        async (tx) => {
          await keepToClock(tx);
          await forgetPutOff(tx, tx.now);
          const lanes = parts.roles.has("work") ? await lanesLeft(tx, tx.now - leftMs, tx.now, leftMax) : [];
          const sends = await sendsLeft(tx, tx.now - leftMs, tx.now, leftMax);
          return { lanes, sends };
        },
        { lazy: true },
      );
      const isLeft = (lane: string) => leftMs > 0 || !now.isHeldElsewhere(lane);
      for (const lane of left.lanes.filter(isLeft)) void now.work(lane, { settle: false, supersede: false });
      for (const lane of left.sends.filter(isLeft)) void now.send(lane);
    } catch (error) {
      log.warn("crew.not_looked", { error });
    }
  }

  /** Takes up what has been handed on until now. */
  async function takeDue(): Promise<void> {
    const now = hands;
    if (!now || stopping.signal.aborted) return;
    const mine = (["work", "send"] as const).filter((queue) => parts.roles.has(queue));
    try {
      for (const { queue, lane } of await handOut.takeDue(mine)) {
        if (queue === "work") void now.work(lane, { settle: false, supersede: false });
        else void now.send(lane);
      }
    } catch (error) {
      if (!stopping.signal.aborted) log.warn("crew.due_not_taken", { error });
    }
  }

  async function later(queue: Queue, lane: string, afterMs: number): Promise<void> {
    const at = Math.ceil((clock.now() + afterMs) / dueTogetherMs) * dueTogetherMs;
    try {
      if (queue === "work") await ledger.write((tx) => putOff(tx, lane, at), { lazy: true });
      await handOut.later({ queue, lane }, at);
      log.debug("crew.handed_on", { queue, lane, afterMs: Math.round(afterMs) });
    } catch (error) {
      // It is found by looking.
      log.warn("crew.not_handed_on", { queue, lane, error });
    }
    // Whoever has begun with it is likely to know most of it.
    clock.after(Math.max(0, at - clock.now()) + aboutMs, () => void takeDue());
  }

  async function keep(): Promise<void> {
    for (const queue of ["work", "send"] as const) {
      const tasks = [...atHand[queue].values()];
      if (tasks.length === 0) continue;
      await handOut.keep(queue, tasks).catch((error: unknown) => log.warn("crew.not_kept", { queue, error }));
    }
  }

  return {
    roles: parts.roles,
    claim: claims.take,
    claimed: claims.taken,
    offerWork: (lane, manner) => offer("work", lane, manner),
    offerSends(lanes) {
      for (const lane of new Set(lanes)) offer("send", lane, { settle: false, supersede: false });
    },
    later,
    interrupt: (lane) => tell({ says: "interrupt", lane }),
    tellWait(name, ms) {
      if (name.length <= namedMax)
        tell({ says: "wait", name, ms, until: Math.round(clock.now() + ms), by: member });
    },
    async start(given) {
      hands = given;
      await ledger.write((tx) => forgetClaims(tx, tx.now - forgetAfterMs));
      if (parts.roles.has("work")) void consume("work", (task) => given.work(task.lane, task.manner));
      if (parts.roles.has("send")) void consume("send", (task) => given.send(task.lane));
      ends.push(
        clock.every(lookEveryMs, () => void look(leftAfterMs)),
        clock.every(keepEveryMs, () => void keep()),
        clock.every(askEveryMs, () => void takeDue()),
      );
      await look(0);
    },
    async stop() {
      stopping.abort(new Error("the desk is stopping"));
    },
    async close() {
      stopping.abort(new Error("the desk is stopping"));
      for (const end of ends) end();
      for (const queue of ["work", "send"] as const) {
        for (const task of atHand[queue].values()) await handOut.done(queue, task).catch(() => {});
      }
      await claims.close();
      tell({ says: "look" });
      await signals.close();
      await handOut.close().catch((error: unknown) => log.warn("queue.not_closed", { error }));
    },
  };
}
