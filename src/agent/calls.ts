/**
 * What the model asks for in one step, carried out: the company's tools by the toolbox of the specialist in charge, the
 * agent's own (search again, pass on, ask for a person) here.
 */
import type { Clock } from "../clock.ts";
import type { ToolCall, ToolSpec } from "../language-model.ts";
import type { Log } from "../log.ts";
import type { Propose } from "../proposal.ts";
import type { Specialist } from "../specialist.ts";
import type { ThreadId } from "../thread.ts";
import type { Tool } from "../tool.ts";
import { builtInTools, escalateName, searchedFor, searchName, transferPrefix } from "./built-in-tools.ts";
import type { Retrieve } from "./retrieve.ts";
import { type CallResult, createToolbox, failure, type Toolbox } from "./toolbox.ts";
import type { Work } from "./work.ts";

export interface Calls {
  /** What the specialist in charge may ask for. */
  specs(work: Work): readonly ToolSpec[];
  /**
   * Reads side by side; then writes, one after the other; when one waits for the customer, the others wait their turn.
   * @returns a result for each call, in their order
   * @throws the turn's signal's reason; DeskError ledger_conflict and the other codes of the ledger
   */
  carryOut(work: Work, calls: readonly ToolCall[]): Promise<CallResult[]>;
}

export function createCalls(parts: {
  specialists: ReadonlyMap<string, Specialist>;
  tools: readonly Tool[];
  queues: readonly string[];
  propose: Propose;
  mayCall(thread: ThreadId): boolean;
  retrieve: Retrieve;
  toolTimeoutMs: number;
  clock: Clock;
  log: Log;
}): Calls {
  const specialists = [...parts.specialists.values()];
  const boxes = new Map(specialists.map((specialist) => [specialist.name, boxOf(specialist)]));

  function boxOf(specialist: Specialist): Toolbox {
    return createToolbox({
      tools: parts.tools.filter((tool) => specialist.tools.includes(tool.name)),
      builtIn: builtInTools(specialist, specialists, parts.queues),
      propose: parts.propose,
      mayCall: parts.mayCall,
      toolTimeoutMs: parts.toolTimeoutMs,
      clock: parts.clock,
      log: parts.log,
    });
  }

  function boxFor(work: Work): Toolbox {
    return boxes.get(work.specialist.name) as Toolbox;
  }

  async function carryOut(work: Work, calls: readonly ToolCall[]): Promise<CallResult[]> {
    const box = boxFor(work);
    const results = await Promise.all(
      calls.map((call) => (box.writes(call) ? undefined : carryOutOne(work, call))),
    );
    let asking = false;
    for (const [position, call] of calls.entries()) {
      if (results[position]) continue;
      const result: CallResult = asking
        ? failure("tool_refused", "The customer is being asked about another action first.")
        : await carryOutOne(work, call);
      asking ||= result.confirmation !== undefined;
      results[position] = result;
    }
    return results as CallResult[];
  }

  async function carryOutOne(work: Work, call: ToolCall): Promise<CallResult> {
    const { turn } = work;
    turn.show?.step(call.id, call.name, "running");
    const began = parts.clock.elapsed();
    const done = await dispatch(work, call);
    turn.show?.step(call.id, call.name, done.failed ? "failed" : "done");
    parts.log.info("tool.called", {
      turn: turn.id,
      tool: call.name,
      failed: done.failed,
      ...(done.failed ? { code: codeIn(done.result) } : {}),
      ms: Math.round(parts.clock.elapsed() - began),
    });
    return done;
  }

  async function dispatch(work: Work, call: ToolCall): Promise<CallResult> {
    // The person is called by the turn itself, once everything else it asked for has been carried out.
    if (call.name === escalateName) return { result: { asked: "a person" }, failed: false };
    if (call.name === searchName) return searchAgain(work, call);
    const box = boxFor(work);
    if (call.name.startsWith(transferPrefix) && !box.holds(call))
      return pass(work, call.name.slice(transferPrefix.length));
    return box.call(call, work.turn, work.tainted);
  }

  async function searchAgain(work: Work, call: ToolCall): Promise<CallResult> {
    const query = searchedFor(call);
    if (query === undefined) return failure("tool_arguments", "query: a text of 1 to 1000 characters");
    const numbers = await parts.retrieve(work, query);
    work.tainted ||= numbers.length > 0;
    return {
      result: { found: numbers.length, passages: numbers.map((number) => `[${number}]`) },
      failed: false,
    };
  }

  function pass(work: Work, name: string): CallResult {
    const next = parts.specialists.get(name);
    if (!next || !work.specialist.passesTo.includes(name)) {
      return failure("tool_unknown", `${work.specialist.name} cannot pass to ${JSON.stringify(name)}.`, {
        passes_to: work.specialist.passesTo,
      });
    }
    if (work.visited.has(name)) {
      return failure("tool_refused", `${name} has already had this turn; answer, or ask for a person.`);
    }
    parts.log.info("turn.passed", { turn: work.turn.id, from: work.specialist.name, to: name });
    work.visited.add(name);
    work.specialist = next;
    return { result: { now: name }, failed: false };
  }

  return { specs: (work) => boxFor(work).specs, carryOut };
}

/** The code that the model is told of a call that has failed. */
function codeIn(result: unknown): unknown {
  return typeof result === "object" && result !== null ? (result as { error?: unknown }).error : undefined;
}
