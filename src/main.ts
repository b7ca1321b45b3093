/** The composition root: configuration → parts → adapters → stop. The only file that knows every part. */
import { join } from "node:path";
import { type Clock, createClock } from "./clock.ts";
import { makeFolder } from "./config/folders.ts";
import type { Config, Sources } from "./config.ts";
import { openControl } from "./control.ts";
import { createCore } from "./core.ts";
import type { Crew } from "./crew.ts";
import { DeskError, faultOf } from "./errors.ts";
import { createKeptWaits, type KeptWaits } from "./kept-waits.ts";
import { createMarkdownKnowledgeBase } from "./knowledge/markdown-knowledge-base.ts";
import type { KnowledgeBase } from "./knowledge-base.ts";
import { createOfflineModel } from "./language-model/offline-model.ts";
import type { LanguageModel } from "./language-model.ts";
import { openLedger } from "./ledger/open-ledger.ts";
import { openTickets } from "./ledger/tickets.ts";
import type { Ledger } from "./ledger.ts";
import { createLog, type Log } from "./log.ts";
import { forgiving } from "./memory/forgiving.ts";
import { createMemory } from "./memory/memory.ts";
import type { Memory } from "./memory.ts";
import type { Platform } from "./platform.ts";
import { openPlatforms, platformsElsewhere } from "./platforms.ts";
import { createCustomerFiles } from "./records/customer-files.ts";
import { forgettingIn } from "./records/forgetting.ts";
import { createRecords, recordsHandlers } from "./records/records.ts";
import { createRetention } from "./records/retention.ts";
import { endsWithin } from "./time-limit.ts";
import { loadDesk, type Workspace } from "./workspace/workspace.ts";

export interface Running {
  config: Config;
  log: Log;
  /** Resolves when the desk has ended by itself: the console's input is over. */
  ended: Promise<void>;
  /** No new work, turns in flight finished or handed back, everything closed; within 20 s, whoever does not answer. */
  stop(): Promise<void>;
}

/** @throws ConfigError with every problem; DeskError data_in_use | data_unusable; nothing is left running then */
export async function startDesk(sources: Sources): Promise<Running> {
  const clock = createClock();
  const { config, workspace } = await loadDesk(sources, { clock });
  const log = createLog(config.logLevel);
  for (const warning of [...config.warnings, ...workspace.warnings])
    log.warn("config.doubtful", { ...warning });
  const { data } = config.folders;
  prepareFolder(data);
  const ledger = await openLedger({ data, databaseUrl: config.databaseUrl?.reveal() }, { clock, log });
  try {
    const memory = await createMemory({
      ...(config.memoryUri ? { uri: config.memoryUri.reveal() } : {}),
      path: join(data, "memory.sqlite"),
      clock,
      log,
    });
    return await runDesk({ config, workspace, ledger, memory, clock, log });
  } catch (error) {
    await ledger.close();
    throw error;
  }
}

interface Ground {
  config: Config;
  workspace: Workspace;
  ledger: Ledger;
  memory: Memory;
  clock: Clock;
  log: Log;
}

const sweepEveryMs = 3_600_000;
/** A database that does not answer would make it longer than whoever told us to stop waits. */
const stopMaxMs = 18_000;
/** Writing a larger database anew would hold everybody up for seconds. */
const scrubBytesMax = 100 * 1024 * 1024;

async function runDesk(ground: Ground): Promise<Running> {
  const { config, workspace, ledger, memory, clock, log } = ground;
  let crew: Crew | undefined;
  const waits = createKeptWaits({
    ledger,
    shared: config.databaseUrl !== undefined,
    tell: (name, ms) => crew?.tellWait(name, ms),
    clock,
    log,
  });
  await waits.recall();
  const knowledge = await openKnowledge(ground, waits);
  const platforms = new Map<string, Platform>();
  crew = await openCrew(ground, waits);
  const core = createCore({
    config,
    workspace,
    ledger,
    memory,
    knowledge,
    model: await openModel({ ...ground, waits }),
    offlineModel: createOfflineModel(),
    platforms,
    elsewhere: platformsElsewhere(config),
    crew,
    clock,
    log,
  });
  let inputEnded = () => {};
  const inputOver = new Promise<void>((resolve) => {
    inputEnded = resolve;
  });
  await openPlatforms(platforms, { ...ground, core, waits, ended: () => inputEnded() });
  const files = createCustomerFiles(config.folders.data, clock);
  const { identity } = workspace;
  const records = createRecords({
    ledger,
    memory: forgettingIn(memory, core.sessions),
    files,
    ...(identity ? { addressOf: async (customer: string) => (await identity.find(customer))?.email } : {}),
    lanes: core.underWay,
    async forgetElsewhere(threads) {
      for (const platform of platforms.values()) await platform.forget?.(threads);
    },
    scrubBytesMax,
    clock,
    log,
  });
  const retention = createRetention({ ...config.limits, ...core.endings, ledger, files, clock, log });
  const sweeping = new AbortController();
  const stopSweeping = clock.every(sweepEveryMs, () => {
    if (!core.tidies()) return;
    retention.run(sweeping.signal).catch((error: unknown) => log.warn("retention.stopped", { error }));
  });
  await core.start();
  const control = await openControl(config.folders.data, {
    ...recordsHandlers(records),
    search: ({ question, limit }) =>
      knowledge.search(String(question), { limit: Number(limit), audience: "verified" }),
    tickets: ({ after, limit }) => ledger.read((tx) => openTickets(tx, Number(limit), Number(after))),
    pause: () => core.pause.set(true, "operator"),
    unpause: () => core.pause.set(false, "operator"),
  });
  const http = urlOf(platforms.get("http")?.address?.());
  log.info("desk.ready", { pid: process.pid, platforms: [...platforms.keys()], ...(http ? { http } : {}) });

  async function stop(): Promise<void> {
    log.info("desk.stopping");
    stopSweeping();
    sweeping.abort(new Error("the desk is stopping"));
    await control.close();
    await core.stop();
    await crew?.close();
    await knowledge.close();
    await memory.close();
    await ledger.close();
    log.info("desk.stopped");
  }
  /** What has not ended by then is left as a death would leave it: the next process takes it up. */
  async function stopInTime(): Promise<void> {
    const ending = stop();
    if (await endsWithin(clock, stopMaxMs, ending)) await ending;
    else log.warn("desk.left", { afterMs: stopMaxMs });
  }
  let stopping: Promise<void> | undefined;
  return {
    config,
    log,
    // What an earlier run had left is dealt with, too. Beside a platform there is always something under way.
    ended: inputOver.then(() => (platforms.size === 1 ? core.idle() : undefined)),
    stop() {
      stopping ??= stopInTime();
      return stopping;
    },
  };
}

function urlOf(address: { host: string; port: number } | undefined): string | undefined {
  if (!address) return undefined;
  const host = address.host.includes(":") ? `[${address.host}]` : address.host;
  return `http://${host}:${address.port}`;
}

/** Several processes may run a desk whose ledger is in Postgres. */
async function openCrew({ config, ledger, clock, log }: Ground, waits: KeptWaits): Promise<Crew | undefined> {
  if (!config.databaseUrl) return undefined;
  const { createCrew } = await import("./crew/crew.ts");
  return createCrew({
    url: config.databaseUrl.reveal(),
    roles: new Set(config.roles),
    ledger,
    atOnceMax: config.workAtOnce,
    waits,
    clock,
    log,
  });
}

async function openKnowledge(
  { config, memory, clock, log }: Ground,
  waits: KeptWaits,
): Promise<KnowledgeBase> {
  const { model } = config;
  const embedder =
    model.endpoint && model.embeddingName
      ? (await import("./language-model/openai-embedder.ts")).createOpenAIEmbedder({
          ...(model.endpoint.apiKey ? { apiKey: model.endpoint.apiKey.reveal() } : {}),
          baseURL: model.endpoint.baseUrl,
          model: model.embeddingName,
          waits: waits.of("model"),
          clock,
        })
      : undefined;
  const knowledge = createMarkdownKnowledgeBase({
    folder: config.folders.knowledge,
    passageTokens: [config.knowledge.passageTokensMin, config.knowledge.passageTokensMax],
    log,
    clock,
    ...(embedder ? { embedder, cache: forgiving(memory.store<string>("embeddings"), { clock, log }) } : {}),
  });
  const report = await knowledge.refresh();
  for (const problem of report.problems) log.warn("article.unreadable", { ...problem });
  log.info("knowledge.indexed", { articles: report.articles, passages: report.passages });
  return knowledge;
}

/** The model at the configured endpoint; the offline model where there is none. */
export async function openModel({
  config,
  waits,
  clock,
  log,
}: Pick<Ground, "config" | "clock" | "log"> & { waits?: KeptWaits }): Promise<LanguageModel> {
  const { endpoint, name, temperature, transcriptionName } = config.model;
  if (!endpoint) return createOfflineModel();
  const { createOpenAIModel } = await import("./language-model/openai-model.ts");
  return createOpenAIModel({
    ...(endpoint.apiKey ? { apiKey: endpoint.apiKey.reveal() } : {}),
    ...(transcriptionName ? { transcriptionModel: transcriptionName } : {}),
    baseURL: endpoint.baseUrl,
    model: name,
    temperature,
    ...(waits ? { waits: waits.of("model") } : {}),
    clock,
    log,
  });
}

function prepareFolder(folder: string): void {
  try {
    makeFolder(folder, 0o700);
  } catch (cause) {
    throw new DeskError("data_unusable", `${folder}: ${faultOf(cause)}`, { cause });
  }
}
