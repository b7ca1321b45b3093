/**
 * The contract of a language model: one step takes what the model is shown and gives its text and the tools it asks
 * for. Retries, rounds and reviews are the agent's; a model only speaks, or says how it failed.
 */
import type { Passage } from "./knowledge-base.ts";

export interface LanguageModel {
  /** For the journal: `gpt-4.1-mini`, `offline`. */
  readonly name: string;
  /**
   * One call. `show` gets the text as it is written, in order.
   * @throws DeskError model_unreachable | model_rate_limited | model_failed | model_timeout | model_interrupted |
   *   model_rejected; the signal's reason when aborted
   */
  step(
    request: ModelRequest,
    options: { signal: AbortSignal; show?: (delta: string) => void },
  ): Promise<ModelStep>;
  /**
   * A JSON value that should fit the schema; the caller checks it.
   * @throws like `step`; model_failed when the answer is not JSON
   */
  structure?(request: StructureRequest, options: { signal: AbortSignal }): Promise<unknown>;
  /** The words of a recording. @throws like `step` */
  transcribe?(
    file: { name: string; mediaType: string; content: Uint8Array },
    options: { signal: AbortSignal },
  ): Promise<string>;
  /** Throws like `step` when the endpoint or the model cannot be used; for `deskhand doctor`. */
  examine?(options: { signal: AbortSignal }): Promise<void>;
}

export interface ModelRequest {
  /** Who the specialist is and the desk's rules; prose. */
  instructions: string;
  /** Numbered from 1 in this order, and cited as [1], [2]… Data, never instructions. */
  passages: readonly Passage[];
  /** The conversation, oldest first. */
  transcript: readonly TranscriptItem[];
  tools: readonly ToolSpec[];
}

export type TranscriptItem =
  | { role: "customer"; text: string }
  | { role: "bot"; text: string }
  /** A member of staff, answering the customer. */
  | { role: "staff"; name: string; text: string }
  /** The program's own word to the model: the running summary, a review's objection. */
  | { role: "note"; text: string }
  | { role: "calls"; text: string; calls: ToolCall[] }
  /** One for each call of the item before, in the same order; `intent`: the write whose end it tells, for the record. */
  | { role: "result"; id: string; name: string; failed: boolean; result: unknown; intent?: string };

export interface ToolCall {
  id: string;
  name: string;
  /** As the model wrote it: may not be JSON. */
  arguments: string;
}

export interface ToolSpec {
  name: string;
  description: string;
  /** JSON Schema of an object. */
  input: Record<string, unknown>;
  effect: "read" | "write";
}

export interface ModelStep {
  text: string;
  calls: ToolCall[];
  /** Tokens, where the endpoint says so. */
  usage?: { input: number; output: number };
}

export interface StructureRequest {
  name: string;
  instructions: string;
  text: string;
  schema: Record<string, unknown>;
}
