/** Several processes of one desk, as if they were one that loses a part of itself: see desk-process.ts. */
import type { Chance } from "./chance.ts";
import type { DeskProcess } from "./desk-process.ts";
import type { Outage } from "./record.ts";

/** What a dead process had in hand waits for its claims to run out (10 s), and for somebody to look (each 2.5 s). */
export const takeoverMs = 15_000;

export interface DeskCrew extends DeskProcess {
  /** Each process by itself. */
  members: readonly DeskProcess[];
}

export function createDeskCrew(members: readonly DeskProcess[], chance: Chance): DeskCrew {
  const deaths: Outage[] = [];
  /** Who is to die next: whoever was told where, otherwise anybody. */
  let chosen: DeskProcess | undefined;
  let last = members[0] as DeskProcess;
  const alive = () => members.filter((one) => one.alive);
  const dying = (one: DeskProcess) => {
    last = one;
    const from = Date.now();
    deaths.push({ from, to: from + takeoverMs, what: "a process was taken over", takeover: true });
  };
  return {
    members,
    /** Starts those that are dead; what is said is said to one of them. Ready when all are. */
    async start(env = {}) {
      const dead = members.filter((one) => !one.alive);
      const told = dead[0];
      chosen = env.CHAOS_POINT === undefined ? undefined : told;
      if (told) last = told;
      const ends = await Promise.all(dead.map((one) => one.start(one === told ? env : {})));
      return ends.every((end) => end === "ready") ? "ready" : "dead";
    },
    get alive() {
      return alive().length > 0;
    },
    get pid() {
      return last.pid;
    },
    kill(many = "one") {
      const living = alive();
      const one = chosen?.alive ? chosen : living[chance.whole(0, Math.max(0, living.length - 1))];
      chosen = undefined;
      for (const victim of many === "all" ? living : one ? [one] : []) {
        dying(victim);
        victim.kill();
      }
    },
    signal: (signal) => last.signal(signal),
    async dies(ms) {
      const died = await last.dies(ms);
      if (died && last === chosen) {
        chosen = undefined;
        dying(last);
      }
      return died;
    },
    async stop() {
      const began = Date.now();
      const ends = await Promise.all(members.map((one) => one.stop()));
      const bad = ends.find((end) => end.code !== 0);
      return { code: bad ? bad.code : 0, tookMs: Date.now() - began };
    },
    get outages() {
      return [...deaths, ...members.map((one) => one.outages).reduce(common)];
    },
    get fell() {
      return members.flatMap((one) => one.fell);
    },
    get pointsMet() {
      return members.flatMap((one) => one.pointsMet);
    },
    log: () => members.map((one) => one.log()).join(""),
  };
}

/** When both were. */
function common(some: Outage[], others: Outage[]): Outage[] {
  return some.flatMap((one) =>
    others.flatMap((other) => {
      const from = Math.max(one.from, other.from);
      const to = Math.min(one.to, other.to);
      return from < to ? [{ from, to, what: one.what }] : [];
    }),
  );
}
