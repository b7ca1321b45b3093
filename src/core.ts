/** The parts of the road, coupled: what every desk is, whatever model, database and platforms it has. */
import { createAgent } from "./agent/agent.ts";
import { grounded } from "./agent/grounded.ts";
import { createBot } from "./bot.ts";
import type { Clock } from "./clock.ts";
import { type Config, policyOf } from "./config.ts";
import { createDesk, type Desk } from "./desk/desk.ts";
import { toCustomer } from "./desk/notices.ts";
import { createService } from "./desk/service.ts";
import { createStaff } from "./desk/staff.ts";
import { createInbox } from "./inbox.ts";
import { createIntents } from "./intents/intents.ts";
import type { KnowledgeBase } from "./knowledge-base.ts";
import { createLanes, Superseded } from "./lanes.ts";
import type { LanguageModel } from "./language-model.ts";
import { lanesWaiting } from "./ledger/inbox.ts";
import type { Ledger } from "./ledger.ts";
import type { Log } from "./log.ts";
import type { Platform, Receiver } from "./platform.ts";
import { createReplies } from "./replies.ts";
import { route } from "./routing/route.ts";
import { wantsPerson } from "./routing/wants-person.ts";
import { createSender } from "./sender.ts";
import { platformOf } from "./thread.ts";
import { createTrouble } from "./trouble.ts";
import { createTurns } from "./turns.ts";
import type { Workspace } from "./workspace/workspace.ts";

export interface CoreParts {
  config: Config;
  workspace: Pick<Workspace, "specialists" | "entry" | "tools" | "snippets">;
  ledger: Ledger;
  knowledge: KnowledgeBase;
  model: LanguageModel;
  offlineModel: LanguageModel;
  /** By name; filled before `start`. */
  platforms: ReadonlyMap<string, Platform>;
  clock: Clock;
  log: Log;
}

export interface Core {
  desk: Desk;
  /** Connects the platforms and takes up what an earlier process has left. */
  start(): Promise<void>;
  /** Resolves when nothing is under way. */
  idle(): Promise<void>;
  /** No new work; what is in flight is finished or handed back. */
  stop(graceMs?: number): Promise<void>;
}

const silenceMaxMs = 30_000;
const runningMax = 256;
const stopGraceMs = 12_000;
const suggestionsMax = 25;

export function createCore(parts: CoreParts): Core {
  const { config, workspace, ledger, platforms, clock, log } = parts;
  const deskPlatform = config.desk.channel ? platformOf(config.desk.channel) : "console";
  const channel = () => platforms.get(deskPlatform)?.deskChannel;
  const turnPerMessage = (thread: string) => platforms.get(platformOf(thread))?.turnPerMessage ?? false;
  const staff = createStaff({ platforms, channel, staff: config.desk.staff, log });

  const sender = createSender({
    ledger,
    platforms,
    sent: (tx, row, posted) => desk.sent(tx, row, posted),
    failed: (tx, row, error) => desk.failed(tx, row, error),
    clock,
    log,
  });
  const desk = createDesk({
    ledger,
    platforms,
    channel,
    staff,
    queues: config.queues,
    notePrefix: config.desk.notePrefix,
    relay: config.desk.relay,
    route: route,
    interrupt: (thread) => lanes.interrupt(thread, new Superseded("a person has the thread")),
    push: sender.push,
    clock,
    log,
  });
  const inbox = createInbox({
    ledger,
    deskChannel: channel,
    messageCharactersMax: config.limits.messageCharactersMax,
    turnPerMessage,
    clock,
  });
  const turns = createTurns({
    ledger,
    customerOf: async (person) => (person.customer === undefined ? undefined : { id: person.customer }),
    escalate: desk.escalate,
    escalationNotice: toCustomer.escalated,
    turnPerMessage,
    historyItemsMax: config.limits.historyItemsMax,
    clock,
    log,
  });
  const toolOf = (name: string) => workspace.tools.find((tool) => tool.name === name);
  const intents = createIntents({
    ledger,
    ruleOf: (name) => policyOf(config, name),
    toolOf,
    toolTimeoutMs: config.limits.toolTimeoutMs,
    channel,
    mayApprove: staff.among,
    sameCustomer: async (user, customer) => customer !== "" && user.endsWith(`/${customer}`),
    tell: desk.tell,
    push: sender.push,
    clock,
    log,
  });
  const agent = createAgent({
    model: parts.model,
    offlineModel: parts.offlineModel,
    knowledge: parts.knowledge,
    specialists: workspace.specialists,
    entry: workspace.entry,
    tools: workspace.tools,
    queues: config.queues,
    policies: [grounded],
    propose: intents.propose,
    unconfirmed: (name) => toolOf(name)?.effect === "write" && policyOf(config, name).confirm === "none",
    wantsPerson,
    company: config.name,
    limits: { ...config.limits, passagesPerQuestion: config.knowledge.passagesPerQuestion },
    clock,
    log,
  });
  const trouble = createTrouble({
    ledger,
    escalate: desk.escalate,
    brokenNotice: toCustomer.broken,
    push: sender.push,
    clock,
    log,
  });
  const service = createService({ ledger, platforms, desk, staff, push: sender.push, clock, log });
  const replies = createReplies({
    ledger,
    platforms,
    sender,
    silenceMaxMs,
    slowNotice: toCustomer.slow(),
    clock,
    log,
  });
  const lanes = createLanes({
    run: (lane, control) => bot.run(lane, control),
    failed: trouble.failed,
    settleMs: config.settleMs,
    settleCapMs: config.settleCapMs,
    runningMax,
    clock,
  });
  const bot = createBot({ inbox, lanes, agent, intents, desk, service, trouble, turns, replies });

  const receiver: Receiver = {
    receive: bot.receive,
    async suggest(what) {
      if (what === "snippet") return workspace.snippets.map(({ name }) => ({ value: name, label: name }));
      const open = await desk.tickets(suggestionsMax);
      return open.map(({ number, ask }) => ({ value: String(number), label: `#${number} ${ask}` }));
    },
  };

  return {
    desk,
    async start() {
      await trouble.countDeath();
      for (const platform of platforms.values()) await platform.connect(receiver);
      await sender.recover();
      for (const lane of await ledger.read(lanesWaiting))
        lanes.wake(lane, { settle: false, supersede: false });
    },
    async idle() {
      await lanes.idle();
      await sender.idle();
    },
    async stop(graceMs = stopGraceMs) {
      await Promise.allSettled([...platforms.values()].map((platform) => platform.close()));
      await lanes.stop(graceMs);
      await sender.stop(graceMs);
    },
  };
}
