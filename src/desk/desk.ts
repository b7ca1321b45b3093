/**
 * The human side: what customers and staff say to each other, and what comes of a ticket.
 *
 * Taking a ticket is one commit (`ticket-moves.ts`): the thread changes hands, its version with it, and what the bot had not
 * said yet is cancelled. Then what the bot is doing is aborted (`actions.ts`); and only when nothing of it is in the air any
 * more does the card say `Taken by NAME`. From that message on the bot is silent.
 */
import { type Admitted, markDone } from "../ledger/inbox.ts";
import { enqueue, type OutboxRow } from "../ledger/outbox.ts";
import { findThread, type Thread } from "../ledger/threads.ts";
import { findTicket, type Ticket, ticketsToDo } from "../ledger/tickets.ts";
import { askedIn, filesSentIn } from "../ledger/transcript.ts";
import type { Transaction } from "../ledger.ts";
import type { Incoming, Message } from "../message.ts";
import type { ChannelId } from "../thread.ts";
import { type ActionParts, createActions } from "./actions.ts";
import { afterFailed, afterSent } from "./arrival.ts";
import { isCut } from "./card.ts";
import { postOf } from "./files.ts";
import { type Change, followChange } from "./follow.ts";
import { type Appeal, enqueueForTicket, type Opened, openTicketFor, type RuledRoute } from "./open-ticket.ts";
import { peopleHave } from "./privately.ts";
import { followReaction, type Reaction } from "./react.ts";
import { customerToStaff, staffToCustomer } from "./relay.ts";
import { stepInTo } from "./step-in.ts";
import { relayAsked, relayPresses, relayUnanswered } from "./unanswered.ts";

export interface DeskParts extends ActionParts {
  /** The human channel; undefined: there is none, and tickets are only listed. */
  channel(): ChannelId | undefined;
  notePrefix: string;
  relay: "assignee" | "staff";
  /** What customers are told when nobody is at the desk now; empty when somebody is. */
  away(): string;
  route(text: string, queues: readonly string[]): RuledRoute;
  /** The promises in a text, by rules. */
  promisesIn(text: string): string[];
}

export type Desk = ReturnType<typeof createDesk>;

/** Messages with files from before a person was asked for, as far as staff are shown them. */
const filesMax = 5;

type Trouble = Extract<Incoming, { kind: "trouble" }>;

export function createDesk(parts: DeskParts) {
  const { ledger, clock, log } = parts;
  const actions = createActions(parts);

  /** In the turn's own transaction: a person is needed. */
  async function escalate(tx: Transaction, appeal: Appeal): Promise<Opened> {
    const opened = await openTicketFor(tx, parts, appeal);
    // What the card has no room for, long words and files, is read in its thread; files also from before. So is what
    // somebody else has asked in the customer's thread: the card names the customer.
    const { turn, lastWords, thread } = appeal;
    const asked = turn === undefined ? (appeal.asked ?? []) : await askedIn(tx, thread.id, turn);
    const others = thread.visibility === "shared" && asked.some(({ name }) => name !== thread.openerName);
    const rest = isCut(lastWords) || others ? asked : asked.filter(({ files }) => files.length > 0);
    const now = new Set(asked.map(({ id }) => id));
    const before = (await filesSentIn(tx, thread.id, filesMax)).filter(({ id }) => !now.has(id));
    opened.rows.push(...(await relayAsked(tx, parts, opened.ticket, [...before, ...rest])));
    return opened;
  }

  /** A customer's words in a thread that the bot does not have. */
  async function relay(thread: Thread, admitted: readonly Admitted[]): Promise<void> {
    parts.push(await ledger.write((tx) => customerToStaff(tx, parts, thread, admitted)));
    log.info("message.relayed", { thread: thread.id, to: "staff", count: admitted.length });
  }

  /** Somebody wrote in the human channel. */
  async function hear(admitted: Admitted, message: Message): Promise<void> {
    const mayAnswer = parts.relay === "staff" && (await parts.staff.includesWriter(message.author));
    parts.push(await ledger.write((tx) => staffToCustomer(tx, parts, admitted, message, mayAnswer)));
  }

  /**
   * Whether a message is a staff member's word to the customer: in a thread that others can read, or in somebody else's
   * private one that staff have come into.
   */
  async function isStaffIn({ thread, visibility, author }: Message): Promise<boolean> {
    if (visibility === "private") {
      const known = await ledger.read((tx) => findThread(tx, thread));
      if (!known || known.opener === author.id) return false;
    }
    return parts.staff.includes(author);
  }

  /**
   * Staff answer in the customer's own thread: from this word on it is theirs.
   * @param unheard what the customer has written before, and nobody has dealt with
   */
  async function stepIn(admitted: Admitted, message: Message, unheard: readonly Admitted[]): Promise<void> {
    const { threads, rows } = await ledger.write((tx) => stepInTo(tx, parts, admitted, message, unheard));
    for (const thread of threads) parts.interrupt(thread);
    parts.push(rows);
  }

  /** A message changed after it was dealt with. */
  async function follow(admitted: Admitted, change: Change | Reaction): Promise<void> {
    const follows = (tx: Transaction) =>
      change.kind === "reaction"
        ? followReaction(tx, parts, admitted, change)
        : followChange(tx, parts, admitted, change);
    parts.push(await ledger.write(follows));
  }

  /** Something is wrong with a platform: staff hear of it where they are. */
  async function warn(admitted: Admitted, trouble: Trouble): Promise<void> {
    log.error("platform.trouble", { code: trouble.code, channel: trouble.channel, text: trouble.text });
    const channel = parts.channel();
    const rows = await ledger.write(async (tx) => {
      await markDone(tx, [admitted.id]);
      if (!channel || trouble.channel === channel) return [];
      const post = { text: `⚠️ ${trouble.text}` };
      return [
        await enqueue(tx, clock, {
          lane: channel,
          author: "desk",
          send: { does: "post", to: { channel }, post },
        }),
      ];
    });
    parts.push(rows);
  }

  /** In the caller's transaction: staff are shown what a customer wrote or pressed, where a person has the thread. */
  async function showStaff(tx: Transaction, thread: Thread, admitted: Admitted): Promise<OutboxRow[]> {
    const { ticket } = thread;
    const { event } = admitted;
    if (ticket === undefined || !parts.channel()) return [];
    if (event.kind !== "message") return relayPresses(tx, parts, thread, [admitted]);
    const { message } = event;
    const post = { ...postOf(message, parts.filesFolder), as: message.author.name };
    const send = { does: "post" as const, to: { ticket }, post };
    const of = { number: ticket, thread: thread.id };
    return [await enqueueForTicket(tx, clock, of, { author: "customer", source: message.id, send })];
  }

  /** What the bot was about to say when a person came is never said: they see what it would have answered. */
  async function overtaken(tx: Transaction, row: OutboxRow): Promise<OutboxRow[]> {
    const thread = row.thread === undefined ? undefined : await findThread(tx, row.thread);
    if (!thread || row.author !== "bot" || thread.ticket === undefined) return [];
    const ticket = peopleHave(thread) ? await findTicket(tx, thread.ticket) : undefined;
    return ticket ? relayUnanswered(tx, parts, ticket, [row.id]) : [];
  }

  return {
    ...actions,
    escalate,
    showStaff,
    overtaken,
    relay,
    hear,
    /** Whether a message belongs to the staff's side. */
    hosts: (message: Message): boolean => message.channel === parts.channel(),
    /** Unresolved tickets, those that wait first. */
    tickets: (limit: number): Promise<Ticket[]> => ledger.read((tx) => ticketsToDo(tx, limit)),
    sent: (tx: Transaction, row: OutboxRow, posted: Parameters<typeof afterSent>[3]) =>
      afterSent(tx, clock, row, posted),
    failed: (tx: Transaction, row: OutboxRow, error: unknown) => afterFailed(tx, parts, row, error),
    follow,
    isStaffIn,
    stepIn,
    warn,
  };
}
