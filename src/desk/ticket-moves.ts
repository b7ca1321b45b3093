/** Take, hand back, resolve: what each changes, in one transaction, and when it does not fit any more. */
import type { Clock } from "../clock.ts";
import { DeskError } from "../errors.ts";
import { audit } from "../ledger/audit.ts";
import { cancelUnsent } from "../ledger/fence.ts";
import { enqueue, type OutboxRow } from "../ledger/outbox.ts";
import { findThread, moveOthers, moveThread, type Thread } from "../ledger/threads.ts";
import { changeTicket, findTicket, type Ticket } from "../ledger/tickets.ts";
import type { Transaction } from "../ledger.ts";
import type { Log } from "../log.ts";
import type { Person } from "../message.ts";
import { type ChannelId, type Move, moves, type ThreadId } from "../thread.ts";
import { toCustomer, toStaff } from "./notices.ts";
import { enqueueCard, enqueueToStaff, moveFenceOn } from "./open-ticket.ts";
import { relayUnanswered } from "./unanswered.ts";

export interface TicketMoveParts {
  channel(): ChannelId | undefined;
  queues: readonly string[];
  /** Where copies of files lie. */
  filesFolder: string;
  clock: Clock;
  log: Log;
}

/** What staff can do with a ticket. */
interface TicketMove {
  how: Move;
  action: string;
  state: Ticket["state"];
  toStaff(name: string): string;
  toCustomer?(number: number): string;
}

export const ticketMoves: Readonly<Record<string, TicketMove>> = {
  "ticket.take": { how: "take_over", action: "ticket.taken", state: "taken", toStaff: toStaff.taken },
  "ticket.hand_back": {
    how: "hand_back",
    action: "ticket.handed_back",
    state: "handed_back",
    toStaff: toStaff.handedBack,
    toCustomer: toCustomer.handedBack,
  },
  "ticket.resolve": {
    how: "resolve",
    action: "ticket.resolved",
    state: "resolved",
    toStaff: toStaff.resolved,
    toCustomer: toCustomer.resolved,
  },
};

/** Why a ticket's thread is not moved, in words for the person who asked; undefined when it can be. */
function refusalOf(ticket: Ticket, thread: Thread, how: Move): string | undefined {
  if (thread.ticket !== undefined && thread.ticket !== ticket.number) return toStaff.isNow(thread.ticket);
  if (how === "take_over" && thread.control === "taken_over")
    return toStaff.alreadyTaken(thread.assigneeName ?? "Somebody");
  // What its customer has come back to is the bot's again, and no part of a ticket that is over.
  const isOver = ticket.state === "resolved" && how !== "take_over";
  const fits = thread.ticket !== undefined && !isOver && moves[thread.control][how] !== undefined;
  return fits ? undefined : toStaff.notNow(ticket.state);
}

/**
 * One commit: the thread changes hands, its version with it, and what the bot had not said yet is cancelled, in all threads
 * of the ticket. The card says so once nothing of the bot is on its way there any more.
 * @throws DeskError thread_move with words for the person who asked, when it is not to be done
 */
export async function moveTicket(
  tx: Transaction,
  parts: TicketMoveParts,
  asked: { number: number; change: TicketMove; by: Person },
): Promise<{ threads: ThreadId[]; rows: OutboxRow[] }> {
  const { clock, log } = parts;
  const { number, change, by } = asked;
  const ticket = await findTicket(tx, number);
  const thread = ticket && (await findThread(tx, ticket.thread));
  if (!ticket || !thread) throw new DeskError("thread_move", toStaff.noTicket(number));
  const refusal = refusalOf(ticket, thread, change.how);
  if (refusal !== undefined) throw new DeskError("thread_move", refusal);
  const taker = change.how === "take_over" ? by : undefined;
  const hands = taker ? { assignee: taker } : {};
  const moved = await moveThread(tx, thread, change.how, hands);
  const threads = [thread.id, ...(await moveOthers(tx, thread, change.how, hands))];
  const unsaid: string[] = [];
  // Nobody had taken it: what the bot has answered before is still to be read.
  const stillSaid = change.how === "hand_back" && thread.control === "escalated";
  for (const id of threads) {
    if (stillSaid) await moveFenceOn(tx, id);
    else unsaid.push(...(await cancelUnsent(tx, id, change.action)));
  }
  const now = await changeTicket(tx, ticket, { state: change.state, assignee: taker ?? "none" }, clock.now());
  await audit(tx, clock, {
    actor: by.id,
    action: change.action,
    subject: String(number),
    thread: thread.id,
  });
  const rows = [
    ...(await enqueueCard(tx, parts, now, threads)),
    ...(await enqueueToStaff(tx, parts, now, change.toStaff(by.name), threads)),
    ...(change.how === "hand_back" ? [] : await relayUnanswered(tx, parts, now, unsaid)),
  ];
  const notice = change.toCustomer?.(number);
  if (notice) rows.push(await enqueueNotice(tx, clock, moved, notice));
  log.info(change.action, { ticket: number, thread: thread.id, by: by.id });
  return { threads, rows };
}

/** The desk's own word to a customer; it loses its right when the thread changes hands again. */
function enqueueNotice(tx: Transaction, clock: Clock, thread: Thread, text: string): Promise<OutboxRow> {
  return enqueue(tx, clock, {
    lane: thread.id,
    author: "bot",
    thread: thread.id,
    fence: thread.version,
    send: { does: "post", to: { thread: thread.id }, post: { text } },
  });
}
