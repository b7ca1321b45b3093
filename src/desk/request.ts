/** A ticket that somebody asks for by a command, outside of any turn. */
import type { Clock } from "../clock.ts";
import type { Priority } from "../escalation.ts";
import { audit } from "../ledger/audit.ts";
import { enqueue, type OutboxRow } from "../ledger/outbox.ts";
import { moveThread, type Thread } from "../ledger/threads.ts";
import { historyOf } from "../ledger/transcript.ts";
import type { Transaction } from "../ledger.ts";
import type { ChannelId } from "../thread.ts";
import { type Appeal, enqueueToStaff, moveFenceOn, type Opened } from "./open-ticket.ts";

export interface RequestParts {
  channel(): ChannelId | undefined;
  escalate(tx: Transaction, appeal: Appeal): Promise<Opened>;
  clock: Clock;
}

export interface Request {
  /** The UserId of who asks. */
  by: string;
  /** Why a person is needed. */
  reason: string;
  /** The customer's want in their own words, or the command's. */
  lastWords: string;
  /** The message that it is about, if it is about one. */
  asked?: Appeal["asked"];
  /** What the customer reads in the conversation. */
  notice(ticket: number): string;
  /** `normal` unless told. */
  priority?: Priority;
  /** What who asks reads, where that is not the customer. */
  told?(ticket: number): string;
}

const historyMax = 60;

/**
 * The conversation's ticket: a new one, or the one that people have already; these are then told of the request.
 * @returns undefined when a person has the conversation without any ticket
 */
export async function requestTicket(
  tx: Transaction,
  parts: RequestParts,
  thread: Thread,
  request: Request,
): Promise<{ number: number; rows: OutboxRow[] } | undefined> {
  switch (thread.control) {
    case "escalated":
    case "taken_over": {
      const number = thread.ticket;
      if (number === undefined) return undefined;
      await audit(tx, parts.clock, {
        actor: request.by,
        action: "ticket.asked_again",
        subject: String(number),
        thread: thread.id,
      });
      const ticket = { number, thread: thread.id };
      return { number, rows: await enqueueToStaff(tx, parts, ticket, request.reason) };
    }
    case "resolved":
      return open(tx, parts, await reopened(tx, thread), request);
    case "automated":
      return open(tx, parts, thread, request);
  }
}

/** What has been said there before is still to be read. */
async function reopened(tx: Transaction, thread: Thread): Promise<Thread> {
  const open = await moveThread(tx, thread, "reopen");
  await moveFenceOn(tx, thread.id);
  return open;
}

async function open(
  tx: Transaction,
  parts: RequestParts,
  thread: Thread,
  { reason, lastWords, asked, notice, priority = "normal" }: Request,
): Promise<{ number: number; rows: OutboxRow[] }> {
  // What has been said before is what it is about, unless that has come to its end.
  const said = thread.turns > 0 ? await historyOf(tx, thread.id, historyMax, thread.since) : [];
  const opened = await parts.escalate(tx, {
    thread,
    escalation: { reason, priority },
    lastWords,
    ...(asked ? { asked } : {}),
    transcript: said.map(({ item }) => item),
    sources: [],
  });
  const { number } = opened.ticket;
  const told = await enqueue(tx, parts.clock, {
    lane: thread.id,
    author: "bot",
    thread: thread.id,
    fence: opened.thread.version,
    send: { does: "post", to: { thread: thread.id }, post: { text: notice(number) } },
  });
  return { number, rows: [...opened.rows, told] };
}
