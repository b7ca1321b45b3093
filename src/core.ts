/** The parts of the road, coupled: what every desk is, whatever model, database and platforms it has. */
import { join } from "node:path";
import { escalateName, searchName, transferPrefix } from "./agent/built-in-tools.ts";
import { createAnswering } from "./answering.ts";
import { createBot } from "./bot.ts";
import type { Clock } from "./clock.ts";
import type { Config } from "./config.ts";
import type { Crew } from "./crew.ts";
import type { Desk } from "./desk/desk.ts";
import { createEnrichment } from "./desk/enrich.ts";
import { toCustomer } from "./desk/notices.ts";
import { enqueueCard } from "./desk/open-ticket.ts";
import { createRouting } from "./desk/routing.ts";
import { createFiles } from "./files.ts";
import { createHumanSide } from "./human-side.ts";
import { createInbox } from "./inbox.ts";
import type { KnowledgeBase } from "./knowledge-base.ts";
import { createLanes, Superseded } from "./lanes.ts";
import type { LanguageModel } from "./language-model.ts";
import { goOnAfter } from "./ledger/ids.ts";
import type { Ledger } from "./ledger.ts";
import { createLife } from "./life.ts";
import type { Log } from "./log.ts";
import { createSessionMemory } from "./memory/session-memory.ts";
import type { Memory, SessionMemory } from "./memory.ts";
import { metered } from "./metrics/metered.ts";
import { createMetrics } from "./metrics/metrics.ts";
import { createPause, type Pause } from "./pause.ts";
import type { Platform, Receiver } from "./platform.ts";
import { createRecall } from "./recall.ts";
import type { EndParts } from "./records/end-idle.ts";
import { createReplies } from "./replies.ts";
import { route } from "./routing/route.ts";
import { createSender, type Sender } from "./sender.ts";
import { createSharedLanes } from "./shared-lanes.ts";
import { platformOf, type ThreadId } from "./thread.ts";
import { createTrouble } from "./trouble.ts";
import { createTurns } from "./turns.ts";
import type { Workspace } from "./workspace/workspace.ts";

export interface CoreParts {
  config: Config;
  workspace: Pick<Workspace, "specialists" | "entry" | "tools" | "identity" | "snippets">;
  ledger: Ledger;
  memory: Memory;
  knowledge: KnowledgeBase;
  model: LanguageModel;
  offlineModel: LanguageModel;
  /** By name; filled before `start`. */
  platforms: ReadonlyMap<string, Platform>;
  /** Platforms that only other processes of the desk have. */
  elsewhere?: ReadonlySet<string>;
  /** Undefined: this process is the desk alone. */
  crew?: Crew | undefined;
  clock: Clock;
  log: Log;
}

export interface Core {
  desk: Desk;
  sessions: SessionMemory;
  /** What is under way in a thread, for whoever has to stop it. */
  underWay: { interrupt(lane: string): void; idleIn(lane: string): Promise<void> };
  pause: Pause;
  /** What staff see of tickets that come to their end by themselves. */
  endings: Required<EndParts>;
  /** Connects the platforms and takes up what an earlier process has left. */
  start(): Promise<void>;
  /** Resolves when nothing is under way. */
  idle(concerns?: (lane: string) => boolean): Promise<void>;
  /** Resolves when nothing is under way in a thread. */
  idleIn(thread: ThreadId): Promise<void>;
  /** Whether it can take messages: connected, and its ledger can be written. */
  ready(): Promise<{ ready: boolean; checks: Record<string, boolean> }>;
  /** Whether this process does what is to be done once for all processes of the desk. */
  tidies(): boolean;
  /** Prometheus' text format. */
  metrics(): Promise<string>;
  /** No new work; what is in flight is finished or handed back. */
  stop(graceMs?: number): Promise<void>;
}

/** Nobody waits 30 s in silence: until the notice can be read it takes a moment, too. */
const silenceMaxMs = 27_000;
const stopGraceMs = 12_000;
const suggestionsMax = 25;
const atOnce = { settle: false, supersede: false };

export function createCore(parts: CoreParts): Core {
  const { config, workspace, ledger, platforms, crew, clock } = parts;
  const metrics = createMetrics({ ledger, tools: namesOfTools(workspace), clock });
  const log = metered(parts.log, metrics);
  const deskPlatform = config.desk.channel ? platformOf(config.desk.channel) : "console";
  const channel = () => platforms.get(deskPlatform)?.deskChannel;
  const turnPerMessage = (thread: string) => platforms.get(platformOf(thread))?.turnPerMessage ?? false;
  const filesFolder = join(config.folders.data, "files");

  const posting = createSender({
    ledger,
    platforms,
    ...(parts.elsewhere ? { elsewhere: parts.elsewhere } : {}),
    crew,
    sent: (tx, row, posted) => desk.sent(tx, row, posted),
    detour: (row, error) => human.detour.find(row, error),
    overtaken: (tx, row) => desk.overtaken(tx, row),
    failed: (tx, row, error, way) =>
      way ? human.detour.take(tx, row, error, way) : desk.failed(tx, row, error),
    clock,
    log,
  });
  const enrichment = createEnrichment({
    ledger,
    routing: createRouting({
      // Rules know a route better than the offline model does.
      model: config.model.endpoint ? parts.model : undefined,
      queues: config.queues,
      languages: config.languages,
      rules: route,
      clock,
      log,
    }),
    channel,
    queues: config.queues,
    push: posting.push,
    clock,
    log,
  });
  const sender: Sender = {
    ...posting,
    push(rows, drafts) {
      posting.push(rows, drafts);
      enrichment.notice(rows);
    },
  };
  const pause = createPause({
    ledger,
    changed: (paused) => paused && lanes.interruptAll(new Superseded("the desk is paused")),
    clock,
    log,
  });
  const human = createHumanSide({
    config,
    snippets: workspace.snippets,
    ledger,
    platforms,
    channel,
    filesFolder,
    interrupt: (thread) => road.interrupt(thread, new Superseded("a person has the thread")),
    wake: (thread) => road.wake(thread, atOnce),
    moveQuestion: (tx, id, thread) => answering.intents.moveQuestion(tx, id, thread),
    pause: pause.set,
    push: sender.push,
    clock,
    log,
  });
  const { desk, service, staff, away } = human;
  const answering = createAnswering({
    config,
    workspace,
    ledger,
    memory: parts.memory,
    knowledge: parts.knowledge,
    model: parts.model,
    offlineModel: parts.offlineModel,
    human,
    pause,
    channel,
    notify: async (thread, text) => sender.push([await turns.notify(thread, text)]),
    push: sender.push,
    clock,
    log,
  });
  const { reception, intents } = answering;
  const inbox = createInbox({
    ledger,
    deskChannel: channel,
    messageCharactersMax: config.limits.messageCharactersMax,
    turnPerMessage,
    clock,
  });
  const files = createFiles({
    folder: filesFolder,
    platforms,
    deskChannel: channel,
    model: parts.model,
    ledger,
    clock,
    log,
  });
  const sessions = createSessionMemory({
    memory: parts.memory,
    clock,
    log,
    idleMs: config.limits.sessionIdleMs,
  });
  const turns = createTurns({
    ledger,
    customerOf: answering.customerOf,
    carryOver: human.privately.carryOver,
    paused: pause.paused,
    escalate: desk.escalate,
    escalationNotice: (ticket) => toCustomer.escalated(ticket, away()),
    turnPerMessage,
    recall: createRecall({
      ledger,
      sessions,
      historyItemsMax: config.limits.historyItemsMax,
      contextTokens: config.model.contextTokens,
    }),
    clock,
    log,
  });
  const trouble = createTrouble({
    ledger,
    escalate: desk.escalate,
    showStaff: desk.showStaff,
    brokenNotice: (ticket) => toCustomer.broken(ticket, away()),
    push: sender.push,
    clock,
    log,
  });
  const replies = createReplies({
    ledger,
    platforms,
    sender,
    silenceMaxMs,
    slowNotice: toCustomer.slow(),
    drafts: !crew || crew.roles.has("send"),
    clock,
    log,
  });
  const lanes = createLanes({
    run: (lane, control) =>
      shared ? shared.run(lane, control, (claimed) => bot.run(lane, claimed)) : bot.run(lane, control),
    failed: trouble.failed,
    settleMs: config.settleMs,
    settleCapMs: config.settleCapMs,
    runningMax: config.workAtOnce,
    clock,
  });
  const shared = crew && createSharedLanes({ crew, lanes, platforms, countDeath: trouble.countDeath, clock });
  /** Where what has come in goes on. */
  const road = shared ?? lanes;
  const bot = createBot({
    inbox,
    files,
    lanes: road,
    reception,
    intents,
    desk,
    service,
    trouble,
    turns,
    replies,
  });

  const receiver: Receiver = {
    receive: bot.receive,
    receiveAll: bot.receiveAll,
    async suggest(what, _prefix, by) {
      // Other customers' matters are nobody's but staff's.
      if (!(await staff.includes(by))) return [];
      if (what === "snippet") return workspace.snippets.map(({ name }) => ({ value: name, label: name }));
      const open = await desk.tickets(suggestionsMax);
      return open.map(({ number, ask }) => ({ value: String(number), label: `#${number} ${ask}` }));
    },
  };

  const life = createLife({
    crew,
    platforms,
    receiver,
    ledger,
    lanes,
    sender,
    sessions,
    countDeath: trouble.countDeath,
    chores: intents.expire,
    clock,
    log,
  });

  return {
    desk,
    sessions,
    underWay: {
      interrupt: (lane) => road.interrupt(lane, new Superseded("the customer is being erased")),
      async idleIn(lane) {
        await lanes.idleIn(lane);
        await sender.idleIn(lane);
        await shared?.idleIn(lane);
      },
    },
    pause,
    endings: {
      cardOf: (tx, ticket) => enqueueCard(tx, { channel, queues: config.queues, clock }, ticket),
      push: sender.push,
    },
    async start() {
      await goOnAfter(ledger, clock);
      await pause.watch();
      await life.start();
    },
    async idle(concerns) {
      await lanes.idle(concerns);
      // Whoever waits for their own lanes does not wait for what a model thinks about a ticket.
      if (!concerns) await enrichment.idle();
      await sender.idle(concerns);
    },
    async idleIn(thread) {
      await lanes.idleIn(thread);
      await sender.idleIn(thread);
    },
    async ready() {
      const writable = await ledger
        .write((tx) => tx.get("SELECT 1 AS one"))
        .then(
          () => true,
          () => false,
        );
      const checks = { ledger: writable, connected: life.connected() };
      return { ready: writable && life.connected(), checks };
    },
    metrics: metrics.render,
    tidies: life.tidies,
    async stop(graceMs = stopGraceMs) {
      pause.close();
      await enrichment.close();
      await life.stop(graceMs);
      await sessions.close();
    },
  };
}

/** All that a model may call. */
function namesOfTools({ tools, specialists }: CoreParts["workspace"]): string[] {
  return [
    ...tools.map(({ name }) => name),
    escalateName,
    searchName,
    ...specialists.map(({ name }) => transferPrefix + name),
  ];
}
