/** What is above the limit is put to the desk. */

import { audit } from "../ledger/audit.ts";
import { type Intent, moveIntent, numberApproval } from "../ledger/intents.ts";
import { enqueue, type OutboxRow } from "../ledger/outbox.ts";
import { findThread } from "../ledger/threads.ts";
import type { Transaction } from "../ledger.ts";
import { approvalCard } from "./approval-card.ts";
import type { IntentsParts } from "./parts.ts";

/** Staff have this long. */
const approvalMs = 24 * 3_600_000;

export interface Held {
  intent: Intent;
  /** The card on its way to the human channel. */
  rows: OutboxRow[];
}

/**
 * The intent waits for a person from now on.
 * @param event the inbox event that has led to it, where one has
 * @returns undefined when it has left its old state already
 */
export async function hold(
  tx: Transaction,
  parts: Pick<IntentsParts, "clock" | "channel" | "harmless">,
  intent: Intent,
  event: string | undefined,
): Promise<Held | undefined> {
  const { clock } = parts;
  const now = clock.now();
  const held = await moveIntent(tx, intent, "hold", now, {
    expiresAt: now + approvalMs,
    ...(event ? { decidedBy: event } : {}),
  });
  if (!held) return undefined;
  const approval = await numberApproval(tx, intent.id);
  await audit(tx, clock, {
    actor: "bot",
    action: "approval.asked",
    subject: String(approval),
    thread: intent.thread,
    turn: intent.turn,
    detail: {
      intent: intent.id,
      tool: intent.tool,
      subject: intent.preview.subject,
      ...(intent.preview.amount ?? {}),
    },
  });
  const channel = parts.channel();
  if (!channel) return { intent: held, rows: [] };
  const thread = await findThread(tx, intent.thread);
  const post = approvalCard({ ...held, approval }, thread?.openerName ?? "customer", parts.harmless);
  const card = await enqueue(tx, clock, {
    lane: `approval:${approval}`,
    author: "desk",
    thread: intent.thread,
    source: `approval:${approval}`,
    send: { does: "post", to: { channel }, post },
  });
  return { intent: held, rows: [card] };
}
