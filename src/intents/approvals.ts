/** What is above the limit: a person at the desk decides, once, on exactly what was shown. */

import { audit } from "../ledger/audit.ts";
import { type Admitted, markDone } from "../ledger/inbox.ts";
import {
  decidedBy,
  findApproval,
  type Intent,
  type IntentMove,
  moveIntent,
  overdueApprovals,
} from "../ledger/intents.ts";
import type { Transaction } from "../ledger.ts";
import type { Incoming } from "../message.ts";
import { readApproval } from "./approval-card.ts";
import { broken, type CameOf, finished } from "./came-of.ts";
import { judge, look, type Seen, type Wish } from "./check.ts";
import { entriesOf } from "./entries.ts";
import { execute } from "./execute.ts";
import type { IntentsParts } from "./parts.ts";
import { tellBoth } from "./tell.ts";
import { wording } from "./wording.ts";

type Action = Extract<Incoming, { kind: "action" }>;

/** A member of staff has pressed Approve or Deny. */
export async function decideApproval(parts: IntentsParts, admitted: Admitted, action: Action): Promise<void> {
  const { ledger } = parts;
  const earlier = await ledger.read((tx) => decidedBy(tx, admitted.id));
  if (earlier) {
    await conclude(parts, admitted, earlier, action.reason, true);
    return;
  }
  const known = action.name === "intent.approve" || action.name === "intent.deny";
  const { number, id } = readApproval(action.value);
  const found = known ? await ledger.read((tx) => findApproval(tx, number)) : undefined;
  const intent = id === undefined || found?.id === id ? found : undefined;
  const refusal = await refusalOf(parts, intent, action);
  if (!intent || refusal !== undefined) {
    await turnAway(parts, admitted, action, intent, refusal ?? "There is no such approval.");
    return;
  }
  const checked = action.name === "intent.approve" ? await recheck(parts, intent) : undefined;
  if (checked === "unknown") {
    await turnAway(parts, admitted, action, intent, wording.unchecked());
    return;
  }
  const moved = await ledger.write(async (tx) => {
    const how = action.name === "intent.approve" ? await moveFor(tx, parts, checked) : "deny";
    const decided = await moveIntent(tx, intent, how, parts.clock.now(), {
      approver: action.by.id,
      decidedBy: admitted.id,
    });
    if (!decided) {
      await markDone(tx, [admitted.id]);
      return undefined;
    }
    await audit(tx, parts.clock, {
      actor: action.by.id,
      action: `intent.${decided.state}`,
      subject: `${intent.tool} ${intent.preview.subject}`,
      thread: intent.thread,
      turn: intent.turn,
      detail: { intent: intent.id, approval: intent.approval },
    });
    return decided;
  });
  if (moved) await conclude(parts, admitted, moved, action.reason, false);
  else await parts.tell(action, wording.over());
}

/** A press that decides nothing is on record, and whoever pressed reads why. */
async function turnAway(
  parts: IntentsParts,
  admitted: Admitted,
  action: Action,
  intent: Intent | undefined,
  why: string,
): Promise<void> {
  await parts.ledger.write(async (tx) => {
    await markDone(tx, [admitted.id]);
    await audit(tx, parts.clock, {
      actor: action.by.id,
      action: "approval.refused",
      subject: String(readApproval(action.value).number),
      ...(intent ? { thread: intent.thread } : {}),
      detail: { why },
    });
  });
  await parts.tell(action, why);
}

/** Why this person may not decide this; undefined when they may. Asked at the click. */
async function refusalOf(
  parts: IntentsParts,
  intent: Intent | undefined,
  action: Action,
): Promise<string | undefined> {
  if (!intent) return `There is no approval #${readApproval(action.value).number}.`;
  const { approvers } = parts.ruleOf(intent.tool);
  const { by } = action;
  const proven = by.customer !== undefined && by.customer === intent.customer;
  const own = by.id === intent.opener || proven || (await parts.sameCustomer(by.id, intent.customer));
  if (own) return "Nobody approves their own request.";
  if (!(await parts.mayApprove(by, approvers))) return "Only the approvers of this tool can do this.";
  if (intent.state !== "awaiting_approval") return wording.over();
  if (intent.expiresAt <= parts.clock.now()) return "This approval has expired.";
  return undefined;
}

/**
 * The company's data may have changed since the card was shown; then there is nothing to approve: undefined. `unknown`:
 * it cannot be had now.
 */
async function recheck(
  parts: IntentsParts,
  intent: Intent,
): Promise<{ wish: Wish; seen: Seen } | "unknown" | undefined> {
  const tool = parts.toolOf(intent.tool);
  if (!tool) return undefined;
  const { customer, thread, input } = intent;
  const signal = new AbortController().signal;
  const wish = { tool, input, customer, thread, said: [], intent: intent.id, byPerson: true, signal };
  try {
    const seen = await look(parts, wish);
    return seen.ok && seen.hash === intent.hash ? { wish, seen } : undefined;
  } catch (error) {
    parts.log.warn("approval.unchecked", { intent: intent.id, tool: tool.name, error });
    return "unknown";
  }
}

/** A person may go above the limits that ask for one, and above no other. */
async function moveFor(
  tx: Transaction,
  parts: IntentsParts,
  checked: { wish: Wish; seen: Seen } | undefined,
): Promise<IntentMove> {
  if (!checked) return "refuse";
  return (await judge(tx, parts, checked.wish, checked.seen)).allow ? "approve" : "refuse";
}

/** The decision is made: it is carried out, the customer hears of it, the card shows it. */
async function conclude(
  parts: IntentsParts,
  admitted: Admitted,
  intent: Intent,
  reason: string | undefined,
  decidedEarlier: boolean,
): Promise<void> {
  const came = await endOf(parts, intent, reason, decidedEarlier);
  parts.push(await parts.ledger.write((tx) => tellBoth(tx, parts, intent, { ...came, event: admitted.id })));
}

async function endOf(
  parts: IntentsParts,
  intent: Intent,
  reason: string | undefined,
  decidedEarlier: boolean,
): Promise<Pick<CameOf, "text" | "entries" | "broke">> {
  const tool = parts.toolOf(intent.tool);
  if ((intent.state === "approved" || intent.state === "running") && tool) {
    const executed = await execute(parts, tool, intent, decidedEarlier);
    return executed.state === "done" ? finished(intent, executed.result) : broken(intent);
  }
  if (intent.state === "done") return finished(intent, intent.result);
  if (intent.state === "denied") return undone(intent, wording.denied(reason));
  if (intent.state === "refused")
    return undone(intent, wording.refused("it has changed since it was asked for."));
  return broken(intent);
}

function undone(intent: Intent, text: string): Pick<CameOf, "text" | "entries"> {
  return { text, entries: entriesOf(intent, { ok: false, reason: text }) };
}

/** What nobody has decided in time is over, and both sides hear so. */
export async function expireApprovals(parts: IntentsParts): Promise<void> {
  const { ledger, clock } = parts;
  for (const intent of await ledger.read((tx) => overdueApprovals(tx, clock.now()))) {
    const rows = await ledger.write(async (tx) => {
      const expired = await moveIntent(tx, intent, "expire", clock.now());
      if (!expired) return [];
      await audit(tx, clock, {
        actor: "bot",
        action: "intent.expired",
        subject: `${intent.tool} ${intent.preview.subject}`,
        thread: intent.thread,
        turn: intent.turn,
        detail: { intent: intent.id, approval: intent.approval },
      });
      const entries = entriesOf(intent, { ok: false, reason: "Nobody approved it in time." });
      return tellBoth(tx, parts, expired, { text: wording.approvalExpired(), entries, event: undefined });
    });
    parts.push(rows);
  }
}
