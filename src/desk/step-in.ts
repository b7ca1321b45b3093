/** A takeover without a button: a member of staff answers the customer in the customer's own thread. */

import { audit } from "../ledger/audit.ts";
import { cancelUnsent } from "../ledger/fence.ts";
import { historyOf } from "../ledger/history.ts";
import { type Admitted, markHeard } from "../ledger/inbox.ts";
import type { OutboxRow } from "../ledger/outbox.ts";
import { advanceThread, findThread, moveOthers, moveThread, type Thread } from "../ledger/threads.ts";
import { changeTicket, findTicket, openTicket, placeTicket, type Ticket } from "../ledger/tickets.ts";
import { sourcesOf, writeMessage } from "../ledger/transcript.ts";
import type { Transaction } from "../ledger.ts";
import type { Message } from "../message.ts";
import type { ThreadId, UserId } from "../thread.ts";
import { askOf, briefOf } from "./brief.ts";
import { toStaff } from "./notices.ts";
import { enqueueCard, enqueueToStaff, type OpenTicketParts } from "./open-ticket.ts";
import { messagesOf } from "./relay.ts";
import { relayUnanswered, relayUntold, type UnansweredParts } from "./unanswered.ts";

const historyMax = 60;

/** @returns the threads that have changed hands, and what follows */
export async function stepInTo(
  tx: Transaction,
  parts: OpenTicketParts & UnansweredParts,
  admitted: Admitted,
  message: Message,
  unheard: readonly Admitted[],
): Promise<{ threads: ThreadId[]; rows: OutboxRow[] }> {
  const { clock } = parts;
  const { author } = message;
  await markHeard(tx, [admitted]);
  const before = await findThread(tx, message.thread);
  if (!before || isTheirOwn(before, author.id, unheard)) return { threads: [], rows: [] };
  const mine = before.control === "taken_over" && before.assignee === author.id;
  const ticket = await ticketFor(tx, parts, before, unheard);
  const thread = mine
    ? before
    : await moveThread(tx, before, "take_over", { assignee: author, ticket: ticket.number });
  const seq = await advanceThread(tx, thread, { count: 1, turn: false, now: clock.now() });
  await writeMessage(tx, thread.id, seq + 1, {
    id: message.id,
    author: "staff",
    by: author,
    text: message.text,
    files: message.files,
    at: message.sentAt,
  });
  if (mine) return { threads: [], rows: [] };
  const unsaid = await cancelUnsent(tx, thread.id, "ticket.taken");
  const others = await moveOthers(tx, thread, "take_over", { assignee: author });
  const unsaidThere: string[] = [];
  for (const other of others) unsaidThere.push(...(await cancelUnsent(tx, other, "ticket.taken")));
  const threads = [thread.id, ...others];
  await placeTicket(tx, ticket.number, thread.id);
  const taken = await changeTicket(
    tx,
    { ...ticket, thread: thread.id },
    { state: "taken", assignee: author },
    clock.now(),
  );
  await audit(tx, clock, {
    actor: author.id,
    action: "ticket.taken",
    subject: String(taken.number),
    thread: thread.id,
  });
  const rows = [
    ...(await enqueueCard(tx, parts, taken, threads)),
    ...(await enqueueToStaff(tx, parts, taken, toStaff.taken(author.name), threads)),
    ...(await relayUntold(tx, parts, taken, unsaid)),
    ...(await relayUnanswered(tx, parts, taken, unsaidThere)),
  ];
  return { threads, rows };
}

/** A thread that staff opened themselves, or in which only they have written, is no customer's before one asks something. */
function isTheirOwn(thread: Thread, author: UserId, unheard: readonly Admitted[]): boolean {
  if (thread.turns > 0 || unheard.length > 0) return false;
  const untouched = thread.control === "automated" && thread.ticket === undefined;
  return thread.opener === author || (thread.visibility === "shared" && untouched);
}

/** The thread's unresolved ticket, or a new one. */
async function ticketFor(
  tx: Transaction,
  parts: OpenTicketParts,
  thread: Thread,
  unheard: readonly Admitted[],
): Promise<Ticket> {
  const known = thread.ticket === undefined ? undefined : await findTicket(tx, thread.ticket);
  if (known && known.state !== "resolved") return known;
  const history = (await historyOf(tx, thread.id, historyMax)).map((one) => one.item);
  const last = history.findLast((item) => item.role === "customer");
  const waiting = messagesOf(unheard).map(({ text }) => text);
  const lastWords = waiting.join("\n") || (last?.role === "customer" ? last.text : "");
  const { queue, language } = parts.route(lastWords, parts.queues);
  const reason = "A member of staff answered in the customer's thread.";
  const brief = briefOf({
    customer: thread.openerName,
    lastWords,
    tried: await sourcesOf(tx, thread.id, 6),
    transcript: history,
    reason,
  });
  const fresh = {
    thread: thread.id,
    ask: askOf(lastWords),
    reason,
    priority: "normal" as const,
    queue,
    language,
    brief,
  };
  return openTicket(tx, fresh, parts.clock.now());
}
