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
import { enqueue, type OutboxRow } from "../ledger/outbox.ts";
import { advanceThread, findThread } from "../ledger/threads.ts";
import { writeJournal, writeMessage } from "../ledger/transcript.ts";
import type { Transaction } from "../ledger.ts";
import type { Incoming } from "../message.ts";
import { approvalCard } from "./approval-card.ts";
import { judge, look, type Seen, type Wish } from "./check.ts";
import { entriesOf } from "./entries.ts";
import { execute } from "./execute.ts";
import type { IntentsParts } from "./parts.ts";
import { reasonIn, wording } from "./wording.ts";

type Action = Extract<Incoming, { kind: "action" }>;

/** A member of staff has pressed Approve or Deny. */
export async function decideApproval(parts: IntentsParts, admitted: Admitted, action: Action): Promise<void> {
  const { ledger } = parts;
  const earlier = await ledger.read((tx) => decidedBy(tx, admitted.id));
  if (earlier) {
    await conclude(parts, admitted, earlier, action.reason);
    return;
  }
  const known = action.name === "intent.approve" || action.name === "intent.deny";
  const intent = known ? await ledger.read((tx) => findApproval(tx, Number(action.value))) : undefined;
  const refusal = await refusalOf(parts, intent, action);
  if (!intent || refusal !== undefined) {
    await ledger.write(async (tx) => {
      await markDone(tx, [admitted.id]);
      await audit(tx, parts.clock, {
        actor: action.by.id,
        action: "approval.refused",
        subject: action.value,
        ...(intent ? { thread: intent.thread } : {}),
        detail: { why: refusal ?? "unknown" },
      });
    });
    await parts.tell(action, refusal ?? "There is no such approval.");
    return;
  }
  const checked = action.name === "intent.approve" ? await recheck(parts, intent) : undefined;
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
  if (moved) await conclude(parts, admitted, moved, action.reason);
  else await parts.tell(action, wording.over());
}

/** Why this person may not decide this; undefined when they may. Asked at the click. */
async function refusalOf(
  parts: IntentsParts,
  intent: Intent | undefined,
  action: Action,
): Promise<string | undefined> {
  if (!intent) return `There is no approval #${action.value}.`;
  const { approvers } = parts.ruleOf(intent.tool);
  const own = action.by.id === intent.opener || (await parts.sameCustomer(action.by.id, intent.customer));
  if (own) return "Nobody approves their own request.";
  if (!(await parts.mayApprove(action.by, approvers))) return "Only the approvers of this tool can do this.";
  if (intent.state !== "awaiting_approval") return wording.over();
  if (intent.expiresAt <= parts.clock.now()) return "This approval has expired.";
  return undefined;
}

/** The company's data may have changed since the card was shown; then there is nothing to approve: undefined. */
async function recheck(parts: IntentsParts, intent: Intent): Promise<{ wish: Wish; seen: Seen } | undefined> {
  const tool = parts.toolOf(intent.tool);
  if (!tool) return undefined;
  const { customer, thread, input } = intent;
  const signal = new AbortController().signal;
  const wish = { tool, input, customer, thread, said: [], intent: intent.id, byPerson: true, signal };
  const seen = await look(parts, wish);
  return seen.ok && seen.hash === intent.hash ? { wish, seen } : undefined;
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
): Promise<void> {
  const tool = parts.toolOf(intent.tool);
  let result = intent.result;
  let text: string;
  if ((intent.state === "approved" || intent.state === "running") && tool) {
    const executed = await execute(parts, tool, intent);
    result = executed.state === "done" ? executed.result : { error: executed.fault };
    text = executed.state === "done" ? doneText(intent, result) : wording.failed();
  } else if (intent.state === "done") text = doneText(intent, result);
  else if (intent.state === "denied") text = wording.denied(reason);
  else if (intent.state === "refused") text = wording.refused("it has changed since it was asked for.");
  else text = wording.failed();
  const entries = entriesOf(intent, result ?? { ok: false, reason: text });
  parts.push(
    await parts.ledger.write((tx) => tellBoth(tx, parts, intent, { text, entries, event: admitted.id })),
  );
}

function doneText(intent: Intent, result: unknown): string {
  const failed = reasonIn(result);
  return failed === undefined ? wording.done(intent.preview, result) : wording.notDone(failed);
}

/** Into the customer's thread, where the bot still speaks there, otherwise to the person who has it; and onto the card. */
async function tellBoth(
  tx: Transaction,
  parts: IntentsParts,
  intent: Intent,
  told: { text: string; entries: ReturnType<typeof entriesOf>; event: string | undefined },
): Promise<OutboxRow[]> {
  const { clock } = parts;
  const now = clock.now();
  const rows: OutboxRow[] = [];
  const thread = await findThread(tx, intent.thread);
  if (thread) {
    const seq = await advanceThread(tx, thread, { count: 2, turn: false, now });
    const id = clock.id("o");
    await writeJournal(tx, thread.id, seq + 1, {
      turn: clock.id("t"),
      specialist: thread.specialist ?? "",
      outcome: "approval",
      model: "none",
      entries: told.entries,
      tokens: { input: 0, output: 0 },
      startedAt: now,
      endedAt: now,
    });
    const speaks = thread.control !== "taken_over";
    await writeMessage(tx, thread.id, seq + 2, {
      id,
      author: speaks ? "bot" : "note",
      text: told.text,
      at: now,
    });
    const send = speaks
      ? { does: "post" as const, to: { thread: thread.id }, post: { text: told.text } }
      : { does: "post" as const, to: { ticket: thread.ticket ?? 0 }, post: { text: told.text } };
    const lane = speaks ? thread.id : `ticket:${thread.ticket}`;
    const fence = speaks ? { fence: thread.version } : {};
    rows.push(
      await enqueue(tx, clock, {
        id,
        lane,
        author: speaks ? "bot" : "desk",
        thread: thread.id,
        send,
        ...fence,
      }),
    );
  }
  const channel = parts.channel();
  if (channel && intent.approval !== undefined) {
    const post = approvalCard(
      { ...intent, approval: intent.approval },
      thread?.openerName ?? "customer",
      told.text,
    );
    const send = { does: "edit" as const, copiesOf: `approval:${intent.approval}`, post };
    const lane = `approval:${intent.approval}`;
    rows.push(await enqueue(tx, clock, { lane, author: "desk", thread: intent.thread, send }));
  }
  if (told.event) await markDone(tx, [told.event]);
  return rows;
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
