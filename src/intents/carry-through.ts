/** What a process that died had begun is carried through, whatever becomes of the turn in which it was asked for. */
import { audit } from "../ledger/audit.ts";
import { begunIn, type Intent, moveIntent } from "../ledger/intents.ts";
import type { ThreadId } from "../thread.ts";
import { execute } from "./execute.ts";
import type { IntentsParts } from "./parts.ts";

/**
 * For the lane of the thread, where nothing else runs: a write that is `running` there was left by a process that died,
 * and money has perhaps moved. The turn finds its own writes again when the model asks for them a second time; but by
 * then a person may have the thread, or the customer, or the model, may want something else. What the customer has
 * confirmed is done as well, while the bot has the thread; what nobody asks for any more is over. What staff have
 * approved runs in their own lane and is taken up there.
 * @param mayBegin the bot has the thread
 * @throws DeskError when the ledger cannot be written
 */
export async function carryThrough(parts: IntentsParts, thread: ThreadId, mayBegin: boolean): Promise<void> {
  for (const intent of await parts.ledger.read((tx) => begunIn(tx, thread))) {
    const confirmed = mayBegin && intent.decidedBy !== undefined;
    if (intent.state === "running" || confirmed) await finish(parts, intent);
    else await drop(parts, intent);
  }
}

async function finish(parts: IntentsParts, intent: Intent): Promise<void> {
  const tool = parts.toolOf(intent.tool);
  if (!tool) return;
  parts.log.warn("intent.carried_through", { intent: intent.id, tool: intent.tool, thread: intent.thread });
  await execute(parts, tool, intent);
}

function drop(parts: IntentsParts, intent: Intent): Promise<void> {
  return parts.ledger.write(async (tx) => {
    if (!(await moveIntent(tx, intent, "expire", parts.clock.now()))) return;
    await audit(tx, parts.clock, {
      actor: "bot",
      action: "intent.expired",
      subject: `${intent.tool} ${intent.preview.subject}`,
      thread: intent.thread,
      turn: intent.turn,
      detail: { intent: intent.id },
    });
  });
}
