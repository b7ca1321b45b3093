/**
 * A reaction of the customer, or of who has the ticket, shows on the other side's copy of the message, too; on what a
 * customer wrote to an earlier ticket of the thread it stays inside.
 */

import { whereCopied } from "../ledger/copies.ts";
import { type Admitted, markDone } from "../ledger/inbox.ts";
import { enqueue, type OutboxRow, type Send } from "../ledger/outbox.ts";
import { findThread } from "../ledger/threads.ts";
import type { Transaction } from "../ledger.ts";
import type { Incoming } from "../message.ts";
import { enqueueForTicket, type ToStaffParts } from "./open-ticket.ts";

export type Reaction = Extract<Incoming, { kind: "reaction" }>;

export async function followReaction(
  tx: Transaction,
  parts: ToStaffParts,
  admitted: Admitted,
  reaction: Reaction,
): Promise<OutboxRow[]> {
  await markDone(tx, [admitted.id]);
  const copied = await whereCopied(tx, reaction.message);
  const thread = copied && (await findThread(tx, copied.thread));
  if (!thread) return [];
  const { emoji, added, by } = reaction;
  const send: Send = { does: "react", counterpartsOf: reaction.message, emoji, added };
  if (reaction.channel === parts.channel()) {
    const earlier = copied.lane !== thread.id && copied.lane !== `ticket:${thread.ticket}`;
    if (thread.assignee !== by.id || earlier) return [];
    return [await enqueue(tx, parts.clock, { lane: thread.id, thread: thread.id, author: "staff", send })];
  }
  if (thread.opener !== by.id || thread.ticket === undefined) return [];
  const ticket = { number: thread.ticket, thread: thread.id };
  return [await enqueueForTicket(tx, parts.clock, ticket, { author: "customer", send })];
}
