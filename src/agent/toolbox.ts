/** The tools of one specialist as the model sees them, and the running of one call. What goes wrong is data for the model. */
import { z } from "zod";
import type { Clock } from "../clock.ts";
import { codeOf, type ErrorCode, faultOf } from "../errors.ts";
import type { ToolCall, ToolSpec } from "../language-model.ts";
import type { Log } from "../log.ts";
import type { Propose, Proposed, WriteRequest } from "../proposal.ts";
import type { ThreadId } from "../thread.ts";
import { withinTime } from "../time-limit.ts";
import type { Tool } from "../tool.ts";
import { type Turn, wordsOfCustomer } from "./turn.ts";

export type CallResult = Proposed;

export interface Toolbox {
  specs: readonly ToolSpec[];
  call(call: ToolCall, turn: Turn, tainted: boolean): Promise<CallResult>;
  /** Whether a call asks for a tool of the company's, not for one of the agent's own. */
  holds(call: ToolCall): boolean;
  /** Whether a call asks for a write: those run one after the other. */
  writes(call: ToolCall): boolean;
}

export interface ToolboxParts {
  tools: readonly Tool[];
  /** The agent's own tools, e.g. `escalate_to_human`: they are offered, but the agent carries them out. */
  builtIn: readonly ToolSpec[];
  propose: Propose;
  /** Whether this thread may make one more call in this minute. */
  mayCall(thread: ThreadId): boolean;
  toolTimeoutMs: number;
  clock: Clock;
  log: Log;
}

const resultCharactersMax = 20_000;

export function createToolbox(parts: ToolboxParts): Toolbox {
  const byName = new Map(parts.tools.map((tool) => [tool.name, tool]));
  const specs = [...parts.tools.map(specOf), ...parts.builtIn];

  async function call(wanted: ToolCall, turn: Turn, tainted: boolean): Promise<CallResult> {
    const tool = byName.get(wanted.name);
    if (!tool) {
      return failure("tool_unknown", `There is no tool ${JSON.stringify(wanted.name)}.`, {
        tools: specs.map((spec) => spec.name),
      });
    }
    const input = parseInput(tool, wanted.arguments);
    if (!input.ok) return input.failure;
    if (!parts.mayCall(turn.thread)) {
      return failure(
        "tool_refused",
        "Too many calls in this minute: tell the customer to try again in a minute.",
        { over_limit: true },
      );
    }
    const refusal = refuse(tool, turn);
    if (refusal) return refusal;
    return attempt(tool, turn, () =>
      tool.effect === "write"
        ? parts.propose(tool, input.value, requestOf(turn, tainted))
        : read(tool, input.value, turn),
    );
  }

  async function read(tool: Tool, input: unknown, turn: Turn): Promise<CallResult> {
    const result = await withinTime(parts, turn.signal, (signal) =>
      tool.run(input, {
        customer: { id: turn.customer?.id ?? "" },
        thread: { id: turn.thread },
        signal,
        now: () => parts.clock.now(),
        log: parts.log.with({ tool: tool.name, turn: turn.id }),
      }),
    );
    return { result: bounded(result), failed: false };
  }

  /** What a tool throws is told to the model without its text, and stands in the log. */
  async function attempt(tool: Tool, turn: Turn, run: () => Promise<CallResult>): Promise<CallResult> {
    try {
      return await run();
    } catch (error) {
      if (turn.signal.aborted) throw turn.signal.reason;
      const code = codeOf(error);
      if (code === "ledger_conflict" || code?.startsWith("ledger_")) throw error;
      parts.log.warn("tool.failed", { tool: tool.name, turn: turn.id, error });
      return code === "tool_timeout"
        ? failure("tool_timeout", faultOf(error), { retryable: true })
        : failure("tool_failed", "The tool failed.", { retryable: true });
    }
  }

  return {
    specs,
    call,
    holds: ({ name }) => byName.has(name),
    writes: ({ name }) => byName.get(name)?.effect === "write",
  };
}

/** Who may call what, whatever the model believes: accounts only for a verified customer, in a private thread. */
function refuse(tool: Tool, turn: Turn): CallResult | undefined {
  if (tool.account === false) return undefined;
  if (turn.visibility === "shared") {
    return failure(
      "tool_refused",
      "Others can read this thread: account matters are only for a direct message with the customer.",
      { privately: true },
    );
  }
  if (!turn.customer || (tool.effect === "write" && !turn.customer.fresh)) {
    return failure(
      "identity_needed",
      "The customer is not verified. Ask for the e-mail address of their account.",
    );
  }
  return undefined;
}

/** What a write is asked for with. */
function requestOf(turn: Turn, tainted: boolean): WriteRequest {
  return {
    turn: turn.id,
    thread: turn.thread,
    opener: turn.opener,
    customer: turn.customer,
    said: wordsOfCustomer(turn),
    tainted,
    stillOurs: turn.stillOurs,
    signal: turn.signal,
  };
}

type Parsed = { ok: true; value: unknown } | { ok: false; failure: CallResult };

function parseInput(tool: Tool, text: string): Parsed {
  let raw: unknown;
  try {
    raw = text.trim() === "" ? {} : JSON.parse(text);
  } catch {
    return { ok: false, failure: failure("tool_arguments", "The arguments are not valid JSON.") };
  }
  const checked = tool.input.safeParse(raw);
  if (checked.success) return { ok: true, value: checked.data };
  const problems = checked.error.issues.map(
    (issue) => `${issue.path.join(".") || "arguments"}: ${issue.message}`,
  );
  return { ok: false, failure: failure("tool_arguments", problems.slice(0, 10).join("; ")) };
}

export function failure(code: ErrorCode, fault: string, more: Record<string, unknown> = {}): CallResult {
  return {
    result: { error: code, message: fault, retryable: code === "tool_arguments", ...more },
    failed: true,
  };
}

function bounded(result: unknown): unknown {
  if (result === undefined) return null;
  const text = JSON.stringify(result);
  if (text === undefined || text.length <= resultCharactersMax) return result;
  return {
    cut: true,
    note: `only the first ${resultCharactersMax} characters`,
    text: text.slice(0, resultCharactersMax),
  };
}

const specs = new WeakMap<Tool, ToolSpec>();

/** The tool's JSON Schema, made once. */
function specOf(tool: Tool): ToolSpec {
  let spec = specs.get(tool);
  if (!spec) {
    const { $schema: _, ...input } = z.toJSONSchema(tool.input, { io: "input" }) as Record<string, unknown>;
    spec = { name: tool.name, description: tool.description, input, effect: tool.effect };
    specs.set(tool, spec);
  }
  return spec;
}
