/** A ticket changes hands among staff: to a colleague, who then has it, or to a queue, where it waits for anybody. */
import type { Clock } from "../clock.ts";
import { DeskError } from "../errors.ts";
import { audit } from "../ledger/audit.ts";
import { cancelUnsent } from "../ledger/fence.ts";
import type { OutboxRow } from "../ledger/outbox.ts";
import { findThread, moveOthers, moveThread } from "../ledger/threads.ts";
import { changeTicket, findTicket } from "../ledger/tickets.ts";
import type { Transaction } from "../ledger.ts";
import type { Person } from "../message.ts";
import type { ChannelId, ThreadId } from "../thread.ts";
import { toStaff } from "./notices.ts";
import { enqueueCard, enqueueToStaff, moveFenceOn } from "./open-ticket.ts";
import { relayUnanswered } from "./unanswered.ts";

export type Receiver = { queue: string } | { person: Pick<Person, "id" | "name"> };

export interface TransferParts {
  channel(): ChannelId | undefined;
  queues: readonly string[];
  /** Where copies of files lie. */
  filesFolder: string;
  clock: Clock;
}

/**
 * @param to a queue that exists, or a member of staff
 * @throws DeskError thread_move with words for the person who asked, when it is not to be done
 */
export async function transferTicket(
  tx: Transaction,
  parts: TransferParts,
  asked: { number: number; to: Receiver; by: Person },
): Promise<{ threads: ThreadId[]; rows: OutboxRow[] }> {
  const { number, to, by } = asked;
  const ticket = await findTicket(tx, number);
  const thread = ticket && (await findThread(tx, ticket.thread));
  if (!ticket || !thread) throw new DeskError("thread_move", toStaff.noTicket(number));
  if (thread.ticket !== undefined && thread.ticket !== number)
    throw new DeskError("thread_move", toStaff.isNow(thread.ticket));
  if (ticket.state === "resolved" || thread.ticket !== number)
    throw new DeskError("thread_move", toStaff.notNow(ticket.state));
  if ("queue" in to && ticket.state === "open" && ticket.queue === to.queue)
    throw new DeskError("thread_move", toStaff.alreadyIn(to.queue));
  if ("person" in to && ticket.state === "taken" && ticket.assignee === to.person.id)
    throw new DeskError("thread_move", toStaff.alreadyTaken(to.person.name));
  const [how, change] =
    "queue" in to ? (["transfer", {}] as const) : (["take_over", { assignee: to.person }] as const);
  await moveThread(tx, thread, how, change);
  const threads = [thread.id, ...(await moveOthers(tx, thread, how, change))];
  const unsaid: string[] = [];
  // Nobody has taken it from the bot: what that has answered before is still to be read.
  const stillSaid = "queue" in to && thread.control === "escalated";
  for (const id of threads) {
    if (stillSaid) await moveFenceOn(tx, id);
    else unsaid.push(...(await cancelUnsent(tx, id, "ticket.transferred")));
  }
  const now = await changeTicket(
    tx,
    ticket,
    "queue" in to
      ? {
          state: "open",
          assignee: "none",
          queue: to.queue,
          brief: { ...ticket.brief, queueByStaff: true },
        }
      : { state: "taken", assignee: to.person },
    parts.clock.now(),
  );
  await audit(tx, parts.clock, {
    actor: by.id,
    action: "ticket.transferred",
    subject: String(number),
    thread: thread.id,
    detail: { to: "queue" in to ? to.queue : to.person.id },
  });
  const receiver = "queue" in to ? to.queue : to.person.name;
  return {
    threads,
    rows: [
      ...(await enqueueCard(tx, parts, now, threads)),
      ...(await enqueueToStaff(tx, parts, now, toStaff.transferred(receiver, by.name), threads)),
      ...(await relayUnanswered(tx, parts, now, unsaid)),
    ],
  };
}
