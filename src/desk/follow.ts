/** What happens to a message after it was dealt with: edits and deletions follow it to where its copies are. */

import { amendUnsent, isCopied, withdrawUnsent } from "../ledger/copies.ts";
import { type Admitted, markDone } from "../ledger/inbox.ts";
import { enqueue, type OutboxRow, type Send } from "../ledger/outbox.ts";
import { findThread, type Thread } from "../ledger/threads.ts";
import { findTicket, type Ticket, ticketOfDeskThread } from "../ledger/tickets.ts";
import { amendMessage, deleteMessage, whoSaid } from "../ledger/transcript.ts";
import type { Transaction } from "../ledger.ts";
import type { Incoming, Message } from "../message.ts";
import type { ChannelId, MessageId, ThreadId } from "../thread.ts";
import { toStaff } from "./notices.ts";
import { enqueueForTicket, enqueueToStaff, type ToStaffParts } from "./open-ticket.ts";
import { isNote } from "./relay.ts";

export type Change = Extract<Incoming, { kind: "edit" | "deletion" }>;

export interface FollowParts extends ToStaffParts {
  notePrefix: string;
}

export async function followChange(
  tx: Transaction,
  parts: FollowParts,
  admitted: Admitted,
  change: Change,
): Promise<OutboxRow[]> {
  await markDone(tx, [admitted.id]);
  const { id, thread: where, channel } = placeOf(change);
  const now = parts.clock.now();
  const left = await leftOf(tx, parts, change);
  const known = left ? await amendMessage(tx, id, left.text, now) : await deleteMessage(tx, id, now);
  if (!known) return [];
  const send: Send = left
    ? { does: "edit", copiesOf: id, post: { text: left.text, as: left.author.name } }
    : { does: "remove", copiesOf: id };
  if (channel === parts.channel()) return staffChanged(tx, parts, where, change, send);
  // Staff who have answered in the customer's own thread have no copy there.
  if ((await whoSaid(tx, id)) !== "customer") return [];
  const thread = await findThread(tx, where);
  const ticket = thread?.ticket === undefined ? undefined : await findTicket(tx, thread.ticket);
  return thread && ticket ? customerChanged(tx, parts, thread, ticket, id, send) : [];
}

/** What the other side may still read; nothing also where staff make a note of what they have said to the customer. */
async function leftOf(tx: Transaction, parts: FollowParts, change: Change): Promise<Message | undefined> {
  if (change.kind === "deletion") return undefined;
  const { id, channel, text } = change.message;
  const becomesNote = channel === parts.channel() && isNote(parts, text) && (await isCopied(tx, id));
  return becomesNote ? undefined : change.message;
}

/** Staff changed a message: the customer's copy changes with it; a note has no copy. */
async function staffChanged(
  tx: Transaction,
  parts: ToStaffParts,
  deskThread: ThreadId,
  change: Change,
  send: Send,
): Promise<OutboxRow[]> {
  const { id } = placeOf(change);
  const ticket = await ticketOfDeskThread(tx, deskThread);
  if (!ticket || !(await isCopied(tx, id))) return [];
  await changeUnsent(tx, id, send);
  const rows = [
    await enqueue(tx, parts.clock, { lane: ticket.thread, thread: ticket.thread, author: "staff", send }),
  ];
  if (change.kind === "edit" && send.does === "remove") {
    const unmark: Send = { does: "mark", message: id, mark: "sent", set: false };
    rows.push(await enqueueForTicket(tx, parts.clock, ticket, { author: "desk", send: unmark }));
  }
  return rows;
}

/** A customer changed a message: its copy at the desk changes; what the bot had answered is told to staff. */
async function customerChanged(
  tx: Transaction,
  parts: ToStaffParts,
  thread: Thread,
  ticket: Ticket,
  id: MessageId,
  send: Send,
): Promise<OutboxRow[]> {
  if (await isCopied(tx, id)) {
    await changeUnsent(tx, id, send);
    return [await enqueueForTicket(tx, parts.clock, ticket, { author: "customer", send })];
  }
  if (thread.control === "automated" || thread.control === "resolved") return [];
  const told = send.does === "edit" ? toStaff.edited(send.post.text) : toStaff.deleted();
  return enqueueToStaff(tx, parts, ticket, told);
}

/** What has not arrived yet arrives changed, or not at all; what has is changed after it. */
function changeUnsent(tx: Transaction, id: MessageId, send: Send): Promise<void> {
  return send.does === "edit" ? amendUnsent(tx, id, send.post.text) : withdrawUnsent(tx, id);
}

function placeOf(change: Change): { id: MessageId; thread: ThreadId; channel: ChannelId } {
  return change.kind === "edit"
    ? { id: change.message.id, thread: change.message.thread, channel: change.message.channel }
    : { id: change.message, thread: change.thread, channel: change.channel };
}
