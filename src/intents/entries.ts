/** What was decided outside a turn, as the model will see it later. */
import type { TranscriptItem } from "../language-model.ts";
import type { Intent } from "../ledger/intents.ts";

/** As if the model had called the tool now: later turns see what was done. */
export function entriesOf(intent: Intent, result: unknown): TranscriptItem[] {
  const id = `call_${intent.id}`;
  return [
    { role: "calls", text: "", calls: [{ id, name: intent.tool, arguments: JSON.stringify(intent.input) }] },
    { role: "result", id, name: intent.tool, failed: false, result: result ?? null, intent: intent.id },
  ];
}
