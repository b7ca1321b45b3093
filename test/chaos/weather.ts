/** Everything that goes wrong around a desk that lives: its model, its storage, its platform, its backend, its clock. */
import { spawnSync } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { DatabaseSync } from "@photostructure/sqlite";
import type { Chance } from "./chance.ts";
import type { DeskProcess } from "./desk-process.ts";
import type { Model } from "./model.ts";
import type { Payments } from "./payments.ts";
import type { Outage } from "./record.ts";
import type { Stage } from "./stage.ts";

export interface Weather {
  start(): void;
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
  desk: DeskProcess;
  /** Of the SQLite ledger; undefined where there is none. */
  ledgerFile: string | undefined;
  chance: Chance;
  blow(what: string): void;
}

/** What the desk needs to get over something that is over: the pause before its next try. */
const afterMs = 3_000;

export function createWeather(parts: WeatherParts): Weather {
  const { stage, model, payments, desk, chance } = parts;
  const outages: Outage[] = [];
  const counts = new Map<string, number>();
  let stopped = false;
  let going: Promise<void> = Promise.resolve();

  async function during(what: string, ms: number, thread?: string): Promise<void> {
    const from = Date.now();
    await sleep(ms);
    outages.push({ from, to: Date.now() + afterMs, what, ...(thread === undefined ? {} : { thread }) });
  }

  const faults: Record<string, () => Promise<void> | void> = {
    "an event comes again": () => {
      for (let times = chance.whole(1, 5); times > 0; times--) stage.bringAgain();
    },
    "events come in the wrong order": () => stage.shuffle(chance.between(50, 500)),
    "the model is in trouble": async () => {
      model.trouble(0.4);
      await during("the model was in trouble", chance.between(500, 2_500));
      model.trouble(0);
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
    "the ledger is locked": async () => {
      const ms = chance.between(200, 2_000);
      if (!parts.ledgerFile) return;
      await Promise.all([during("the ledger was locked", ms), lock(parts.ledgerFile, ms)]);
    },
    "the disk is full": async () => {
      if (!limitFiles(desk.pid, "1")) return;
      await during("the disk was full", chance.between(300, 1_500));
      limitFiles(desk.pid, "unlimited");
    },
    "the process is frozen": async () => {
      const { pid } = desk;
      desk.signal("SIGSTOP");
      await during("the process was frozen", chance.between(300, 2_000));
      if (desk.pid === pid) desk.signal("SIGCONT");
    },
  };

  async function blowOn(): Promise<void> {
    while (!stopped) {
      await sleep(chance.between(200, 1_500));
      if (stopped || !desk.alive) continue;
      const name = chance.pick(Object.keys(faults));
      counts.set(name, (counts.get(name) ?? 0) + 1);
      parts.blow(name);
      await faults[name]?.();
    }
  }

  return {
    start() {
      going = blowOn();
    },
    async stop() {
      stopped = true;
      await going;
      model.trouble(0);
      payments.clearFaults();
      stage.clearFaults();
    },
    outages,
    counts,
  };
}

async function lock(path: string, ms: number): Promise<void> {
  const database = new DatabaseSync(path, { timeout: 1_000 });
  try {
    database.exec("BEGIN IMMEDIATE");
    await sleep(ms);
    database.exec("ROLLBACK");
  } catch (error) {
    if (!String(error).includes("locked")) throw error;
  } finally {
    database.close();
  }
}

/** No file of the process may grow beyond this, until it is told otherwise; false where that cannot be done. */
export function limitFiles(pid: number, bytes: string): boolean {
  return spawnSync("prlimit", ["--pid", String(pid), `--fsize=${bytes}:`]).status === 0;
}
