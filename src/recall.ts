/**
 * What a turn is told of a conversation: its newest items as they were, and what no longer fits as a running summary.
 * The summary lies in the memory and is brought up to date as items fall out; missing or behind, it is made again.
 */
import { extendSummary, type RunningSummary, readSummary, summaryText } from "./agent/summary.ts";
import type { TranscriptItem } from "./language-model.ts";
import { type HistoryItem, historyOf, itemsBetween } from "./ledger/history.ts";
import type { Thread } from "./ledger/threads.ts";
import type { Ledger } from "./ledger.ts";
import type { SessionMemory } from "./memory.ts";

export type Recall = ReturnType<typeof createRecall>;

/** @param parts.contextTokens what the model can read at once */
export function createRecall(parts: {
  ledger: Ledger;
  sessions: SessionMemory;
  historyItemsMax: number;
  contextTokens: number;
}) {
  const { ledger, sessions } = parts;

  async function history(thread: Thread): Promise<TranscriptItem[]> {
    const all = await ledger.read((tx) => historyOf(tx, thread.id, parts.historyItemsMax, thread.since));
    // A character a token: a quarter of the context in English, and never more than all of it.
    const items = newestWithin(all, parts.contextTokens);
    const newest = items.map((one) => one.item);
    const first = items[0]?.seq ?? 0;
    if (first <= thread.since + 1) return newest;
    const summary = await summaryBefore(thread, first);
    return [{ role: "note", text: summaryText(summary) }, ...newest];
  }

  async function summaryBefore(thread: Thread, first: number): Promise<RunningSummary> {
    const known = await sessions.get(thread.id);
    const usable = known && known.upTo >= thread.since && known.upTo < first ? known : undefined;
    const before = readSummary(usable?.summary);
    const after = before && usable ? usable.upTo : thread.since;
    if (before && after === first - 1) return before;
    const fallen = await ledger.read((tx) => itemsBetween(tx, thread.id, after, first));
    const summary = extendSummary(before, fallen);
    sessions.set(thread.id, {
      upTo: first - 1,
      summary: JSON.stringify(summary),
      ...(thread.specialist ? { specialist: thread.specialist } : {}),
    });
    return summary;
  }

  return { history };
}

/** The newest of them with so many characters together. What stands at one place stays together; the last is always there. */
function newestWithin(items: readonly HistoryItem[], charactersMax: number): HistoryItem[] {
  let begin = items.length;
  let characters = 0;
  for (let at = items.length - 1; at >= 0; at--) {
    const { seq, item } = items[at] as HistoryItem;
    characters += JSON.stringify(item).length;
    if (characters > charactersMax && begin < items.length) break;
    if (items[at - 1]?.seq !== seq) begin = at;
  }
  return items.slice(begin);
}
