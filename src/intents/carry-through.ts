/** What a process that died had begun is carried through, whatever becomes of the turn in which it was asked for. */
import { begunIn } from "../ledger/intents.ts";
import type { ThreadId } from "../thread.ts";
import { execute } from "./execute.ts";
import type { IntentsParts } from "./parts.ts";

/**
 * For the lane of the thread, where nothing else runs: a write that is `running` there was left by a process that died.
 * The turn finds its own writes again when the model asks for them a second time; but by then a person may have the
 * thread, or the customer, or the model, may want something else, and money has perhaps moved. What staff have approved
 * runs in their own lane and is taken up there.
 * @throws DeskError when the ledger cannot be written
 */
export async function carryThrough(parts: IntentsParts, thread: ThreadId): Promise<void> {
  for (const intent of await parts.ledger.read((tx) => begunIn(tx, thread))) {
    const tool = parts.toolOf(intent.tool);
    if (!tool) continue;
    parts.log.warn("intent.carried_through", { intent: intent.id, tool: intent.tool, thread });
    await execute(parts, tool, intent);
  }
}
