/**
 * What is asked of the desk by a command instead of in a conversation: a person, a private conversation, to be forgotten; and
 * by staff, too, a ticket about a message. Each is one commit with its event: what comes again after a death is the same
 * request.
 */
import type { Clock } from "../clock.ts";
import { type Admitted, markDone } from "../ledger/inbox.ts";
import type { OutboxRow } from "../ledger/outbox.ts";
import { findThread, newestThreadOf, openThread, type Thread } from "../ledger/threads.ts";
import type { Ledger, Reader, Transaction } from "../ledger.ts";
import type { Incoming, Message, Person } from "../message.ts";
import { type ChannelId, platformOf, type ThreadId } from "../thread.ts";
import { toCustomer, toStaff } from "./notices.ts";
import { type Private, type Privately, peopleHave } from "./privately.ts";
import { type Request, type RequestParts, requestTicket } from "./request.ts";

export interface CustomerCommandParts {
  ledger: Ledger;
  /** The human channel. */
  channel(): ChannelId | undefined;
  desk: Pick<RequestParts, "escalate">;
  privately: Privately;
  /** What customers are told when nobody is at the desk now; empty when somebody is. */
  away(): string;
  /** Something waits in a thread. */
  wake(thread: ThreadId): void;
  push(rows: readonly OutboxRow[]): void;
  clock: Clock;
}

type CommandCall = Extract<Incoming, { kind: "command" }>;

/** Each returns what the asker reads. */
export function createCustomerCommands(parts: CustomerCommandParts) {
  const { ledger } = parts;

  /** Who has no conversation yet gets one in private. */
  async function askForPerson(admitted: Admitted, call: CommandCall): Promise<string> {
    const { by } = call;
    const known = await ledger.read((tx) => threadOf(tx, call));
    const way = known ? undefined : await parts.privately.find(by);
    const found = async (tx: Transaction) => (await threadOf(tx, call)) ?? (way && openAt(tx, way, by));
    return request(admitted, found, toCustomer.writeFirst(), {
      by: call.by.id,
      reason: toStaff.wantsPerson(),
      lastWords: "/support person",
      notice: (ticket) => toCustomer.escalated(ticket, parts.away()),
    });
  }

  /** Nobody else is to read that: who has only written where others read is answered in private. */
  async function askToBeForgotten(admitted: Admitted, call: CommandCall): Promise<string> {
    const { by } = call;
    const known = await ledger.read((tx) => threadOf(tx, call));
    const way = known?.visibility === "shared" ? await parts.privately.find(by, known.id) : undefined;
    const found = async (tx: Transaction) => (way ? openAt(tx, way, by) : threadOf(tx, call));
    return request(admitted, found, toCustomer.nothingKept(), {
      by: by.id,
      reason: toStaff.wantsToBeForgotten(),
      lastWords: toStaff.wantsToBeForgotten(),
      notice: (ticket) => toCustomer.toForget(ticket, parts.away()),
    });
  }

  /** The private conversation with somebody; it begins now, if it is the first. */
  async function openAt(tx: Transaction, way: Private, author: Person): Promise<Thread | undefined> {
    const place = { thread: way.thread, channel: String(way.thread), visibility: "private" as const, author };
    await openThread(tx, place, parts.clock.now());
    return findThread(tx, way.thread);
  }

  /** A private conversation, with the question if there is one already. */
  async function openPrivately(admitted: Admitted, call: CommandCall, question: string): Promise<string> {
    const { by } = call;
    const way = await parts.privately.find(by, call.thread);
    if (!way) return toCustomer.writeFirst();
    const now = parts.clock.now();
    const message: Message = {
      id: `${platformOf(by.id)}:${admitted.id}`,
      thread: way.thread,
      channel: String(way.thread),
      author: by,
      text: question,
      sentAt: now,
      order: "",
      visibility: "private",
      addressed: true,
      files: [],
    };
    const { rows, answers } = await ledger.write(async (tx) => {
      await markDone(tx, [admitted.id]);
      const rows = question === "" ? await parts.privately.greet(tx, way, message) : [];
      if (question !== "") await parts.privately.ask(tx, way, message);
      const thread = await findThread(tx, way.thread);
      return { rows, answers: thread && !peopleHave(thread) };
    });
    parts.push(rows);
    parts.wake(way.thread);
    return answers ? toCustomer.wroteToYou() : toCustomer.writeThere();
  }

  /** Who wrote a message, or staff, want a ticket about it. */
  async function openAbout(
    admitted: Admitted,
    { by }: CommandCall,
    about: Message,
    isStaff: boolean,
  ): Promise<string> {
    return request(admitted, (tx) => threadAbout(tx, about), toStaff.notFromHere(), {
      by: by.id,
      reason: isStaff ? toStaff.ticketAbout(by.name) : toStaff.wantsPerson(),
      lastWords: about.text,
      about,
      notice: (ticket) => toCustomer.escalated(ticket, parts.away()),
      ...(about.author.id === by.id ? {} : { told: toStaff.ticketOfMessage }),
    });
  }

  /** The conversation of a message; one that the desk was not part of begins with it. */
  async function threadAbout(tx: Transaction, about: Message): Promise<Thread | undefined> {
    await openThread(tx, about, parts.clock.now());
    return findThread(tx, about.thread);
  }

  /** The asker's own conversation: where they are, or the newest. */
  async function threadOf(tx: Reader, call: CommandCall): Promise<Thread | undefined> {
    const here: ThreadId | undefined = call.thread;
    const thread = here && (await findThread(tx, here));
    return thread?.opener === call.by.id ? thread : newestThreadOf(tx, call.by.id);
  }

  /** @param nowhere what is said where there is no conversation */
  async function request(
    admitted: Admitted,
    find: (tx: Transaction) => Promise<Thread | undefined>,
    nowhere: string,
    asked: Request,
  ): Promise<string> {
    const done = await ledger.write(async (tx) => {
      await markDone(tx, [admitted.id]);
      const thread = await find(tx);
      const { channel, clock, desk } = parts;
      return thread && requestTicket(tx, { channel, clock, escalate: desk.escalate }, thread, asked);
    });
    if (!done) return nowhere;
    parts.push(done.rows);
    return (asked.told ?? asked.notice)(done.number);
  }

  return { askForPerson, askToBeForgotten, openPrivately, openAbout };
}
