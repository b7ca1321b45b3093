/**
 * Whether words between the two sides have arrived: staff see ✅ on those of theirs that have, are told which have not and
 * why, and may have them sent after all.
 */
import type { Clock } from "../clock.ts";
import { codeOf, faultOf } from "../errors.ts";
import { audit } from "../ledger/audit.ts";
import { fenceOf } from "../ledger/fence.ts";
import { enqueue, findRow, type OutboxRow, requeue, type Send } from "../ledger/outbox.ts";
import { findThread } from "../ledger/threads.ts";
import { findTicket, type Ticket } from "../ledger/tickets.ts";
import type { Transaction } from "../ledger.ts";
import type { Person } from "../message.ts";
import type { Post, Posted } from "../platform.ts";
import { toStaff } from "./notices.ts";
import { enqueueForTicket, type ToStaffParts } from "./open-ticket.ts";

/** What follows when a row has been sent: staff see ✅ on words that have reached the customer. */
export async function afterSent(
  tx: Transaction,
  clock: Clock,
  row: OutboxRow,
  posted: Posted | undefined,
): Promise<OutboxRow[]> {
  if (row.author !== "staff" || row.send.does !== "post" || !row.source || !posted) return [];
  const ticket = await ticketOf(tx, row);
  if (!ticket) return [];
  return [
    await enqueueForTicket(tx, clock, ticket, {
      author: "desk",
      send: { does: "mark", message: row.source, mark: "sent", set: true },
    }),
  ];
}

/** What follows when a row will never be sent: staff are told, and why. */
export async function afterFailed(
  tx: Transaction,
  parts: ToStaffParts,
  row: OutboxRow,
  error: unknown,
): Promise<OutboxRow[]> {
  const ticket = await ticketOf(tx, row);
  if (ticket && isForStaff(row) && codeOf(error) === "platform_unreachable") {
    return inChannel(tx, parts, ticket, row);
  }
  const told = missing(row, faultOf(error));
  if (!ticket || told === undefined) return [];
  const rows: OutboxRow[] = [];
  if (row.author === "staff" && row.source) {
    rows.push(
      await enqueueForTicket(tx, parts.clock, ticket, {
        author: "desk",
        send: { does: "mark", message: row.source, mark: "failed", set: true },
      }),
    );
  }
  if (!parts.channel()) return rows;
  const post: Post = {
    text: told,
    buttons: [{ label: "Retry", action: "message.retry", value: row.id }],
  };
  const send: Send = { does: "post", to: { ticket: ticket.number }, post };
  rows.push(await enqueueForTicket(tx, parts.clock, ticket, { author: "desk", send }));
  return rows;
}

/** The desk's own word in a ticket's thread. */
const isForStaff = (row: OutboxRow): boolean => row.author === "desk" && row.lane !== row.thread;

/** The ticket's thread is gone: what stands in it nobody reads. Whose words these are is kept with them, for erasures. */
async function inChannel(
  tx: Transaction,
  { clock, channel }: ToStaffParts,
  ticket: Ticket,
  { send, thread = ticket.thread }: OutboxRow,
): Promise<OutboxRow[]> {
  const office = channel();
  if (!office || send.does !== "post" || !("ticket" in send.to)) return [];
  const post = { ...send.post, text: `Ticket #${ticket.number}: ${send.post.text}` };
  return [
    await enqueue(tx, clock, {
      lane: office,
      thread,
      author: "desk",
      send: { does: "post", to: { channel: office }, post },
    }),
  ];
}

/** What one side does not have of the other's words; undefined where none are missing. */
function missing({ send, lane, thread, author }: OutboxRow, why: string): string | undefined {
  const changes = send.does === "edit" || send.does === "remove";
  if (lane !== thread) {
    return author === "customer" && (changes || send.does === "post") ? toStaff.unshown(why) : undefined;
  }
  if (send.does === "post") return toStaff.undelivered(why);
  return author === "staff" && changes ? toStaff.unchanged(why) : undefined;
}

/**
 * A member of staff wants a failed row sent after all.
 * @returns why it is not sent; empty when it is
 */
export async function retryFailed(
  tx: Transaction,
  clock: Clock,
  id: string,
  by: Person,
): Promise<{ rows: OutboxRow[]; why: string }> {
  const row = await requeue(tx, id, clock.now());
  if (!row) {
    const now = (await findRow(tx, id))?.state ?? "cancelled";
    return { rows: [], why: now === "cancelled" ? toStaff.nothingToSend() : toStaff.notFailed() };
  }
  await audit(tx, clock, {
    actor: by.id,
    action: "message.retried",
    subject: id,
    ...(row.thread ? { thread: row.thread } : {}),
  });
  const ticket = await ticketOf(tx, row);
  const fence = await fenceOf(tx, id);
  // Its sender finds that out, too, and shows who has the thread what had been asked.
  const isVoid = fence?.fence !== undefined && fence.fence !== fence.version;
  if (!ticket || !row.source || row.author !== "staff")
    return { rows: [row], why: isVoid ? toStaff.changedHands() : "" };
  const send: Send = { does: "mark", message: row.source, mark: "failed", set: false };
  const unmarked = await enqueueForTicket(tx, clock, ticket, { author: "desk", send });
  return { rows: [row, unmarked], why: "" };
}

async function ticketOf(tx: Transaction, row: OutboxRow): Promise<Ticket | undefined> {
  const thread = row.thread ? await findThread(tx, row.thread) : undefined;
  return thread?.ticket === undefined ? undefined : findTicket(tx, thread.ticket);
}
