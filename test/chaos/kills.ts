/** The deaths of a run: at random, and at each dangerous point. Each process of a crew lives and dies by itself. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Chance } from "./chance.ts";
import type { Deed } from "./crowd.ts";
import type { DeskProcess } from "./desk-process.ts";
import type { Model } from "./model.ts";
import type { Payments } from "./payments.ts";
import { commits, type Point, points } from "./points.ts";
import type { Stage } from "./stage.ts";
import { wrongByMs } from "./wrong-clock.ts";

export interface Kills {
  /** Lives and deaths, until there have been enough or `ends`, by Date.now(). */
  goOn(ends: number): Promise<void>;
  /** How often it died at which point; `random` for all others. */
  counts: Map<string, number>;
  /** Lives in which the point was not reached; they ended at random. */
  missed: Map<string, number>;
}

export interface KillsParts {
  /** One, or those of a crew. */
  desks: readonly DeskProcess[];
  stage: Stage;
  model: Model;
  payments: Payments;
  provoke(what: Deed): void;
  chance(name: string): Chance;
  /** Only this point, or `random`. */
  only: string | undefined;
  /** Points that this run can reach. */
  names: readonly string[];
  /** How often it is to die at random, and at each point; without them, as often as there is time for. */
  enough: { random: number | undefined; each: number | undefined };
  blow(what: string): void;
}

/** How long a life may take to reach its point. */
const patienceMs = 8_000;
/** Commits of which there are many: it need not be the first. */
const common = new Set<keyof typeof commits>(["inbox", "turn", "sent", "draft"]);
const clockShare = 0.15;
const listenedMaxMs = 15_000;

export function createKills(parts: KillsParts): Kills {
  const { stage, model, payments, blow } = parts;
  const counts = new Map<string, number>();
  const missed = new Map<string, number>();
  const count = (map: Map<string, number>, name: string) => map.set(name, (map.get(name) ?? 0) + 1);
  const crew = parts.desks.length > 1;
  /** The doubles can be told of one point at a time. */
  let armed = false;

  /** How often it has been tried: what cannot be reached is not tried for ever. */
  const tried = (name: string) => (counts.get(name) ?? 0) + (missed.get(name) ?? 0);
  const wanted = (name: string) => {
    const enough = name === "random" ? parts.enough.random : parts.enough.each;
    return enough === undefined || (counts.get(name) ?? 0) < enough;
  };
  const all = parts.only === undefined ? ["random", ...parts.names] : [parts.only];

  /** Points take turns, so that each is met as often as the others. */
  function nextName(chance: Chance): string | undefined {
    const left = all.filter(
      (name) => wanted(name) && !(armed && points[name] && "outside" in points[name].where),
    );
    if (left.includes("random") && (left.length === 1 || chance.happens(0.5))) return "random";
    const rest = left.filter((name) => name !== "random");
    const least = Math.min(...rest.map(tried));
    const due = rest.filter((name) => tried(name) === least);
    return due.length > 0 ? chance.pick(due) : all.some(wanted) ? "random" : undefined;
  }

  async function liveOnce(desk: DeskProcess, chance: Chance, name: string): Promise<void> {
    const clock = chance.happens(clockShare)
      ? { CHAOS_CLOCK: String(chance.pick([-wrongByMs, wrongByMs])) }
      : {};
    if ("CHAOS_CLOCK" in clock) blow(`the clock is wrong by ${Number(clock.CHAOS_CLOCK) / 3_600_000} h`);
    const point = points[name];
    if (!point) await atRandom(desk, chance, clock);
    else if ("inside" in point.where) await inside(desk, chance, name, clock);
    else await outside(desk, chance, name, clock);
  }

  /** Where one listens for all, and dies each time, nobody would get to anything either. */
  async function somebodyListens(): Promise<void> {
    if (crew && stage.listened) await Promise.race([stage.listened(), sleep(listenedMaxMs)]);
  }

  async function atRandom(desk: DeskProcess, chance: Chance, env: Record<string, string>): Promise<void> {
    // Others wait ten seconds for what a process of a crew had in hand: at the pace of a single one nobody would get to anything.
    const ms = crew ? chance.between(500, 5_000) : chance.between(200, 2_000);
    const starting = desk.start(env);
    // Some die while they start.
    if (chance.happens(0.85)) await starting.then(somebodyListens);
    await sleep(ms);
    await kill(desk, "random");
  }

  /** The process ends itself. */
  async function inside(
    desk: DeskProcess,
    chance: Chance,
    name: string,
    env: Record<string, string>,
  ): Promise<void> {
    const point = points[name];
    if (!point || !("inside" in point.where)) return;
    const { inside: commit, when } = point.where;
    const armed = JSON.stringify({
      name,
      ...commits[commit],
      when,
      count: chance.whole(1, common.has(commit) ? 4 : 1),
    });
    const before = desk.pointsMet.length;
    await desk.start({ ...env, CHAOS_POINT: armed });
    await somebodyListens();
    if ((await diesAt(desk, chance, point)) && desk.pointsMet.length > before) {
      count(counts, name);
      blow(`killed: ${point.story}`);
    } else await late(desk, name);
  }

  /** A double has seen it, and ends the process. */
  async function outside(
    desk: DeskProcess,
    chance: Chance,
    name: string,
    env: Record<string, string>,
  ): Promise<void> {
    const point = points[name];
    if (!point || !("outside" in point.where)) return;
    armed = true;
    let met = false;
    // Which process of a crew is there, a double cannot tell: it is all of them, or this one, which may be another.
    const victims = chance.happens(0.5) ? parts.desks : [desk];
    try {
      if ((await desk.start(env)) === "dead") return;
      await somebodyListens();
      await sleep(chance.between(0, 400));
      arm(point.where.outside, () => {
        if (met) return;
        met = true;
        for (const one of victims) one.kill();
      });
      const died = await diesAt(desk, chance, point);
      const reached = died && met;
      met = true;
      if (!reached) return await late(desk, name);
    } finally {
      disarm();
      armed = false;
    }
    count(counts, name);
    blow(`killed${crew ? (victims.length > 1 ? ", both" : ", one of two") : ""}: ${point.story}`);
    // The backend may have forgotten the key by the time that the desk is back.
    if (name === "backend" && chance.happens(0.5)) {
      payments.dayPasses();
      blow("a day passes for the backend");
    }
  }

  /** People do what leads to the point, again and again. */
  async function diesAt(desk: DeskProcess, chance: Chance, { needs }: Point): Promise<boolean> {
    for (const ends = Date.now() + patienceMs; Date.now() < ends; ) {
      // What several provoke at the pace of one, nobody gets done while all die.
      if (await desk.dies(crew ? chance.between(600, 1_400) : chance.between(100, 500))) return true;
      parts.provoke(needs);
    }
    return false;
  }

  function arm(where: "acked" | "stream" | "backend" | "posted" | "draft", die: () => void): void {
    switch (where) {
      case "acked":
        stage.onAck = die;
        return;
      case "stream":
        model.atHalf(die);
        return;
      case "backend":
        payments.withholdNext(die);
        return;
      case "posted":
        stage.withholdPost(die);
        return;
      case "draft":
        stage.withholdDraft(die);
    }
  }

  function disarm(): void {
    stage.onAck = undefined;
    stage.clearFaults();
  }

  async function late(desk: DeskProcess, name: string): Promise<void> {
    count(missed, name);
    await kill(desk, "random");
  }

  async function kill(desk: DeskProcess, name: string): Promise<void> {
    // It may have died with another.
    if (!desk.alive) return;
    desk.kill();
    await desk.dies(10_000);
    count(counts, name);
    blow("killed at random");
  }

  async function lives(desk: DeskProcess, chance: Chance, ends: number): Promise<void> {
    while (Date.now() < ends) {
      const name = nextName(chance);
      if (name === undefined) return;
      await liveOnce(desk, chance, name);
    }
  }

  return {
    async goOn(ends) {
      await Promise.all(
        parts.desks.map((desk, at) =>
          lives(desk, parts.chance(at === 0 ? "kills" : `kills-${at + 1}`), ends),
        ),
      );
    },
    counts,
    missed,
  };
}
