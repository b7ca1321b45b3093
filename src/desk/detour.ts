/**
 * Another way to a customer whom private messages do not reach any more: they close their DMs, in the middle of a
 * conversation too. What did not arrive goes to a private thread beside the shared ones, and the conversation with it:
 * who has it and its ticket are the same there, and a question of the store's is answered there. Both threads stay open:
 * it goes on where the customer writes last. Where people are in another conversation there, the bot does not talk into it:
 * they read what it was asked.
 */
import type { Clock } from "../clock.ts";
import { codeOf, faultOf } from "../errors.ts";
import { audit } from "../ledger/audit.ts";
import { enqueue, type OutboxRow, type Send } from "../ledger/outbox.ts";
import { advanceThread, continueThread, findThread, openThread, type Thread } from "../ledger/threads.ts";
import { findTicket, placeTicket, type Ticket } from "../ledger/tickets.ts";
import { turnOf, writeMessage } from "../ledger/transcript.ts";
import type { Ledger, Transaction } from "../ledger.ts";
import type { Log } from "../log.ts";
import type { ChannelId, ThreadId } from "../thread.ts";
import { afterFailed } from "./arrival.ts";
import { toStaff } from "./notices.ts";
import { enqueueToStaff } from "./open-ticket.ts";
import { type Private, type Privately, peopleHave } from "./privately.ts";
import { relayUnanswered } from "./unanswered.ts";

export interface DetourParts {
  ledger: Ledger;
  channel(): ChannelId | undefined;
  privately: Pick<Privately, "find">;
  /** Where copies of files lie. */
  filesFolder: string;
  /** In the caller's transaction: a question of the store's is answered in this thread from now on. */
  moveQuestion(tx: Transaction, confirmation: string, thread: ThreadId): Promise<void>;
  clock: Clock;
  log: Log;
}

export function createDetour(parts: DetourParts) {
  const { ledger, clock } = parts;

  /** Where a row can go instead; undefined when it is no customer's, not for this reason, or there is no other way. */
  async function find(row: OutboxRow, error: unknown): Promise<Private | undefined> {
    const { thread } = row;
    if (codeOf(error) !== "platform_unreachable" || !thread || !postOf(row)) return undefined;
    const from = await ledger.read((tx) => findThread(tx, thread));
    if (from?.visibility !== "private") return undefined;
    const way = await parts.privately.find({ id: from.opener, tenant: from.tenant, name: from.openerName });
    return way?.thread === from.id ? undefined : way;
  }

  /** In the transaction that gives the row up. */
  async function take(tx: Transaction, row: OutboxRow, error: unknown, to: Private): Promise<OutboxRow[]> {
    const from = row.thread === undefined ? undefined : await findThread(tx, row.thread);
    const post = postOf(row);
    if (!from || !post) return [];
    const { thread, told, follows } = await goOn(tx, from, to, error);
    if (row.author === "bot" && !follows && peopleHave(thread)) return unsaid(tx, row, from, thread, error);
    const { replyTo: _, ...content } = post.post;
    const again = await enqueue(tx, clock, {
      lane: thread.id,
      author: row.author,
      thread: thread.id,
      ...(row.author === "bot" ? { fence: thread.version } : {}),
      ...(row.source === undefined ? {} : { source: row.source }),
      send: { ...post, to: { thread: thread.id }, post: content },
    });
    const turn = await turnOf(tx, row.id);
    const seq = await advanceThread(tx, thread, { count: 1, turn: false, now: clock.now() });
    await writeMessage(tx, thread.id, seq + 1, {
      id: again.id,
      author: row.author === "staff" ? "staff" : "bot",
      text: content.text,
      // A plain yes is about the question of the last turn that spoke.
      ...(turn === undefined ? {} : { turn }),
      at: clock.now(),
    });
    if (content.confirmation) await parts.moveQuestion(tx, content.confirmation.id, thread.id);
    return [again, ...told];
  }

  /** The bot's words for a conversation that is not the one that people have there. */
  async function unsaid(
    tx: Transaction,
    row: OutboxRow,
    from: Thread,
    there: Thread,
    error: unknown,
  ): Promise<OutboxRow[]> {
    if (there.ticket === undefined || (await unresolved(tx, from))) return afterFailed(tx, parts, row, error);
    return relayUnanswered(tx, parts, { number: there.ticket, thread: there.id }, [row.id]);
  }

  /** The conversation goes on there, if it is a ticket's; staff are told when it does for the first time. */
  async function goOn(
    tx: Transaction,
    from: Thread,
    to: Private,
    error: unknown,
  ): Promise<{ thread: Thread; told: OutboxRow[]; follows: boolean }> {
    const author = { id: from.opener, tenant: from.tenant, name: from.openerName };
    const place = { thread: to.thread, channel: String(to.thread), visibility: "private" as const, author };
    await openThread(tx, place, clock.now());
    const there = (await findThread(tx, to.thread)) as Thread;
    const ticket = await unresolved(tx, from);
    const theirs = await unresolved(tx, there);
    if (!ticket || (theirs && theirs.number !== ticket.number))
      return { thread: there, told: [], follows: false };
    const thread = await continueThread(tx, from, there);
    if (ticket.thread === thread.id) return { thread, told: [], follows: true };
    await placeTicket(tx, ticket.number, thread.id);
    await audit(tx, clock, {
      actor: "bot",
      action: "thread.detoured",
      subject: thread.id,
      thread: from.id,
      detail: { way: to.way, ticket: ticket.number },
    });
    const told = await enqueueToStaff(tx, parts, ticket, toStaff.detoured(to.way, faultOf(error)));
    parts.log.info("thread.detoured", { from: from.id, to: thread.id, ticket: ticket.number, way: to.way });
    return { thread, told, follows: true };
  }

  return { find, take };
}

/** A row that says something to a customer in their own thread. */
function postOf(row: OutboxRow): Extract<Send, { does: "post" }> | undefined {
  const { send } = row;
  return send.does === "post" && row.lane === row.thread ? send : undefined;
}

async function unresolved(tx: Transaction, thread: Thread): Promise<Ticket | undefined> {
  const ticket = thread.ticket === undefined ? undefined : await findTicket(tx, thread.ticket);
  return ticket?.state === "resolved" ? undefined : ticket;
}
