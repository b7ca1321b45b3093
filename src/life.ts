/**
 * How a desk begins and ends. Alone, it takes up what the last process has left, all of it; in a crew it takes its share,
 * and some things are an office that one process at a time holds: to listen where one should, and to tidy up.
 */
import type { Clock } from "./clock.ts";
import { createOffice, type Office } from "./crew/office.ts";
import type { Crew } from "./crew.ts";
import { type Lanes, Superseded } from "./lanes.ts";
import { lanesWaiting } from "./ledger/inbox.ts";
import type { Ledger } from "./ledger.ts";
import type { Log } from "./log.ts";
import type { SessionMemory } from "./memory.ts";
import type { Platform, Receiver } from "./platform.ts";
import type { Sender } from "./sender.ts";
import { platformOf } from "./thread.ts";
import { endsWithin } from "./time-limit.ts";

export interface LifeParts {
  crew: Crew | undefined;
  platforms: ReadonlyMap<string, Platform>;
  receiver: Receiver;
  ledger: Ledger;
  lanes: Lanes;
  sender: Sender;
  /** What this process remembers of conversations. */
  sessions: Pick<SessionMemory, "forget">;
  /** What waits now was waiting when the last process died. */
  countDeath(): Promise<void>;
  /** What is to be done now and then, once for all processes of the desk. */
  chores(): Promise<void>;
  clock: Clock;
  log: Log;
}

export interface Life {
  /** Connects the platforms and takes up what waits. */
  start(): Promise<void>;
  /** Whether this process does what is to be done once for all. */
  tidies(): boolean;
  connected(): boolean;
  /** No new work; what is in flight is finished, its replies are posted, or it is handed back. */
  stop(graceMs: number): Promise<void>;
}

const choresEveryMs = 60_000;
const lastSendsMs = 3_000;

export function createLife(parts: LifeParts): Life {
  const { crew, ledger, lanes, sender, clock, log } = parts;
  const platforms = () => [...parts.platforms.values()];
  const offices = new Map<string, Office>();
  let stopChores = () => {};
  let connected = false;

  async function startAlone(): Promise<void> {
    await parts.countDeath();
    await sender.load();
    for (const platform of platforms()) await platform.connect(parts.receiver);
    sender.recover();
    for (const lane of await ledger.read(lanesWaiting)) lanes.wake(lane, { settle: false, supersede: false });
  }

  async function startIn(crew: Crew): Promise<void> {
    const receives = crew.roles.has("receive");
    for (const platform of platforms())
      await platform.connect(parts.receiver, { listening: receives && !platform.listensAlone });
    await crew.start({
      async work(lane, manner) {
        lanes.wake(lane, manner);
        await lanes.idleIn(lane);
      },
      nudge: lanes.nudge,
      interrupt(lane) {
        lanes.interrupt(lane, new Superseded("asked for by another process"));
        // Whoever is being erased there is not to be remembered here, nor written back; all else is read again.
        parts.sessions
          .forget(lane)
          .catch((error: unknown) => log.warn("session.not_forgotten", { thread: lane, error }));
      },
      send: sender.sendLane,
      isHeldElsewhere: (lane) => parts.platforms.get(platformOf(lane))?.listen === undefined,
    });
    if (crew.roles.has("work")) hold(crew, "chores");
    for (const { name, listensAlone, listen, hears } of platforms()) {
      if (receives && listensAlone && listen) hold(crew, `listen:${name}`, listen, hears);
    }
  }

  function hold(
    crew: Crew,
    name: string,
    turn: (on: boolean) => Promise<void> = async () => {},
    able: () => boolean = () => true,
  ): void {
    const office = { enter: () => turn(true), leave: () => turn(false), able };
    offices.set(name, createOffice({ crew, name, ...office, clock, log }));
  }

  const tidies = (): boolean => !crew || (offices.get("chores")?.holds() ?? false);

  return {
    async start() {
      if (crew) await startIn(crew);
      else await startAlone();
      connected = true;
      stopChores = clock.every(choresEveryMs, () => {
        if (tidies()) parts.chores().catch((error: unknown) => log.warn("chores.undone", { error }));
      });
    },
    tidies,
    connected: () => connected,
    async stop(graceMs) {
      connected = false;
      stopChores();
      await crew?.stop();
      await Promise.allSettled([...offices.values()].map((office) => office.close()));
      // Whoever can only listen and speak at once is done now; the others speak until the last turn has been told.
      await Promise.allSettled(platforms().map((one) => (one.listen ? one.listen(false) : one.close())));
      await lanes.stop(graceMs);
      await endsWithin(clock, lastSendsMs, sender.idle());
      await sender.stop(lastSendsMs);
      await Promise.allSettled(platforms().map((one) => one.close()));
    },
  };
}
