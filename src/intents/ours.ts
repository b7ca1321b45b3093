/** The fence of writes: in the transaction that decides on one, the bot still has the thread, and the customer's yes stands. */
import { DeskError } from "../errors.ts";
import { stillWaits } from "../ledger/inbox.ts";
import { fenced, findThread } from "../ledger/threads.ts";
import type { Reader } from "../ledger.ts";
import type { ThreadId } from "../thread.ts";

/** @throws DeskError ledger_conflict when a person has it */
export async function stillTheBots(tx: Reader, id: ThreadId): Promise<void> {
  const thread = await findThread(tx, id);
  if (thread?.control !== "automated") throw fenced(id);
}

/** @throws DeskError ledger_conflict when the customer has deleted it */
export async function stillSaid(tx: Reader, event: string): Promise<void> {
  if (!(await stillWaits(tx, event)))
    throw new DeskError("ledger_conflict", `event ${event} does not wait any more`);
}
