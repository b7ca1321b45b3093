/**
 * What an answer comes of, put together: the reception, which needs no model; the agent with its policies; the writes that it
 * may ask for; who a customer is, and how much each may ask.
 */
import { join } from "node:path";
import { createAgent } from "./agent/agent.ts";
import { createJudgement, harmlessWords } from "./agent/judgement.ts";
import { deeds } from "./agent/policies/deeds.ts";
import { grounded } from "./agent/policies/grounded.ts";
import { createLinksPolicy } from "./agent/policies/links.ts";
import { secrets } from "./agent/policies/secrets.ts";
import type { Clock } from "./clock.ts";
import { type Config, policyOf } from "./config.ts";
import { toCustomer } from "./desk/notices.ts";
import { peopleHave } from "./desk/privately.ts";
import { requestTicket } from "./desk/request.ts";
import type { HumanSide } from "./human-side.ts";
import { createMailer } from "./identity/mailer.ts";
import { createVerification, type UnderWay } from "./identity/verification.ts";
import { createIntents } from "./intents/intents.ts";
import type { KnowledgeBase } from "./knowledge-base.ts";
import type { LanguageModel } from "./language-model.ts";
import { findIdentity } from "./ledger/identities.ts";
import type { OutboxRow } from "./ledger/outbox.ts";
import { findThread } from "./ledger/threads.ts";
import type { Ledger } from "./ledger.ts";
import { createLimits } from "./limits.ts";
import type { Log } from "./log.ts";
import { forgiving } from "./memory/forgiving.ts";
import type { Memory } from "./memory.ts";
import { createReception, type ReceptionParts } from "./reception.ts";
import { wantsPerson } from "./routing/wants-person.ts";
import { unknownWhether } from "./tell-also.ts";
import type { ChannelId } from "./thread.ts";
import type { Workspace } from "./workspace/workspace.ts";

export interface AnsweringParts extends Pick<ReceptionParts, "pause" | "notify"> {
  config: Config;
  workspace: Pick<Workspace, "specialists" | "entry" | "tools" | "identity">;
  ledger: Ledger;
  memory: Memory;
  knowledge: KnowledgeBase;
  model: LanguageModel;
  offlineModel: LanguageModel;
  human: HumanSide;
  /** The human channel; undefined: there is none. */
  channel(): ChannelId | undefined;
  /** Takes committed rows to their platforms. */
  push(rows: readonly OutboxRow[]): void;
  clock: Clock;
  log: Log;
}

export function createAnswering(parts: AnsweringParts) {
  const { config, workspace, ledger, human, channel, clock, log } = parts;
  const limits = createLimits({ ...config.limits, ledger, clock });
  const verification = createVerification({
    ...config.identity,
    identity: workspace.identity,
    mailer: createMailer({
      smtpUrl: config.mail.smtpUrl?.reveal(),
      from: config.mail.from,
      folder: join(config.folders.data, "mail"),
      clock,
    }),
    company: config.name,
    ledger,
    store: forgiving(parts.memory.store<UnderWay>("verification"), { clock, log }),
    clock,
    log,
  });
  const policies = [grounded, deeds, createLinksPolicy({ allow: config.links.allow }), secrets];
  const toolOf = (name: string) => workspace.tools.find((tool) => tool.name === name);
  const harmless = harmlessWords(createJudgement(policies));
  const intents = createIntents({
    ledger,
    ruleOf: (name) => policyOf(config, name),
    toolOf,
    toolTimeoutMs: config.limits.toolTimeoutMs,
    channel,
    mayApprove: human.staff.among,
    async sameCustomer(user, customer) {
      const known = await ledger.read((tx) => findIdentity(tx, user));
      return customer !== "" && known?.customer === customer;
    },
    harmless,
    tell: human.desk.tell,
    async callPerson(tx, thread, { tool, preview }) {
      const request = {
        ...unknownWhether(tool),
        by: "bot",
        lastWords: harmless(preview.text),
        notice: (ticket: number) => toCustomer.escalated(ticket, human.away()),
      };
      const known = { channel, clock, escalate: human.desk.escalate };
      return (await requestTicket(tx, known, thread, request))?.rows ?? [];
    },
    push: parts.push,
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
    policies,
    propose: intents.propose,
    mayCall: limits.mayCall,
    unconfirmed: (name) => toolOf(name)?.effect === "write" && policyOf(config, name).confirm === "none",
    wantsPerson,
    company: config.name,
    limits: { ...config.limits, passagesPerQuestion: config.knowledge.passagesPerQuestion },
    clock,
    log,
  });
  const reception = createReception({
    pause: parts.pause,
    wantsPerson,
    verification,
    intents,
    limits,
    agent,
    privately: human.privately,
    async peopleHave(id) {
      const thread = await ledger.read((tx) => findThread(tx, id));
      return thread !== undefined && peopleHave(thread);
    },
    notify: parts.notify,
  });
  return { reception, intents, customerOf: verification.customerOf };
}
