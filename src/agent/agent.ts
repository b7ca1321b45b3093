/**
 * One turn of the agent: retrieve, then draft (model ↔ tools), then review.
 *
 * The model proposes; what happens is decided here: which tools run, how often, who hears what. Every way a turn can
 * go wrong ends in an outcome with an honest line for the customer, and only two things are thrown: the turn's own
 * signal, and `ledger_conflict` when the bot no longer has the thread.
 */
import type { Clock } from "../clock.ts";
import { codeOf } from "../errors.ts";
import type { Escalation } from "../escalation.ts";
import type { KnowledgeBase, Passage } from "../knowledge-base.ts";
import type { LanguageModel, ModelStep, ToolCall, TranscriptItem } from "../language-model.ts";
import type { Log } from "../log.ts";
import type { DraftText, Policy } from "../policy.ts";
import type { Propose } from "../proposal.ts";
import type { Specialist } from "../specialist.ts";
import type { ThreadId } from "../thread.ts";
import type { Tool } from "../tool.ts";
import {
  builtInTools,
  escalateInput,
  escalateName,
  searchInput,
  searchName,
  transferPrefix,
} from "./built-in-tools.ts";
import { withSources } from "./citations.ts";
import { showPassing } from "./early-text.ts";
import { instructionsFor, questionOf } from "./instructions.ts";
import { createJudgement } from "./judgement.ts";
import type { Outcome } from "./outcome.ts";
import { withPatience } from "./patience.ts";
import { type CallResult, createToolbox, failure, type Toolbox } from "./toolbox.ts";
import type { Show, Turn } from "./turn.ts";

export interface Agent {
  /** @throws the turn's signal's reason; DeskError ledger_conflict; anything else is a fault of the program */
  answer(turn: Turn): Promise<Outcome>;
}

export interface AgentParts {
  model: LanguageModel;
  /** Speaks when nothing answers at the model's address. */
  offlineModel: LanguageModel;
  knowledge: KnowledgeBase;
  specialists: readonly Specialist[];
  /** The name of the specialist who meets a customer first. */
  entry: string;
  tools: readonly Tool[];
  queues: readonly string[];
  policies: readonly Policy[];
  propose: Propose;
  mayCall(thread: ThreadId): boolean;
  /** Whether a tool's writes need no confirmation: the customer's own request stands for it. */
  unconfirmed(tool: string): boolean;
  /** Whether these words ask for a person; decided without a model. */
  wantsPerson(text: string): boolean;
  company: string;
  limits: {
    stepsMax: number;
    toolTimeoutMs: number;
    turnsPerSessionMax: number;
    passagesPerQuestion: number;
  };
  clock: Clock;
  log: Log;
}

/** Below this share of the question's words in the best passage, the articles do not speak of it. */
const coverageMin = 0.2;

/** A turn under way. */
interface Work {
  turn: Turn;
  model: LanguageModel;
  specialist: Specialist;
  passages: Passage[];
  /** The conversation with what this turn has added, as the model sees it. */
  transcript: TranscriptItem[];
  entries: TranscriptItem[];
  tokens: { input: number; output: number };
  /** Calls that have failed in this turn, with their arguments. */
  failedCalls: Set<string>;
  /** Specialists who have had this turn. */
  visited: Set<string>;
  objected: boolean;
  /** The model has been shown text of articles: what it asks for then is not taken for the customer's wish. */
  tainted: boolean;
}

export function createAgent(parts: AgentParts): Agent {
  const byName = new Map(parts.specialists.map((specialist) => [specialist.name, specialist]));
  const entry = byName.get(parts.entry);
  if (!entry) throw new RangeError(`there is no specialist ${parts.entry}`);
  const judgement = createJudgement(parts.policies);
  const boxes = new Map(parts.specialists.map((specialist) => [specialist.name, boxOf(specialist)]));

  function boxOf(specialist: Specialist): Toolbox {
    return createToolbox({
      tools: parts.tools.filter((tool) => specialist.tools.includes(tool.name)),
      builtIn: builtInTools(specialist, parts.specialists, parts.queues),
      propose: parts.propose,
      mayCall: parts.mayCall,
      toolTimeoutMs: parts.limits.toolTimeoutMs,
      clock: parts.clock,
      log: parts.log,
    });
  }

  async function answer(turn: Turn): Promise<Outcome> {
    const specialist = byName.get(turn.specialist ?? "") ?? (entry as Specialist);
    const work: Work = {
      turn,
      model: parts.model,
      specialist,
      passages: [],
      transcript: [
        ...turn.history,
        ...turn.asked.map((text): TranscriptItem => ({ role: "customer", text })),
      ],
      entries: [],
      tokens: { input: 0, output: 0 },
      failedCalls: new Set(),
      visited: new Set([specialist.name]),
      objected: false,
      tainted: false,
    };
    if (turn.asked.some(parts.wantsPerson)) {
      const asked = escalation(work, "", { reason: "The customer asks for a person.", priority: "normal" });
      return { ...asked, model: "none" };
    }
    if (turn.turns >= parts.limits.turnsPerSessionMax) {
      return escalation(
        work,
        "We have been at this for a while, and I would rather have a colleague look at it with you.",
        {
          reason: `The conversation has had ${turn.turns} turns without an end.`,
          priority: "normal",
        },
      );
    }
    if (!withholds(work)) await readArticles(work);
    return draft(work);
  }

  /**
   * Where the customer's own request is enough for a write, the model does not see articles before it has asked for them:
   * nobody else's text stands between the request and what is done. The offline model takes no wishes from articles.
   */
  function withholds({ specialist, model }: Work): boolean {
    return model !== parts.offlineModel && specialist.tools.some(parts.unconfirmed);
  }

  async function readArticles(work: Work): Promise<void> {
    const found = await retrieve(work.turn, questionOf(work.turn));
    work.passages.push(...found);
    work.tainted ||= found.length > 0 && work.model !== parts.offlineModel;
  }

  async function retrieve(turn: Turn, question: string): Promise<Passage[]> {
    const retrieval = await parts.knowledge.search(question, {
      limit: parts.limits.passagesPerQuestion,
      audience: turn.customer && turn.visibility === "private" ? "verified" : "public",
      signal: turn.signal,
    });
    parts.log.debug("turn.retrieved", {
      turn: turn.id,
      coverage: retrieval.coverage,
      found: retrieval.found.map((one) => one.passage.id),
    });
    return retrieval.coverage < coverageMin ? [] : retrieval.found.map((one) => one.passage);
  }

  async function draft(work: Work): Promise<Outcome> {
    for (let step = 1; step <= parts.limits.stepsMax; step++) {
      let said: ModelStep;
      try {
        said = await ask(work, step);
      } catch (error) {
        if (work.turn.signal.aborted || !codeOf(error)) throw error;
        return escalation(
          work,
          "I am sorry: something on our side is not working, so I can't answer you properly right now.",
          {
            reason: `The language model failed: ${codeOf(error)}.`,
            priority: "normal",
            modelDown: true,
          },
        );
      }
      work.tokens.input += said.usage?.input ?? 0;
      work.tokens.output += said.usage?.output ?? 0;
      const outcome = said.calls.length > 0 ? await act(work, said) : review(work, said.text);
      if (outcome) return outcome;
    }
    return escalation(work, "I am sorry, I could not get this done.", {
      reason: `No answer within ${parts.limits.stepsMax} steps.`,
      priority: "normal",
    });
  }

  async function ask(work: Work, step: number): Promise<ModelStep> {
    const { turn } = work;
    const request = {
      instructions: instructionsFor(work.specialist, turn, {
        company: parts.company,
        now: parts.clock.now(),
        searches: withholds(work),
      }),
      passages: work.passages,
      transcript: work.transcript,
      tools: boxFor(work).specs,
    };
    const call = (model: LanguageModel) =>
      model.step(request, {
        signal: turn.signal,
        // A draft that a policy has sent back is not shown while it is written: the next one might go back, too.
        ...(turn.show && !work.objected ? { show: early(work, turn.show) } : {}),
      });
    try {
      return await withPatience(() => call(work.model), {
        clock: parts.clock,
        signal: turn.signal,
        failed(error, attempt) {
          turn.show?.discard();
          parts.log.warn("model.failed", { turn: turn.id, step, attempt, error });
        },
      });
    } catch (error) {
      if (codeOf(error) !== "model_unreachable" || work.model === parts.offlineModel) throw error;
      work.model = parts.offlineModel;
      if (work.passages.length === 0) await readArticles(work);
      return call(work.model);
    }
  }

  /** Runs what the model asks for; undefined: the turn goes on. The fence is asked before and after. */
  async function act(work: Work, said: ModelStep): Promise<Outcome | undefined> {
    const { turn } = work;
    await turn.stillOurs();
    add(work, { role: "calls", text: said.text, calls: said.calls });
    turn.show?.discard();
    const results = await carryOutAll(work, said.calls);
    await turn.stillOurs();
    let stuck: string | undefined;
    const failures: string[] = [];
    said.calls.forEach((call, position) => {
      const { result, failed } = results[position] as CallResult;
      add(work, { role: "result", id: call.id, name: call.name, failed, result });
      // A call that was not made, because there were too many, says nothing about the system behind it.
      if (!failed || isOverLimit(result)) return;
      const key = `${call.name} ${call.arguments}`;
      if (work.failedCalls.has(key)) stuck = call.name;
      failures.push(key);
    });
    // Only now: the same call twice in one step is not a second try.
    for (const key of failures) work.failedCalls.add(key);
    const confirmation = results.find((one) => one.confirmation)?.confirmation;
    if (confirmation) {
      return { kind: "confirmation", confirmation, ...resultOf(work), text: confirmation.text, sources: [] };
    }
    const wanted = said.calls.find((call) => call.name === escalateName);
    if (wanted) {
      const { reason, priority, queue } = escalateInput.parse(objectOf(wanted.arguments));
      const known = queue !== undefined && parts.queues.includes(queue) ? { queue } : {};
      const why = judgement.harmless(draftOf(work, reason)) || "The assistant asked for a person.";
      return escalation(work, said.text, { reason: why, priority: priority as "normal", ...known });
    }
    if (stuck) {
      return escalation(
        work,
        "I am sorry, I could not get this done: a system of ours does not answer as it should.",
        {
          reason: `The tool ${stuck} failed twice in the same way.`,
          priority: "normal",
        },
      );
    }
    return undefined;
  }

  /** Reads side by side; then writes, one after the other; when one waits for the customer, the others wait their turn. */
  async function carryOutAll(work: Work, calls: readonly ToolCall[]): Promise<CallResult[]> {
    const box = boxFor(work);
    const results = await Promise.all(
      calls.map((call) => (box.writes(call) ? undefined : carryOut(work, call))),
    );
    let asking = false;
    for (const [position, call] of calls.entries()) {
      if (results[position]) continue;
      const result: CallResult = asking
        ? failure("tool_refused", "The customer is being asked about another action first.")
        : await carryOut(work, call);
      asking ||= result.confirmation !== undefined;
      results[position] = result;
    }
    return results as CallResult[];
  }

  async function carryOut(work: Work, call: ToolCall): Promise<CallResult> {
    const { turn } = work;
    turn.show?.step(call.id, call.name, "running");
    const began = parts.clock.elapsed();
    const done = await carry(work, call);
    turn.show?.step(call.id, call.name, done.failed ? "failed" : "done");
    parts.log.info("tool.called", {
      turn: turn.id,
      tool: call.name,
      failed: done.failed,
      ms: Math.round(parts.clock.elapsed() - began),
    });
    return done;
  }

  async function carry(work: Work, call: ToolCall): Promise<CallResult> {
    if (call.name === escalateName) return { result: { asked: "a person" }, failed: false };
    if (call.name === searchName) return searchAgain(work, call);
    const box = boxFor(work);
    if (call.name.startsWith(transferPrefix) && !box.holds(call))
      return pass(work, call.name.slice(transferPrefix.length));
    return box.call(call, work.turn, work.tainted);
  }

  async function searchAgain(work: Work, call: ToolCall): Promise<CallResult> {
    const input = searchInput.safeParse(objectOf(call.arguments));
    if (!input.success) return failure("tool_arguments", "query: a text of 1 to 1000 characters");
    const known = new Set(work.passages.map((passage) => passage.id));
    const found = await retrieve(work.turn, input.data.query);
    work.passages.push(...found.filter((passage) => !known.has(passage.id)));
    work.tainted ||= found.length > 0;
    const numbers = found.map((passage) => work.passages.findIndex((shown) => shown.id === passage.id) + 1);
    return {
      result: { found: numbers.length, passages: numbers.map((number) => `[${number}]`) },
      failed: false,
    };
  }

  function pass(work: Work, name: string): CallResult {
    const next = byName.get(name);
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

  /** Shows a step's text while it is written, as far as it is harmless. */
  function early(work: Work, show: Show): (delta: string) => void {
    return showPassing(show.text, (text) => judgement.harmless(draftOf(work, text)) === text.trim());
  }

  /** undefined: a policy has sent the draft back and the model tries once more. */
  function review(work: Work, text: string): Outcome | undefined {
    const verdict =
      text.trim() === ""
        ? { policy: "empty", objection: "The answer was empty." }
        : judgement.judged(draftOf(work, text));
    if ("text" in verdict) return finished(work, verdict.text);
    parts.log.info("draft.objected", { turn: work.turn.id, policy: verdict.policy });
    work.turn.show?.discard();
    if (work.objected) {
      return escalation(work, "I am sorry, I don't have an answer to this that I can rely on.", {
        reason: `No draft passed the review: ${verdict.objection}`,
        priority: "normal",
      });
    }
    work.objected = true;
    if (text.trim() !== "") work.transcript.push({ role: "bot", text });
    work.transcript.push({
      role: "note",
      text: `This answer was not sent. ${verdict.objection} Write the answer to the customer again, without mentioning this.`,
    });
    return undefined;
  }

  function finished(work: Work, text: string): Outcome {
    const answer = withSources(text, work.passages);
    const asks = answer.sources.length === 0 && /\?\s*$/.test(answer.text);
    return { kind: asks ? "question" : "answer", ...resultOf(work), ...answer };
  }

  /** @param text what the customer is told before they hear that a person comes; reviewed like any draft */
  function escalation(work: Work, text: string, why: Escalation): Outcome {
    const verdict = judgement.judged(draftOf(work, text));
    const said = "text" in verdict ? withSources(verdict.text, work.passages) : { text: "", sources: [] };
    return { kind: "escalation", escalation: why, ...resultOf(work), ...said };
  }

  function resultOf(work: Work) {
    return {
      specialist: work.specialist.name,
      model: work.model.name,
      entries: work.entries,
      tokens: work.tokens,
    };
  }

  function boxFor(work: Work): Toolbox {
    return boxes.get(work.specialist.name) as Toolbox;
  }

  return { answer };
}

/** What a policy sees: the conversation as it happened, without drafts that were sent back. */
function draftOf(work: Work, text: string): DraftText {
  const asked = work.turn.asked.map((words): TranscriptItem => ({ role: "customer", text: words }));
  return {
    text,
    passages: work.passages,
    transcript: [...work.turn.history, ...asked, ...work.entries],
    instructions: work.specialist.instructions,
  };
}

function add(work: Work, item: TranscriptItem): void {
  work.transcript.push(item);
  work.entries.push(item);
}

/** The call was not made: there were too many in this minute. */
function isOverLimit(result: unknown): boolean {
  return (result as { over_limit?: unknown } | null)?.over_limit === true;
}

function objectOf(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
