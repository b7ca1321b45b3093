/**
 * What staff do with tickets, by the desk's buttons and by commands. Each is one commit with its event: were it done again
 * after a death, it would undo what others have done since. What the bot is doing in a thread that has changed hands is
 * aborted after the commit.
 */
import { codeOf } from "../errors.ts";
import { audit } from "../ledger/audit.ts";
import { type Admitted, markDone } from "../ledger/inbox.ts";
import type { OutboxRow } from "../ledger/outbox.ts";
import type { Ledger, Transaction } from "../ledger.ts";
import type { Incoming, Person } from "../message.ts";
import type { Platform } from "../platform.ts";
import { platformOf, type ThreadId } from "../thread.ts";
import { retryFailed } from "./arrival.ts";
import { toStaff } from "./notices.ts";
import type { Staff } from "./staff.ts";
import { moveTicket, type TicketMoveParts, ticketMoves } from "./ticket-moves.ts";
import { type Receiver, transferTicket } from "./transfer.ts";

export interface ActionParts extends TicketMoveParts {
  ledger: Ledger;
  platforms: ReadonlyMap<string, Platform>;
  staff: Staff;
  /** Stops what the bot is doing in a thread. */
  interrupt(thread: ThreadId): void;
  /** Takes committed rows to their platforms. */
  push(rows: readonly OutboxRow[]): void;
}

type Action = Extract<Incoming, { kind: "action" }>;

export function createActions(parts: ActionParts) {
  const { ledger, clock, log } = parts;

  /** Somebody pressed a button of the desk. */
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
    return refusable(admitted, (tx) => moveTicket(tx, parts, { number, change, by }));
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

  /** Only the person who pressed sees this. */
  async function tell(action: Action, text: string): Promise<void> {
    const platform = parts.platforms.get(platformOf(action.channel));
    try {
      await platform?.answer?.(action.interaction, { text });
    } catch (error) {
      log.warn("answer.failed", { action: action.name, error });
    }
  }

  return { act, press, transfer, tell, turnAway };
}
