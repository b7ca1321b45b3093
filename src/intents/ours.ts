/** The fence of writes: in the transaction that decides on one, the bot still has the thread, and the customer's yes stands. */
import { DeskError } from "../errors.ts";
import { waitingEvent } from "../ledger/inbox.ts";
import { fenced, findThread } from "../ledger/threads.ts";
import type { Reader } from "../ledger.ts";
import type { ThreadId } from "../thread.ts";

/** @throws DeskError ledger_conflict when a person has it */
export async function stillTheBots(tx: Reader, id: ThreadId): Promise<void> {
  const thread = await findThread(tx, id);
  if (thread?.control !== "automated") throw fenced(id);
}

/**
 * @param holds whether a message still says what it was taken for
 * @throws DeskError ledger_conflict when the customer has deleted it, or changed it into something else
 */
export async function stillSaid(tx: Reader, id: string, holds: (text: string) => boolean): Promise<void> {
  const event = await waitingEvent(tx, id);
  if (!event) throw new DeskError("ledger_conflict", `event ${id} does not wait any more`);
  if (event.kind === "message" && !holds(event.message.text))
    throw new DeskError("ledger_conflict", `event ${id} says something else by now`);
}
