/** The fence of writes: in the transaction that decides on one, the bot still has the thread. */
import { fenced, findThread } from "../ledger/threads.ts";
import type { Reader } from "../ledger.ts";
import type { ThreadId } from "../thread.ts";

/** @throws DeskError ledger_conflict when a person has it */
export async function stillTheBots(tx: Reader, id: ThreadId): Promise<void> {
  const thread = await findThread(tx, id);
  if (thread?.control !== "automated") throw fenced(id);
}
