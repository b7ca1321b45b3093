/** What is above the limit is put to the desk. */

import { audit } from "../ledger/audit.ts";
import { type Intent, moveIntent, numberApproval } from "../ledger/intents.ts";
import { enqueue, type OutboxRow } from "../ledger/outbox.ts";
import { findThread } from "../ledger/threads.ts";
import type { Transaction } from "../ledger.ts";
import type { Post } from "../platform.ts";
import { approvalCard } from "./approval-card.ts";
import type { IntentsParts } from "./parts.ts";

/** Staff have this long. */
const approvalMs = 24 * 3_600_000;

/** Puts an intent to the desk. */
export async function hold(parts: IntentsParts, intent: Intent, event: string | undefined): Promise<void> {
  const { ledger, clock } = parts;
  const expiresAt = clock.now() + approvalMs;
  const rows = await ledger.write(async (tx) => {
    const held = await moveIntent(tx, intent, "hold", clock.now(), {
      expiresAt,
      ...(event ? { decidedBy: event } : {}),
    });
    if (!held) return [];
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
    const thread = await findThread(tx, intent.thread);
    const post = approvalCard({ ...held, approval }, thread?.openerName ?? "customer");
    return enqueueCard(tx, parts, approval, post);
  });
  parts.push(rows);
}

async function enqueueCard(
  tx: Transaction,
  parts: IntentsParts,
  approval: number,
  post: Post,
): Promise<OutboxRow[]> {
  const channel = parts.channel();
  if (!channel) return [];
  const send = { does: "post" as const, to: { channel }, post };
  return [
    await enqueue(tx, parts.clock, {
      lane: `approval:${approval}`,
      author: "desk",
      source: `approval:${approval}`,
      send,
    }),
  ];
}
