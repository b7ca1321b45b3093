/** A ticket that somebody asks for by a command, outside of any turn. */
import type { Clock } from "../clock.ts";
import type { Priority } from "../escalation.ts";
import { audit } from "../ledger/audit.ts";
import { historyOf } from "../ledger/history.ts";
import { isHeardSoon } from "../ledger/inbox.ts";
import { enqueue, type OutboxRow } from "../ledger/outbox.ts";
import { advanceThread, moveThread, type Thread } from "../ledger/threads.ts";
import { type Asked, whoSaid, writeMessage } from "../ledger/transcript.ts";
import type { Transaction } from "../ledger.ts";
import type { Message } from "../message.ts";
import type { ChannelId } from "../thread.ts";
import { type Appeal, enqueueToStaff, moveFenceOn, type Opened } from "./open-ticket.ts";
import { relayAsked } from "./unanswered.ts";

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
  /** The message that it is about, if it is about one: from then on it is on record like what is said to the bot. */
  about?: Message;
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
      const rows = await enqueueToStaff(tx, parts, ticket, request.reason);
      const asked = await recorded(tx, parts, thread, request.about);
      // Nobody has copied its files.
      rows.push(...(await relayAsked(tx, { ...parts, filesFolder: "" }, ticket, asked)));
      return { number, rows };
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
  { reason, lastWords, about, notice, priority = "normal" }: Request,
): Promise<{ number: number; rows: OutboxRow[] }> {
  // What has been said before is what it is about, unless that has come to its end.
  const said = thread.turns > 0 ? await historyOf(tx, thread.id, historyMax, thread.since) : [];
  const opened = await parts.escalate(tx, {
    thread,
    escalation: { reason, priority },
    lastWords,
    asked: await recorded(tx, parts, thread, about),
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

/**
 * The message that a request is about. What its writer changes or takes back is followed, and forgotten with them, also
 * where the bot has had no part in it. One that still waits is put on record, and relayed, in its lane; what staff have
 * written themselves is theirs.
 */
async function recorded(
  tx: Transaction,
  { clock }: RequestParts,
  thread: Thread,
  about: Message | undefined,
): Promise<Asked[]> {
  if (!about || (await isHeardSoon(tx, about.id))) return [];
  const { id, author, text, files, sentAt } = about;
  const by = await whoSaid(tx, id);
  if (by !== undefined && by !== "customer") return [];
  if (by === undefined) {
    const seq = await advanceThread(tx, thread, { count: 1, turn: false, now: clock.now() });
    const said = { id, author: "customer" as const, by: author, text, files, at: sentAt };
    await writeMessage(tx, thread.id, seq + 1, said);
  }
  return [{ id, name: author.name, text, files }];
}
