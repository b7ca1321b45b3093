/** What came of a write, in the store's own words for its customer, and as the model will see it later. Pure. */
import type { TranscriptItem } from "../language-model.ts";
import type { Intent } from "../ledger/intents.ts";
import { entriesOf } from "./entries.ts";
import { reasonIn, wording } from "./wording.ts";

export interface CameOf {
  intent: Intent;
  text: string;
  entries: TranscriptItem[];
  /** The tool, when nobody knows whether it was done: a person has to look at it. */
  broke?: string;
}

export function finished(intent: Intent, result: unknown): CameOf {
  const reason = reasonIn(result, intent.tool);
  const text = reason === undefined ? wording.done(intent.preview, result) : wording.notDone(reason);
  return { intent, text, entries: entriesOf(intent, result) };
}

/** What the tool has failed with stands in the log, and is for nobody else. */
export function broken(intent: Intent): CameOf {
  const result = { error: "tool_failed", message: "It is not known whether this was done." };
  return { intent, text: wording.failed(), entries: entriesOf(intent, result), broke: intent.tool };
}

export function held(intent: Intent): CameOf {
  return { intent, text: wording.held(), entries: entriesOf(intent, { pending: "approval" }) };
}

/** Of one that staff have nothing to do with, or have not decided on; undefined: it has come to nothing, or not yet to anything. */
export function cameOf(intent: Intent): CameOf | undefined {
  switch (intent.state) {
    case "awaiting_approval":
      return held(intent);
    case "done":
      return intent.approval === undefined ? finished(intent, intent.result) : undefined;
    case "failed":
      return intent.approval === undefined ? broken(intent) : undefined;
    case "proposed":
    case "approved":
    case "running":
    case "declined":
    case "denied":
    case "expired":
    case "refused":
      return undefined;
  }
}
