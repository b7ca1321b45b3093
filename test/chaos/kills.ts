/** The deaths of a run: at random, and at each dangerous point. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Chance } from "./chance.ts";
import type { Deed } from "./crowd.ts";
import type { DeskProcess } from "./desk-process.ts";
import type { Model } from "./model.ts";
import type { Payments } from "./payments.ts";
import { commits, type Point, points } from "./points.ts";
import type { Stage } from "./stage.ts";

export interface Kills {
  /** One life of the desk, from its start to its death. */
  one(): Promise<void>;
  /** How often it died at which point; `random` for all others. */
  counts: Map<string, number>;
  /** Lives in which the point was not reached; they ended at random. */
  missed: Map<string, number>;
}

export interface KillsParts {
  desk: DeskProcess;
  /** One of several processes dies while the others live on. */
  crew: boolean;
  stage: Stage;
  model: Model;
  payments: Payments;
  provoke(what: Deed): void;
  chance: Chance;
  /** Only this point, or `random`. */
  only: string | undefined;
  /** Points that this run can reach. */
  names: readonly string[];
  blow(what: string): void;
}

/** How long a life may take to reach its point. */
const patienceMs = 8_000;
/** Commits of which there are many: it need not be the first. */
const common = new Set<keyof typeof commits>(["inbox", "turn", "sent", "draft"]);
const clockShare = 0.15;
const dayMs = 86_400_000;

export function createKills(parts: KillsParts): Kills {
  const { desk, stage, model, payments, chance, blow } = parts;
  const counts = new Map<string, number>();
  const missed = new Map<string, number>();
  const count = (map: Map<string, number>, name: string) => map.set(name, (map.get(name) ?? 0) + 1);
  let turn = chance.whole(0, parts.names.length - 1);

  /** Points take turns, so that each is met as often as the others. */
  function nextName(): string {
    if (parts.only !== undefined) return parts.only;
    if (chance.happens(0.5)) return "random";
    turn += 1;
    return parts.names[turn % parts.names.length] ?? "random";
  }

  async function one(): Promise<void> {
    const name = nextName();
    const clock = chance.happens(clockShare) ? { CHAOS_CLOCK: String(chance.pick([-dayMs, dayMs])) } : {};
    if ("CHAOS_CLOCK" in clock) blow(`the clock is wrong by ${Number(clock.CHAOS_CLOCK) / 3_600_000} h`);
    const point = points[name];
    if (!point) await atRandom(clock);
    else if ("inside" in point.where) await inside(name, clock);
    else await outside(name, clock);
  }

  async function atRandom(env: Record<string, string>): Promise<void> {
    // Others wait ten seconds for what a process of a crew had in hand: at the pace of a single one nobody would get to anything.
    const ms = parts.crew ? chance.between(500, 6_000) : chance.between(200, 2_000);
    if (parts.crew) await sleep(chance.between(0, 2_000));
    const starting = desk.start(env);
    // Some die while they start.
    if (chance.happens(0.85)) await starting;
    await sleep(ms);
    await kill("random");
  }

  /** The process ends itself. */
  async function inside(name: string, env: Record<string, string>): Promise<void> {
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
    if ((await diesAt(point)) && desk.pointsMet.length > before) {
      count(counts, name);
      blow(`killed: ${point.story}`);
    } else await late(name);
  }

  /** A double has seen it, and ends the process. */
  async function outside(name: string, env: Record<string, string>): Promise<void> {
    const point = points[name];
    if (!point || !("outside" in point.where)) return;
    if ((await desk.start(env)) === "dead") return;
    await sleep(chance.between(0, 400));
    let met = false;
    // Which process of a crew is there, a double cannot tell.
    const all = chance.happens(0.5);
    const die = () => {
      if (met) return;
      met = true;
      desk.kill(all ? "all" : "one");
    };
    arm(point.where.outside, die);
    const died = await diesAt(point);
    const reached = died && met;
    met = true;
    disarm();
    if (!reached) return late(name);
    count(counts, parts.crew && !all ? `${name} (one of two)` : name);
    blow(`killed${parts.crew ? (all ? ", both" : ", one of two") : ""}: ${point.story}`);
    // The backend may have forgotten the key by the time that the desk is back.
    if (name === "backend" && chance.happens(0.5)) {
      payments.dayPasses();
      blow("a day passes for the backend");
    }
  }

  /** People do what leads to the point, again and again. */
  async function diesAt({ needs }: Point): Promise<boolean> {
    for (const ends = Date.now() + patienceMs; Date.now() < ends; ) {
      if (await desk.dies(chance.between(100, 500))) return true;
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

  async function late(name: string): Promise<void> {
    count(missed, name);
    if (desk.alive) await kill("random");
  }

  async function kill(name: string): Promise<void> {
    desk.kill();
    await desk.dies(10_000);
    count(counts, name);
    blow("killed at random");
  }

  return { one, counts, missed };
}
