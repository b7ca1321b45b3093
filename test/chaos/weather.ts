/** Everything that goes wrong around a desk that lives: its model, its storage, its platform, its backend, its clock. */
import { setTimeout as sleep } from "node:timers/promises";
import type { PostgresServer } from "../doubles/postgres-server.ts";
import type { Chance } from "./chance.ts";
import { takenOver } from "./desk-crew.ts";
import type { DeskProcess } from "./desk-process.ts";
import { createStorageFaults } from "./faults-of-storage.ts";
import type { Model } from "./model.ts";
import type { Payments } from "./payments.ts";
import type { Outage } from "./record.ts";
import type { Stage } from "./stage.ts";

export interface Weather {
  start(): void;
  /** The model says nothing for longer than a customer may be left in silence. */
  longSilence(): Promise<void>;
  /** No more faults; resolves when the last is over. */
  stop(): Promise<void>;
  outages: Outage[];
  /** How often each fault was. */
  counts: Map<string, number>;
}

export interface WeatherParts {
  stage: Stage;
  model: Model;
  payments: Payments;
  /** One, or those of a crew. */
  desks: readonly DeskProcess[];
  /** Of the SQLite ledger; undefined where there is none. */
  ledgerFile: string | undefined;
  /** See preload.ts. */
  refusalFile: string;
  minutes: number;
  /** Where the ledger is, if it is not a file. */
  postgres: PostgresServer | undefined;
  chance: Chance;
  blow(what: string): void;
}

/** What the desk needs to get over something that is over: the pause before its next try. */
const afterMs = 3_000;
/** As long as a connection may stand idle in a transaction, and the pause after it. */
const heldUpMs = 8_000;

/** Longer than anybody may wait for a sign of life; shorter than the desk's own patience with a request. */
const longSilenceMs = 36_000;

export type Faults = Record<string, () => Promise<void> | void>;

export function createWeather(parts: WeatherParts): Weather {
  const { stage, model, payments, desks, postgres, chance } = parts;
  const outages: Outage[] = [];
  const counts = new Map<string, number>();
  let stopped = false;
  /** Only one thing goes wrong. */
  let lull = false;
  let going: Promise<unknown> = Promise.resolve();
  const count = (name: string) => counts.set(name, (counts.get(name) ?? 0) + 1);

  async function during(what: string, ms: number, thread?: string): Promise<void> {
    const from = Date.now();
    await sleep(ms);
    outages.push({ from, to: Date.now() + afterMs, what, ...(thread === undefined ? {} : { thread }) });
  }

  const common: Faults = {
    "events come in the wrong order": () => stage.shuffle(chance.between(50, 500)),
    // Nobody is excused by these: whatever the model does, the desk can say that it takes long.
    "the model is in trouble": async () => {
      model.trouble(0.4);
      await sleep(chance.between(500, 2_500));
      model.trouble(0);
    },
    "the model hangs": async () => {
      model.hang(true);
      await pause(chance.happens(0.2) ? chance.between(3_000, 12_000) : chance.between(300, 3_000));
      model.hang(false);
    },
    "one thread is limited": async () => {
      const thread = stage.said.at(-chance.whole(1, 5))?.thread;
      stage.limit(thread, 0.8);
      await during("the platform refused posts", chance.between(500, 3_000), thread);
      stage.limit(undefined, 0);
    },
    "connections are reset after the post": () => stage.resetAfter(chance.whole(1, 3)),
    "the platform hangs up": () => stage.dropConnections(),
    "the backend fails": () => payments.breakNext(chance.whole(1, 2), chance.happens(0.5)),
    "something unknown is pressed": () => stage.pressUnknown(),
    "the process is frozen": () => frozen(chance.between(300, 2_000)),
  };
  const ofStorage = (ledgerFile: string): Faults =>
    createStorageFaults({ ...parts, ledgerFile, somePid: () => someDesk().pid, outages, during });
  const faults: Faults = { ...common, ...(parts.ledgerFile ? ofStorage(parts.ledgerFile) : {}) };

  const someDesk = () => chance.pick(desks) as DeskProcess;

  async function frozen(ms: number): Promise<void> {
    const one = someDesk();
    const { pid } = one;
    one.signal("SIGSTOP");
    await during("the process was frozen", ms);
    if (one.pid === pid) one.signal("SIGCONT");
  }

  /** Past its claims: when it wakes, what it had in hand is another's. */
  async function frozenLong(): Promise<void> {
    const one = someDesk();
    const { pid } = one;
    if (!one.alive) return;
    const from = Date.now();
    one.signal("SIGSTOP");
    count("a process is frozen past its claims");
    parts.blow("a process is frozen past its claims");
    outages.push(takenOver(one, from));
    // In the middle of a write it holds everybody up, until the server ends its connection.
    outages.push({ from, to: from + heldUpMs, what: "a frozen process held the ledger" });
    await sleep(chance.between(12_000, 15_000));
    if (one.pid !== pid || !one.alive) return;
    one.signal("SIGCONT");
    parts.blow("the frozen process wakes");
  }

  async function freezeNowAndThen(): Promise<void> {
    while (!stopped) {
      await pause(chance.between(3_000, 15_000));
      if (!stopped) await frozenLong();
    }
  }

  /** Whatever else goes wrong: platforms do this on their best days. */
  async function bringAgain(): Promise<void> {
    while (!stopped) {
      await pause(chance.between(1_000, 5_000));
      if (stopped) return;
      count("an event comes again");
      for (let times = chance.whole(1, 3); times > 0; times--) stage.bringAgain();
    }
  }

  async function breakServer(server: PostgresServer): Promise<void> {
    while (!stopped) {
      await pause(chance.between(5_000, 10_000));
      if (stopped) return;
      const how = chance.pick(["fast", "immediate"] as const);
      const name = `the ledger's server is stopped (${how})`;
      count(name);
      parts.blow(name);
      const from = Date.now();
      await server.stop(how);
      await sleep(chance.between(0, 2_000));
      await server.start();
      outages.push({ from, to: Date.now() + afterMs, what: "the ledger's server was stopped" });
    }
  }

  async function pause(ms: number): Promise<void> {
    for (const ends = Date.now() + ms; !stopped && Date.now() < ends; ) await sleep(100);
  }

  async function blowOn(): Promise<void> {
    while (!stopped) {
      await sleep(chance.between(200, 1_500));
      if (stopped || lull || !desks.some((one) => one.alive)) continue;
      // What was brought by another clock comes again by this one.
      const again = desks.some((one) => one.alive && one.wrongClock) && chance.happens(0.4);
      const name = again ? "an event comes again" : chance.pick(Object.keys(faults));
      count(name);
      parts.blow(name);
      await faults[name]?.();
    }
  }

  return {
    start() {
      going = Promise.all([
        blowOn(),
        bringAgain(),
        ...(postgres ? [breakServer(postgres)] : []),
        ...(desks.length > 1 ? [freezeNowAndThen()] : []),
      ]);
    },
    async longSilence() {
      count("the model says nothing for long");
      parts.blow("the model says nothing for long");
      lull = true;
      model.hang(true);
      await sleep(longSilenceMs);
      model.hang(false);
      lull = false;
    },
    async stop() {
      stopped = true;
      await going;
      model.trouble(0);
      model.hang(false);
      payments.clearFaults();
      stage.clearFaults();
    },
    outages,
    counts,
  };
}
