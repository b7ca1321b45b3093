/** What an event had begun, with which the program has failed again and again, comes to an end here. */
import { type Intent, writesOf } from "../ledger/intents.ts";
import type { OutboxRow } from "../ledger/outbox.ts";
import type { Transaction } from "../ledger.ts";
import { broken, finished } from "./came-of.ts";
import { closeIn, lookUp } from "./execute.ts";
import type { IntentsParts } from "./parts.ts";
import { tellBoth } from "./tell.ts";

type LookedUp = Awaited<ReturnType<typeof lookUp>>;

/**
 * A write that runs is done when the company's own data says so, and otherwise nobody knows; what was decided and not
 * begun is not done any more. Of what staff had approved both sides are told here.
 * @param asks whether the company may be asked: not when that may be what the program dies of
 * @throws DeskError when the ledger cannot be written
 */
export async function giveUp(parts: IntentsParts, event: string, asks: boolean): Promise<void> {
  for (const intent of await parts.ledger.read((tx) => writesOf(tx, event))) {
    const settled = asks && intent.state === "running" ? await askOnce(parts, intent) : undefined;
    parts.push(await parts.ledger.write((tx) => end(tx, parts, intent, settled)));
  }
}

async function askOnce(parts: IntentsParts, intent: Intent): Promise<LookedUp> {
  const tool = parts.toolOf(intent.tool);
  if (!tool) return undefined;
  return lookUp(parts, tool, intent).catch((error: unknown) => {
    parts.log.warn("intent.unknown", { intent: intent.id, tool: intent.tool, error });
    return undefined;
  });
}

async function end(
  tx: Transaction,
  parts: IntentsParts,
  intent: Intent,
  settled: LookedUp,
): Promise<OutboxRow[]> {
  if (intent.state !== "running" && intent.state !== "approved") return [];
  const came = settled ? finished(intent, settled.result) : broken(intent);
  const how = settled ? "finish" : intent.state === "running" ? "fail" : "expire";
  const over = await closeIn(tx, parts, intent, how, settled ? settled.result : { error: came.text });
  if (!over || over.approval === undefined) return [];
  return tellBoth(tx, parts, over, { ...came, event: undefined });
}
