/**
 * The sender takes committed outbox rows to their platforms, in the order of each lane. Of one process, what waits is in
 * memory; where several send, a lane belongs to whoever has its claim, and what waits is asked of the ledger.
 */
import { createAirspace } from "./airspace.ts";
import type { Job } from "./attempt.ts";
import type { Clock } from "./clock.ts";
import type { Crew } from "./crew.ts";
import { createDelivery } from "./delivery.ts";
import type { Private } from "./desk/privately.ts";
import { codeOf } from "./errors.ts";
import { createIdlers } from "./idlers.ts";
import { isOnItsWay } from "./ledger/fence.ts";
import { notedPauseMaxMs, type OutboxRow, unsent, unsentIn } from "./ledger/outbox.ts";
import type { Ledger, Transaction } from "./ledger.ts";
import type { Log } from "./log.ts";
import type { Draft, Platform, Posted } from "./platform.ts";
import { platformOf, type ThreadId } from "./thread.ts";
import { endsWithin } from "./time-limit.ts";

export interface Sender {
  /** Takes rows that have been committed; a draft stands for a row whose text has been shown while it was written. */
  push(rows: readonly OutboxRow[], drafts?: ReadonlyMap<string, Draft>): void;
  /** Learns what an earlier process has left: what comes meanwhile in the same lanes is sent behind it. */
  load(): Promise<void>;
  /** Takes up what has been loaded. */
  recover(): void;
  /** Where several processes send: sends what waits in a lane. Resolves when nothing is left, or it is for another process. */
  sendLane(lane: string): Promise<void>;
  /** Resolves when nothing of the bot is on its way into this thread. */
  settled(thread: ThreadId): Promise<void>;
  /** Something is being shown in this thread until `over` resolves. */
  showing(thread: ThreadId, over: Promise<unknown>): void;
  /** Whether this process still has something to send in this lane. */
  busyIn(lane: string): boolean;
  /** Resolves when every row of this lane has been sent or given up. */
  idleIn(lane: string): Promise<void>;
  /** Resolves when every row has been sent or given up in the lanes that concern the asker; as a rule in all. */
  idle(concerns?: (lane: string) => boolean): Promise<void>;
  /** Starts nothing new; resolves when what is in the air has landed, at the latest after `graceMs`. */
  stop(graceMs: number): Promise<void>;
}

export interface SenderParts {
  ledger: Ledger;
  platforms: ReadonlyMap<string, Platform>;
  /** In the transaction that marks a row as sent: what follows from it. */
  sent(tx: Transaction, row: OutboxRow, posted: Posted | undefined): Promise<OutboxRow[]>;
  /** In the transaction that gives a row up because somebody else has its thread by now. */
  overtaken(tx: Transaction, row: OutboxRow): Promise<OutboxRow[]>;
  /** Where a row that cannot be sent there goes instead. */
  detour?(row: OutboxRow, error: unknown): Promise<Private | undefined>;
  /** In the transaction that gives a row up. */
  failed(tx: Transaction, row: OutboxRow, error: unknown, detour: Private | undefined): Promise<OutboxRow[]>;
  /** Platforms that only other processes of the desk have: what is to be posted there is left to them. */
  elsewhere?: ReadonlySet<string>;
  /** Undefined: this process is the only one. */
  crew?: Pick<Crew, "roles" | "claim" | "claimed" | "offerSends" | "later"> | undefined;
  clock: Clock;
  log: Log;
}

const brokenPauseMs = 1_000;
/** How soon somebody else's claim, or what is on its way from elsewhere, is looked at again. */
const lookAgainMs = 100;
/** By then a process that died has lost its claims, and what it left has been taken up. */
const elsewhereMaxMs = 20_000;
const refusedMax = 1_000;

export function createSender(parts: SenderParts): Sender {
  const { ledger, crew, clock, log } = parts;
  /** What waits in each lane that is being sent; where several send, only what this process has a draft of. */
  const lanes = new Map<string, Job[]>();
  /** Rows that a platform has certainly not taken when this process tried them, and how often they had been tried then. */
  const refused = new Map<string, number>();
  const airspace = createAirspace();
  /** Lanes with what an earlier process has left, until it is taken up. */
  let left: string[] = [];
  const laneIdlers: { name: string; done: () => void }[] = [];
  const stopping = new AbortController();
  const delivery = createDelivery({
    ...parts,
    airspace,
    settled,
    push,
    noted: () => idlers.tell(),
    atOnce: crew !== undefined,
    stopping: stopping.signal,
  });
  const idlers = createIdlers(() => [...lanes.keys(), ...delivery.noting()]);

  function push(rows: readonly OutboxRow[], drafts?: ReadonlyMap<string, Draft>): void {
    const dueAt = clock.elapsed();
    const jobs = rows.map((row) => ({ row, draft: drafts?.get(row.id), doubtful: false, dueAt }));
    for (const job of jobs) if (sends(job.row.lane)) add(job);
    const others = rows.map((row) => row.lane).filter((lane) => !sends(lane));
    if (others.length > 0) crew?.offerSends(others);
  }

  /** Whether this process may send a lane: one of a platform that knows its own process only is nobody else's. */
  function sends(lane: string): boolean {
    const name = platformOf(lane);
    if (!crew) return true;
    if (parts.elsewhere?.has(name)) return false;
    const platform = parts.platforms.get(name);
    return crew.roles.has("send") || (platform !== undefined && !platform.listen);
  }

  function add(job: Job): void {
    const lane = lanes.get(job.row.lane);
    if (lane) {
      lane.push(job);
      return;
    }
    lanes.set(job.row.lane, [job]);
    void (crew ? drainClaimed(crew, job.row.lane) : drain(job.row.lane));
  }

  async function drain(name: string): Promise<void> {
    const lane = lanes.get(name) as Job[];
    while (lane.length > 0 && !stopping.signal.aborted) {
      const job = lane[0] as Job;
      try {
        await delivery.deliver(job);
      } catch (error) {
        if (stopping.signal.aborted) break;
        log.error("send.broke", { outbox: job.row.id, error });
        await pause(brokenPauseMs);
        job.doubtful = true;
        continue;
      }
      lane.shift();
    }
    over(name);
  }

  /** The same, of a lane that any process may send: what waits is what the ledger says, once the claim is had. */
  async function drainClaimed(crew: NonNullable<SenderParts["crew"]>, name: string): Promise<void> {
    const known = lanes.get(name) as Job[];
    let othersHaveIt: boolean;
    do {
      othersHaveIt = false;
      const mine = new Map(known.splice(0).map((job) => [job.row.id, job]));
      try {
        othersHaveIt = !(await sendClaimed(crew, name, mine));
        if (!othersHaveIt) continue;
        known.push(...mine.values());
      } catch (error) {
        if (stopping.signal.aborted) break;
        if (codeOf(error) !== "ledger_conflict") log.error("send.broke", { lane: name, error });
        known.push(...mine.values());
        await pause(brokenPauseMs);
      }
      await pause(lookAgainMs);
      const before = known.length;
      // What comes while it is looked at may not be seen.
      if (!(await somethingIn(name)) && known.length === before) break;
      // Whoever has it may have read it before something was written.
    } while ((known.length > 0 || othersHaveIt) && !stopping.signal.aborted);
    over(name);
  }

  /** @returns false when somebody else has the lane */
  async function sendClaimed(
    crew: NonNullable<SenderParts["crew"]>,
    name: string,
    mine: ReadonlyMap<string, Job>,
  ): Promise<boolean> {
    const claim = await crew.claim(`send:${name}`);
    if (!claim) return false;
    try {
      for (const row of await ledger.read((tx) => unsentIn(tx, name))) {
        if (stopping.signal.aborted) break;
        // A turn that is under way somewhere shows it; nobody but its process takes it back while that lives. Asked after
        // the row was read: what a turn shows that began since is another row.
        if (row.state === "drafting" && (await crew.claimed(`work:${name}`))) continue;
        const held = mine.get(row.id);
        const draft = held?.draft;
        // Another process has tried it, or has shown it as a draft, and may have died since.
        const tried = row.attempts > 0 && !draft && refused.get(row.id) !== row.attempts;
        // What is being shown behind it cannot wait for somebody else.
        const handsOn = ![...mine.values()].some((other) => other.draft && other.row.id !== row.id);
        const job = { ...jobOf(row, row.state === "sending" || tried), draft, claim, handsOn };
        const afterMs = await delivery.deliver(job).finally(() => {
          if (held) held.draft = job.draft;
        });
        refused.delete(row.id);
        if (afterMs === undefined) continue;
        if (refused.size >= refusedMax) refused.clear();
        if (!job.doubtful && !draft) refused.set(row.id, row.attempts);
        // In the order of the lane: what is behind it waits as well.
        await crew.later("send", name, afterMs);
        break;
      }
      return true;
    } finally {
      await claim.release();
    }
  }

  /** Whether anything waits there; true when nobody knows. */
  async function somethingIn(name: string): Promise<boolean> {
    return ledger
      .read((tx) => unsentIn(tx, name))
      .then(
        (rows) => rows.length > 0,
        () => true,
      );
  }

  function over(name: string): void {
    lanes.delete(name);
    for (const idler of laneIdlers.filter((one) => one.name === name)) {
      laneIdlers.splice(laneIdlers.indexOf(idler), 1);
      idler.done();
    }
    idlers.tell();
  }

  const idleIn = (name: string): Promise<void> =>
    lanes.has(name) ? new Promise((done) => laneIdlers.push({ name, done })) : Promise.resolve();

  const pause = (ms: number): Promise<void> => clock.sleep(ms, stopping.signal).catch(() => {});

  function jobOf(row: OutboxRow, doubtful: boolean): Job {
    const noted = Math.min(row.dueAt - clock.now(), row.dueAt - row.createdAt, notedPauseMaxMs);
    return { row, draft: undefined, doubtful, dueAt: clock.elapsed() + noted };
  }

  async function settled(thread: ThreadId): Promise<void> {
    await airspace.settled(thread);
    if (!crew) return;
    const until = clock.elapsed() + elsewhereMaxMs;
    while (clock.elapsed() < until && !stopping.signal.aborted) {
      if (!(await ledger.read((tx) => isOnItsWay(tx, thread)))) return;
      await pause(lookAgainMs);
    }
  }

  return {
    push,
    async load() {
      for (const row of await ledger.read(unsent)) {
        const lane = lanes.get(row.lane);
        if (!lane) left.push(row.lane);
        lanes.set(row.lane, [...(lane ?? []), jobOf(row, true)]);
      }
    },
    recover() {
      for (const lane of left) void drain(lane);
      left = [];
    },
    async sendLane(name) {
      if (!crew || !sends(name)) return;
      // What this is for may have been written since that lane was read.
      await idleIn(name);
      if (!lanes.has(name)) {
        lanes.set(name, []);
        void drainClaimed(crew, name);
      }
      await idleIn(name);
    },
    settled,
    showing: airspace.enter,
    busyIn: (name) => lanes.has(name),
    idleIn,
    idle: idlers.idle,
    async stop(graceMs) {
      const busy = airspace.all();
      stopping.abort(new Error("the sender is stopping"));
      await endsWithin(clock, graceMs, Promise.allSettled(busy));
      await delivery.writeNotes();
    },
  };
}
