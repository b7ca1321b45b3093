/**
 * What a turn is told of a conversation: its newest items as they were, and what no longer fits as a running summary.
 * The summary lies in the memory and is brought up to date as items fall out; missing or behind, it is made again.
 */
import { extendSummary, type RunningSummary, summaryText } from "./agent/summary.ts";
import type { TranscriptItem } from "./language-model.ts";
import type { Thread } from "./ledger/threads.ts";
import { historyOf, itemsBetween } from "./ledger/transcript.ts";
import type { Ledger } from "./ledger.ts";
import type { SessionMemory } from "./memory.ts";

export type Recall = ReturnType<typeof createRecall>;

export function createRecall(parts: { ledger: Ledger; sessions: SessionMemory; historyItemsMax: number }) {
  const { ledger, sessions } = parts;

  async function history(thread: Thread): Promise<TranscriptItem[]> {
    const items = await ledger.read((tx) => historyOf(tx, thread.id, parts.historyItemsMax, thread.since));
    const newest = items.map((one) => one.item);
    const first = items[0]?.seq ?? 0;
    if (first <= thread.since + 1) return newest;
    const summary = await summaryBefore(thread, first);
    return [{ role: "note", text: summaryText(summary) }, ...newest];
  }

  async function summaryBefore(thread: Thread, first: number): Promise<RunningSummary> {
    const known = await sessions.get(thread.id);
    const usable =
      known?.summary !== undefined && known.upTo >= thread.since && known.upTo < first ? known : undefined;
    const before = usable?.summary === undefined ? undefined : (JSON.parse(usable.summary) as RunningSummary);
    const after = usable?.upTo ?? thread.since;
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
