/**
 * What came of a write in a customer's name is told at the end of a turn, whoever began it: where the turn's own words do
 * not tell it, because the model was not shown it or its words were not the last, the store's words stand before them.
 */
import type { Outcome } from "./agent/outcome.ts";
import type { Escalation } from "./escalation.ts";
import type { CameOf } from "./intents/came-of.ts";

/** A person has to look at it. */
export function unknownWhether(tool: string): Escalation {
  const reason = `It is not known whether ${tool} was done; look at the log and at the store.`;
  return { reason, priority: "high" };
}

export function tellAlso(outcome: Outcome, all: readonly CameOf[]): Outcome {
  const shown = new Set(
    outcome.entries.flatMap((item) =>
      item.role === "result" && item.intent !== undefined ? [item.intent] : [],
    ),
  );
  const untold = all.filter(({ intent }) => !tells(outcome) || !shown.has(intent.id));
  const broke = all.find((one) => one.broke !== undefined)?.broke;
  const asks = outcome.kind === "confirmation" && broke !== undefined;
  const told = {
    ...outcome,
    // Where a person has to look first, nothing more is asked.
    text: [...new Set(untold.map(({ text }) => text)), asks ? "" : outcome.text].filter(Boolean).join("\n\n"),
    entries: [
      ...untold.filter(({ intent }) => !shown.has(intent.id)).flatMap(({ entries }) => entries),
      ...outcome.entries,
    ],
  };
  if (broke === undefined || outcome.kind === "escalation") return told;
  return { ...told, kind: "escalation", escalation: unknownWhether(broke) };
}

/** Whether its words were chosen in view of all its results: the model's last ones, or the store's own. */
function tells({ kind, model, goesTo }: Outcome): boolean {
  return model === "none" || (goesTo === undefined && (kind === "answer" || kind === "question"));
}
