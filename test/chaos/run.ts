/** One run: the doubles, the desk, the people, the faults; and in the end the record of it. */
import { mkdirSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { startPostgres } from "../doubles/postgres-server.ts";
import { heardIn, leftIn, type Place, readBooks } from "./books.ts";
import { createChance } from "./chance.ts";
import { writeCompany } from "./company.ts";
import { canaries, createCrowd } from "./crowd.ts";
import { createDeskCrew } from "./desk-crew.ts";
import { createDeskProcess, type DeskProcess } from "./desk-process.ts";
import { createDiscordStage } from "./discord-stage.ts";
import { createKills } from "./kills.ts";
import { createLoad } from "./load.ts";
import { createModel } from "./model.ts";
import type { ChaosOptions } from "./options.ts";
import { createPayments } from "./payments.ts";
import { commits, points } from "./points.ts";
import type { Program } from "./program.ts";
import type { Blow, Books, Outage, RunRecord, Said } from "./record.ts";
import { createSlackStage } from "./slack-stage.ts";
import type { Stage } from "./stage.ts";
import { createWeather } from "./weather.ts";

export interface Finished {
  record: RunRecord;
  folder: string;
  kills: Map<string, number>;
  missed: Map<string, number>;
  faults: Map<string, number>;
  modelRequests: number;
  source: string;
}

export interface Ground {
  program: Program;
  options: ChaosOptions;
  /** Holds `bench/load/messages.jsonl`, if it is there. */
  shared: string;
  tell(line: string): void;
}

const drainMaxMs = 65_000;
const quietMs = 1_500;
const migrationShare = 0.07;
/** A silence of the model that lasts longer than the desk's would be most of a shorter run. */
const silenceFromMinutes = 1;
const tellEveryMs = 15_000;

export async function run(ground: Ground): Promise<Finished> {
  const { options, tell } = ground;
  const folder = mkdtempSync(join(tmpdir(), "chaos-"));
  const chance = (name: string) => createChance(options.seed, name);
  const blows: Blow[] = [];
  const blow = (what: string) => void blows.push({ at: Date.now(), what });
  const stage =
    options.platform === "slack"
      ? await createSlackStage(chance("stage"), options.customers, options.transport)
      : await createDiscordStage(chance("stage"), options.customers);
  const model = await createModel(chance("model"));
  const payments = await createPayments();
  const load = createLoad(ground.shared, chance("load"));
  writeCompany(join(folder, "company"), stage.verified);
  const refusalFile = join(folder, "storage-refuses");
  const env = environment(stage, {
    PAYMENTS_URL: payments.url,
    OPENAI_BASE_URL: model.url,
    CHAOS_REFUSAL: refusalFile,
  });
  const postgres = options.db === "postgres" ? await startPostgres() : undefined;
  const database = async (): Promise<Record<string, string>> =>
    postgres ? { DATABASE_URL: await postgres.database() } : {};
  const begin = (data: string, more: Record<string, string>) =>
    deskIn(ground, { folder, data, env: { ...env, ...more }, envOf: stage.envOf });
  const beginAnew = async (data: string) => begin(data, await database());
  const killed = await dieInMigration(ground, beginAnew, chance("migration"), blow);

  const where = await database();
  const desks = (postgres ? ["data-1", "data-2"] : ["data"]).map((data) => begin(data, where));
  const desk = createDeskCrew(desks);
  const place: Place = where.DATABASE_URL
    ? { url: where.DATABASE_URL }
    : { file: join(folder, "data", "ledger.sqlite") };
  const crowd = createCrowd({
    stage,
    load,
    chance: chance("crowd"),
    messagesPerSecond: options.messagesPerSecond,
  });
  const kills = createKills({
    desks,
    stage,
    model,
    payments,
    provoke: crowd.provoke,
    chance,
    only: options.point,
    names: Object.keys(points).filter((name) => reachable(name, stage)),
    enough: { random: options.kills, each: options.each },
    blow,
  });
  const weather = createWeather({
    stage,
    model,
    payments,
    desks,
    ledgerFile: "file" in place ? place.file : undefined,
    refusalFile,
    minutes: options.minutes,
    postgres,
    chance: chance("weather"),
    blow,
  });
  const deaths = () => [...kills.counts.values()].reduce((sum, count) => sum + count, 0);

  if ((await desk.start()) !== "ready")
    throw new Error(`the desk does not start:\n${desk.log().slice(-4_000)}`);
  await stage.opened?.();
  // A platform that repeats nothing tells nobody of the first message of a person whom the desk does not know.
  if (stage.listened) await stage.listened().then(crowd.greet);
  const ends = Date.now() + options.minutes * 60_000;
  const stalls = watchMachine();
  crowd.start();
  weather.start();
  await sleep(1_000);
  if (options.point === "none") await sleep(Math.max(0, ends - Date.now()));
  else {
    for (const one of desks) one.kill();
    await Promise.all(desks.map((one) => one.dies(10_000)));
  }
  const telling = setInterval(() => {
    const acked = stage.said.filter((one) => one.ackedAt !== undefined).length;
    tell(
      `${deaths()} deaths, ${stage.said.length} messages, ${acked} acknowledged, ${payments.effects.length} payments`,
    );
  }, tellEveryMs);
  await kills.goOn(ends);
  clearInterval(telling);
  await desk.start();
  if (options.minutes >= silenceFromMinutes) await weather.longSilence();
  crowd.stop();
  await weather.stop();
  await desk.start();
  blow("the last fault is over");
  const drainedMs = await drained(stage, place);
  const exit = await desk.stop();
  stalls.stop();
  for (const [name, count] of killed) kills.counts.set(name, count);

  const books = await readBooks(place);
  const record: RunRecord = {
    deskChannel: stage.deskChannel,
    said: stage.acknowledges ? stage.said : heardBy(books, stage.said),
    strokes: stage.strokes,
    shown: stage.shown(),
    pressed: stage.pressed,
    effects: payments.effects,
    books,
    asked: model.log,
    ...(stage.listeners ? { listened: stage.listeners() } : {}),
    outages: [...desk.outages, ...weather.outages, ...stalls.outages],
    blows,
    acks: stage.acks,
    offences: stage.offences(),
    early: [...stage.early, ...model.early],
    logs: desk.log(),
    canaries: [...canaries, ...Object.values(secretsOf(stage)), ...(stage.secrets ?? [])],
    drainedMs,
    fell: desk.fell,
    exit,
  };
  await Promise.all([stage.close(), model.close(), payments.close(), postgres?.remove()]);
  const { missed } = kills;
  return {
    record,
    folder,
    kills: kills.counts,
    missed,
    faults: new Map([...weather.counts, ...model.counts, ...crowd.counts, ...(stage.counts ?? [])]),
    modelRequests: model.asked,
    source: load.source,
  };
}

/** What the ledger has not is still owed: the desk reads it up. */
function heardBy({ heard }: Books, said: readonly Said[]): Said[] {
  const times = new Map(heard.map(({ message, at }) => [message, at]));
  return said.map((one) => ({ ...one, ackedAt: times.get(one.message) ?? one.at }));
}

/** Migrations have deaths of their own; on Discord nothing is acknowledged. */
const reachable = (name: string, { name: platform }: Stage) =>
  !name.startsWith("migration") && (platform === "slack" || name !== "acked");

const secretsOf = ({ env }: Stage) =>
  Object.fromEntries(Object.entries(env).filter(([name]) => name.endsWith("TOKEN")));

function environment(stage: Stage, more: Record<string, string>): Record<string, string> {
  const kept = ["PATH", "HOME", "TMPDIR"].flatMap((name) => {
    const value = process.env[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  return {
    ...Object.fromEntries(kept),
    LOG_LEVEL: "info",
    SETTLE_MS: "40",
    OPENAI_API_KEY: "key-of-the-run",
    ...stage.env,
    ...more,
  };
}

function deskIn(
  ground: Ground,
  parts: { folder: string; data: string; env: Record<string, string>; envOf: Stage["envOf"] },
): DeskProcess {
  const { cli, preload } = ground.program;
  const { folder, data } = parts;
  mkdirSync(join(folder, data), { recursive: true, mode: 0o700 });
  const name = `desk-${/\d+$/.exec(data)?.[0] ?? "1"}`;
  const env = { ...parts.env, ...parts.envOf?.(name) };
  const args = ["--import", preload, cli, "start"];
  args.push("--workspace", join(folder, "company"), "--data", join(folder, data));
  return createDeskProcess({ name, args, env, logFile: join(folder, `${data}.log`) });
}

const tickMs = 50;
const stallMs = 150;

/** When this process, too, did not get to run: what waits then, waits for the machine. */
function watchMachine(): { outages: Outage[]; stop(): void } {
  const outages: Outage[] = [];
  let last = Date.now();
  const timer = setInterval(() => {
    const now = Date.now();
    if (now - last > tickMs + stallMs) outages.push({ from: last, to: now, what: "the machine was busy" });
    last = now;
  }, tickMs);
  return { outages, stop: () => clearInterval(timer) };
}

/** The tables are made once in a ledger's life, so these deaths have data folders of their own, before any customer writes. */
async function dieInMigration(
  { options, tell }: Ground,
  begin: (data: string) => Promise<DeskProcess>,
  chance: ReturnType<typeof createChance>,
  blow: (what: string) => void,
): Promise<Map<string, number>> {
  const counts = new Map<string, number>();
  const names = ["migration-before", "migration-after"].filter((name) => (options.point ?? name) === name);
  const times =
    options.each ?? Math.max(1, Math.round((options.kills ?? options.minutes * 30) * migrationShare));
  for (const name of names) {
    for (let time = 0; time < times; time++) {
      const point = points[name];
      if (!point || !("inside" in point.where)) continue;
      const desk = await begin(`migration-${name}-${time}`);
      const count = chance.whole(1, 3);
      const armed = JSON.stringify({ name, ...commits.migration, when: point.where.when, count });
      const first = await desk.start({ CHAOS_POINT: armed });
      if (first === "dead" && desk.pointsMet.length > 0) {
        counts.set(name, (counts.get(name) ?? 0) + 1);
        blow(`killed: ${point.story}`);
        if ((await desk.start()) !== "ready")
          throw new Error(`the desk does not start after ${name}:\n${desk.log().slice(-4_000)}`);
      }
      desk.kill();
      await desk.dies(10_000);
    }
  }
  if (counts.size > 0)
    tell(`died in migration: ${[...counts].map(([name, count]) => `${name} ${count}`).join(", ")}`);
  return counts;
}

/** How many messages the desk has not taken. */
async function unheard({ acknowledges, said }: Stage, place: Place): Promise<number> {
  if (acknowledges) return said.filter((one) => one.ackedAt === undefined).length;
  const heard = await heardIn(place);
  return said.filter((one) => !heard.has(one.message)).length;
}

/** Resolves when all that was said has been dealt with for a moment; undefined when that never came. */
async function drained(stage: Stage, place: Place): Promise<number | undefined> {
  const began = Date.now();
  let quietSince: number | undefined;
  while (Date.now() - began < drainMaxMs) {
    const left = await leftIn(place);
    const busy = left === undefined || left.length > 0 || (await unheard(stage, place)) > 0;
    quietSince = busy ? undefined : (quietSince ?? Date.now());
    if (quietSince !== undefined && Date.now() - quietSince >= quietMs) return quietSince - began;
    await sleep(100);
  }
  return undefined;
}
