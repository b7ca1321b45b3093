/**
 * The human side: tickets and who has them.
 *
 * Taking a ticket is one commit: the thread changes hands, its version with it, and what the bot had not said yet is
 * cancelled. Then what the bot is doing is aborted; and only when nothing of it is in the air any more does the card say
 * `Taken by NAME`. From that message on the bot is silent.
 */
import type { Clock } from "../clock.ts";
import { codeOf, DeskError } from "../errors.ts";
import { audit } from "../ledger/audit.ts";
import { type Admitted, markDone } from "../ledger/inbox.ts";
import { cancelUnsent, enqueue, type OutboxRow } from "../ledger/outbox.ts";
import { findThread, moveOthers, moveThread, type Thread } from "../ledger/threads.ts";
import { changeTicket, findTicket, type Ticket, ticketsToDo } from "../ledger/tickets.ts";
import { askedIn, filesSentIn } from "../ledger/transcript.ts";
import type { Ledger, Transaction } from "../ledger.ts";
import type { Log } from "../log.ts";
import type { Incoming, Message, Person } from "../message.ts";
import type { Platform } from "../platform.ts";
import type { ChannelId, ThreadId } from "../thread.ts";
import { platformOf } from "../thread.ts";
import { isCut } from "./card.ts";
import { postOf } from "./files.ts";
import { type Change, followChange } from "./follow.ts";
import { toStaff } from "./notices.ts";
import {
  type Appeal,
  enqueueCard,
  enqueueForTicket,
  enqueueToStaff,
  moveFenceOn,
  type Opened,
  openTicketFor,
  type RuledRoute,
} from "./open-ticket.ts";
import { peopleHave } from "./privately.ts";
import { followReaction, type Reaction } from "./react.ts";
import { afterFailed, afterSent, customerToStaff, retryFailed, staffToCustomer } from "./relay.ts";
import type { Staff } from "./staff.ts";
import { stepInTo } from "./step-in.ts";
import { refusalOf, type TicketMove, ticketMoves } from "./ticket-moves.ts";
import { type Receiver, transferTicket } from "./transfer.ts";
import { relayAsked, relayPresses, relayUnanswered } from "./unanswered.ts";

export interface DeskParts {
  ledger: Ledger;
  platforms: ReadonlyMap<string, Platform>;
  /** The human channel; undefined: there is none, and tickets are only listed. */
  channel(): ChannelId | undefined;
  staff: Staff;
  queues: readonly string[];
  notePrefix: string;
  relay: "assignee" | "staff";
  /** Where copies of files lie. */
  filesFolder: string;
  /** What customers are told when nobody is at the desk now; empty when somebody is. */
  away(): string;
  route(text: string, queues: readonly string[]): RuledRoute;
  /** The promises in a text, by rules. */
  promisesIn(text: string): string[];
  /** Stops what the bot is doing in a thread. */
  interrupt(thread: ThreadId): void;
  /** Takes committed rows to their platforms. */
  push(rows: readonly OutboxRow[]): void;
  clock: Clock;
  log: Log;
}

export type Desk = ReturnType<typeof createDesk>;

/** Messages with files from before a person was asked for, as far as staff are shown them. */
const filesMax = 5;

type Action = Extract<Incoming, { kind: "action" }>;
type Trouble = Extract<Incoming, { kind: "trouble" }>;

export function createDesk(parts: DeskParts) {
  const { ledger, clock, log } = parts;

  /** In the turn's own transaction: a person is needed. */
  async function escalate(tx: Transaction, appeal: Appeal): Promise<Opened> {
    const opened = await openTicketFor(tx, parts, appeal);
    // What the card has no room for, long words and files, is read in its thread; files also from before.
    const { turn, lastWords } = appeal;
    const asked = turn === undefined ? (appeal.asked ?? []) : await askedIn(tx, appeal.thread.id, turn);
    const rest = isCut(lastWords) ? asked : asked.filter(({ files }) => files.length > 0);
    const now = new Set(asked.map(({ id }) => id));
    const before = (await filesSentIn(tx, appeal.thread.id, filesMax)).filter(({ id }) => !now.has(id));
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
   * Somebody pressed a button of the desk. What comes of it is one commit with its event: were it done again after a
   * death, it would undo what others have done since.
   */
  async function act(admitted: Admitted, action: Action): Promise<void> {
    const why = (await parts.staff.includes(action.by))
      ? await carryOut(admitted, action)
      : await refuse(admitted, action);
    if (why) await tell(action, why);
  }

  /** A button of a conversation that is not kept any more. */
  async function turnAway(admitted: Admitted, action: Action): Promise<undefined> {
    await tell(action, await nothingOf(admitted, toStaff.unknownAction()));
  }

  async function refuse({ id }: Admitted, { name, value, by }: Action): Promise<string> {
    await ledger.write(async (tx) => {
      await markDone(tx, [id]);
      await audit(tx, clock, { actor: by.id, action: "action.refused", subject: `${name} ${value}` });
    });
    log.warn("action.refused", { action: name, by: by.id });
    return toStaff.notStaff();
  }

  /** @returns why it was refused */
  function carryOut(admitted: Admitted, { name, value, by }: Action): Promise<string> {
    if (name === "message.retry") return retry(admitted, value, by);
    if (name !== "ticket.transfer") return press(admitted, name, Number(value), by);
    const [, number, queue = ""] = /^(\d{1,9}) (.+)$/.exec(value) ?? [];
    return transfer(admitted, Number(number), { queue }, by);
  }

  async function retry(admitted: Admitted, id: string, by: Person): Promise<string> {
    const { rows, why } = await ledger.write(async (tx) => {
      await markDone(tx, [admitted.id]);
      return retryFailed(tx, clock, id, by);
    });
    parts.push(rows);
    return why;
  }

  /**
   * Gives a ticket to a queue, or to somebody who has been found to be staff; twice is harmless. The event has been dealt
   * with then, whatever came of it.
   * @returns why it was refused, in words for the person who asked; empty when it was done
   */
  async function transfer(admitted: Admitted, number: number, to: Receiver, by: Person): Promise<string> {
    if (!Number.isSafeInteger(number) || ("queue" in to && !parts.queues.includes(to.queue)))
      return nothingOf(admitted, toStaff.noReceiver(parts.queues));
    return refusable(admitted, (tx) => transferTicket(tx, parts, { number, to, by }));
  }

  /**
   * A move of a ticket by a member of staff; pressing twice is harmless. The event has been dealt with then, whatever came
   * of it.
   * @returns why it was refused, in words for the person who pressed; empty when it was done
   */
  async function press(admitted: Admitted, name: string, number: number, by: Person): Promise<string> {
    const change = Object.hasOwn(ticketMoves, name) ? ticketMoves[name] : undefined;
    if (!change || !Number.isSafeInteger(number)) {
      log.warn("action.unknown", { action: name });
      return nothingOf(admitted, toStaff.unknownAction());
    }
    return refusable(admitted, (tx) => moveTicket(tx, number, change, by));
  }

  /**
   * A change of hands takes effect at once, in one commit with its event, or is refused in words.
   * @param work throws DeskError thread_move with these words
   */
  async function refusable(
    admitted: Admitted,
    work: (tx: Transaction) => Promise<{ threads: ThreadId[]; rows: OutboxRow[] }>,
  ): Promise<string> {
    try {
      const { threads, rows } = await ledger.write(async (tx) => {
        await markDone(tx, [admitted.id]);
        return work(tx);
      });
      for (const thread of threads) parts.interrupt(thread);
      parts.push(rows);
      return "";
    } catch (error) {
      if (codeOf(error) !== "thread_move" || !(error instanceof Error)) throw error;
      return nothingOf(admitted, error.message);
    }
  }

  /** Nothing comes of an event. @returns why */
  async function nothingOf({ id }: Admitted, why: string): Promise<string> {
    await ledger.write((tx) => markDone(tx, [id]));
    return why;
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

  async function moveTicket(
    tx: Transaction,
    number: number,
    change: TicketMove,
    by: Person,
  ): Promise<{ threads: ThreadId[]; rows: OutboxRow[] }> {
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
    const now = await changeTicket(
      tx,
      ticket,
      { state: change.state, assignee: taker ?? "none" },
      clock.now(),
    );
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
    if (notice) rows.push(await enqueueNotice(tx, moved, notice));
    log.info(change.action, { ticket: number, thread: thread.id, by: by.id });
    return { threads, rows };
  }

  /** The desk's own word to a customer; it loses its right when the thread changes hands again. */
  function enqueueNotice(tx: Transaction, thread: Thread, text: string): Promise<OutboxRow> {
    return enqueue(tx, clock, {
      lane: thread.id,
      author: "bot",
      thread: thread.id,
      fence: thread.version,
      send: { does: "post", to: { thread: thread.id }, post: { text } },
    });
  }

  /** Only the person who pressed sees this. */
  async function tell(action: Action, text: string): Promise<void> {
    const platform = parts.platforms.get(platformOf(action.channel));
    try {
      await platform?.answer?.(action.interaction, { text });
    } catch (error) {
      log.warn("answer.failed", { action: action.name, error });
    }
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
    escalate,
    showStaff,
    overtaken,
    relay,
    hear,
    act,
    press,
    transfer,
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
    tell,
    turnAway,
  };
}
