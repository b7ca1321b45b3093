/** From a thread that others can read to one that only the customer and the desk see: their question goes along. */
import type { Clock } from "../clock.ts";
import { audit } from "../ledger/audit.ts";
import { admit } from "../ledger/inbox.ts";
import { enqueue, type OutboxRow } from "../ledger/outbox.ts";
import { findThread, openThread, type Thread } from "../ledger/threads.ts";
import { carryTicket, findTicket } from "../ledger/tickets.ts";
import type { Transaction } from "../ledger.ts";
import type { Log } from "../log.ts";
import type { Message, Person } from "../message.ts";
import type { Platform } from "../platform.ts";
import { type ChannelId, platformOf, type ThreadId } from "../thread.ts";
import { toCustomer, toStaff } from "./notices.ts";
import { enqueueToStaff } from "./open-ticket.ts";

/** The private thread, and which way it was found. */
export interface Private {
  thread: ThreadId;
  way: "direct" | "private_thread";
}

/** Whether a conversation is not the bot's: a person has it, or is awaited. */
export const peopleHave = ({ control }: Pick<Thread, "control">): boolean =>
  control === "taken_over" || control === "escalated";

export interface PrivatelyParts {
  platforms: ReadonlyMap<string, Platform>;
  channel(): ChannelId | undefined;
  clock: Clock;
  log: Log;
}

export type Privately = ReturnType<typeof createPrivately>;

export function createPrivately(parts: PrivatelyParts) {
  const { clock } = parts;

  /** The private thread with a person; undefined when there is no way to them. The same again when asked again. */
  async function find(person: Person, near?: ThreadId): Promise<Private | undefined> {
    try {
      return await parts.platforms.get(platformOf(person.id))?.direct?.(person, near);
    } catch (error) {
      parts.log.warn("direct.failed", { user: person.id, error });
      return undefined;
    }
  }

  /** What they have asked is asked there, once, however often this is done; the ticket goes along. */
  async function carryOver(
    tx: Transaction,
    from: Thread,
    to: Private,
    messages: readonly Message[],
  ): Promise<OutboxRow[]> {
    for (const message of messages) await ask(tx, to, message);
    await audit(tx, clock, {
      actor: "bot",
      action: "thread.went_private",
      subject: to.thread,
      thread: from.id,
      detail: { way: to.way },
    });
    const ticket = from.ticket === undefined ? undefined : await findTicket(tx, from.ticket);
    if (!ticket || ticket.state === "resolved") return [];
    const there = await findThread(tx, to.thread);
    const theirs = there?.ticket === undefined ? undefined : await findTicket(tx, there.ticket);
    if (!theirs || theirs.state === "resolved") await carryTicket(tx, ticket.number, from.id, to.thread);
    return enqueueToStaff(tx, parts, ticket, toStaff.wentPrivate(to.way));
  }

  /** As if they had written it there. */
  async function ask(tx: Transaction, to: Private, message: Message): Promise<void> {
    const id = `${message.id}/private`;
    const there: Message = {
      ...message,
      id,
      thread: to.thread,
      channel: String(to.thread),
      visibility: "private",
      addressed: true,
    };
    await openThread(tx, there, clock.now());
    await admit(tx, to.thread, { kind: "message", keys: [id], message: there }, clock);
  }

  /** A private conversation that the desk begins; where a person has it, or is awaited, it says nothing. */
  async function greet(tx: Transaction, to: Private, message: Message): Promise<OutboxRow[]> {
    await openThread(tx, { ...message, thread: to.thread, channel: String(to.thread) }, clock.now());
    const thread = await findThread(tx, to.thread);
    if (!thread || peopleHave(thread)) return [];
    const post = { text: toCustomer.greeting() };
    return [
      await enqueue(tx, clock, {
        lane: to.thread,
        author: "bot",
        thread: to.thread,
        fence: thread.version,
        send: { does: "post", to: { thread: to.thread }, post },
      }),
    ];
  }

  return { find, carryOver, ask, greet };
}
