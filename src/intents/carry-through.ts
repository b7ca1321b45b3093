/** What a process that died had begun is carried through, whatever becomes of the turn in which it was asked for. */
import { audit } from "../ledger/audit.ts";
import { begunIn, type Intent, moveIntent, writesOf } from "../ledger/intents.ts";
import type { ThreadId } from "../thread.ts";
import { broken, type CameOf, cameOf, finished } from "./came-of.ts";
import { close, execute } from "./execute.ts";
import type { IntentsParts } from "./parts.ts";

/**
 * For the lane of the thread, where nothing else runs: a write that is `running` there was left by a process that died,
 * and money has perhaps moved. The turn finds its own writes again when the model asks for them a second time; but by
 * then a person may have the thread, or the customer, or the model, may want something else. What the customer has
 * confirmed is done as well, while the bot has the thread; what nobody asks for any more is over. What staff have
 * approved runs in their own lane and is taken up there.
 * @param mayBegin the bot has the thread
 * @param events what waits: of the writes that these have led to, none has been told yet, not even one that is done
 * @returns what is to be told: these, and what was carried through now
 * @throws DeskError when the ledger cannot be written
 */
export async function carryThrough(
  parts: IntentsParts,
  thread: ThreadId,
  events: readonly string[],
  mayBegin: boolean,
): Promise<CameOf[]> {
  const known = new Map<string, CameOf>();
  for (const intent of await parts.ledger.read((tx) => begunIn(tx, thread))) {
    const confirmed = mayBegin && intent.decidedBy !== undefined;
    const end = intent.state === "running" || confirmed ? await finish(parts, intent) : undefined;
    if (end) known.set(intent.id, end);
    else await drop(parts, intent);
  }
  for (const one of await untold(parts, events)) if (!known.has(one.intent.id)) known.set(one.intent.id, one);
  return [...known.values()];
}

/** What has come of the writes that events have led to. While these wait, nobody has been told. */
export async function untold(parts: IntentsParts, events: readonly string[]): Promise<CameOf[]> {
  const found = await parts.ledger.read(async (tx) => {
    const all: Intent[] = [];
    for (const event of events) all.push(...(await writesOf(tx, event)));
    return all;
  });
  return found.flatMap((intent) => cameOf(intent) ?? []);
}

/** @returns undefined when nothing has begun, and nothing can: its tool is gone */
async function finish(parts: IntentsParts, intent: Intent): Promise<CameOf | undefined> {
  const tool = parts.toolOf(intent.tool);
  if (!tool && intent.state !== "running") return undefined;
  parts.log.warn("intent.carried_through", { intent: intent.id, tool: intent.tool, thread: intent.thread });
  if (!tool) {
    await close(parts, intent, "fail", { error: "tool_unknown" });
    return broken(intent);
  }
  const executed = await execute(parts, tool, intent, true);
  return executed.state === "done" ? finished(intent, executed.result) : broken(intent);
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
