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
import type { KnowledgeBase } from "../knowledge-base.ts";
import type { LanguageModel, ModelStep, ToolCall } from "../language-model.ts";
import type { Log } from "../log.ts";
import type { Policy } from "../policy.ts";
import type { Propose } from "../proposal.ts";
import type { Specialist } from "../specialist.ts";
import type { ThreadId } from "../thread.ts";
import type { Tool } from "../tool.ts";
import { escalateName, escalationIn } from "./built-in-tools.ts";
import { createCalls } from "./calls.ts";
import { withSources } from "./citations.ts";
import { showPassing } from "./early-text.ts";
import { instructionsFor } from "./instructions.ts";
import { createJudgement } from "./judgement.ts";
import type { Outcome } from "./outcome.ts";
import { withPatience } from "./patience.ts";
import { createRetrieve, questionOf } from "./retrieve.ts";
import type { CallResult } from "./toolbox.ts";
import type { Show, Turn } from "./turn.ts";
import { add, beginWork, draftOf, resultOf, type Work } from "./work.ts";

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

export function createAgent(parts: AgentParts): Agent {
  const { limits, clock, log } = parts;
  const specialists = new Map(parts.specialists.map((specialist) => [specialist.name, specialist]));
  const entry = specialists.get(parts.entry);
  if (!entry) throw new RangeError(`there is no specialist ${parts.entry}`);
  const judgement = createJudgement(parts.policies);
  const retrieve = createRetrieve({ ...parts, passagesPerQuestion: limits.passagesPerQuestion });
  const calls = createCalls({ ...parts, specialists, retrieve, toolTimeoutMs: limits.toolTimeoutMs });

  async function answer(turn: Turn): Promise<Outcome> {
    const work = beginWork(
      turn,
      specialists.get(turn.specialist ?? "") ?? (entry as Specialist),
      parts.model,
    );
    if (turn.asked.some(parts.wantsPerson)) {
      const asked = escalation(work, "", { reason: "The customer asks for a person.", priority: "normal" });
      return { ...asked, model: "none" };
    }
    if (turn.turns >= limits.turnsPerSessionMax) {
      return escalation(
        work,
        "We have been at this for a while, and I would rather have a colleague look at it with you.",
        { reason: `The conversation has had ${turn.turns} turns without an end.`, priority: "normal" },
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
    const found = await retrieve(work, questionOf(work.turn));
    work.tainted ||= found.length > 0 && work.model !== parts.offlineModel;
  }

  async function draft(work: Work): Promise<Outcome> {
    for (let step = 1; step <= limits.stepsMax; step++) {
      let said: ModelStep;
      try {
        said = await ask(work, step);
      } catch (error) {
        const code = codeOf(error);
        if (work.turn.signal.aborted || !code) throw error;
        return escalation(
          work,
          "I am sorry: something on our side is not working, so I can't answer you properly right now.",
          { reason: `The language model failed: ${code}.`, priority: "normal", modelDown: true },
        );
      }
      work.tokens.input += said.usage?.input ?? 0;
      work.tokens.output += said.usage?.output ?? 0;
      const outcome = said.calls.length > 0 ? await act(work, said) : review(work, said.text);
      if (outcome) return outcome;
    }
    return escalation(work, "I am sorry, I could not get this done.", {
      reason: `No answer within ${limits.stepsMax} steps.`,
      priority: "normal",
    });
  }

  /** The turn's model, with patience; the offline model from the moment that nothing answers at its address. */
  async function ask(work: Work, step: number): Promise<ModelStep> {
    const { turn } = work;
    const request = {
      instructions: instructionsFor(work.specialist, turn, {
        company: parts.company,
        now: clock.now(),
        searches: withholds(work),
      }),
      passages: work.passages,
      transcript: work.transcript,
      tools: calls.specs(work),
    };
    const call = (model: LanguageModel) =>
      model.step(request, {
        signal: turn.signal,
        // A draft that a policy has sent back is not shown while it is written: the next one might go back, too.
        ...(turn.show && !work.objected ? { show: early(work, turn.show) } : {}),
      });
    try {
      return await withPatience(() => call(work.model), {
        clock,
        signal: turn.signal,
        failed(error, attempt) {
          turn.show?.discard();
          log.warn("model.failed", { turn: turn.id, step, attempt, error });
        },
      });
    } catch (error) {
      if (codeOf(error) !== "model_unreachable" || work.model === parts.offlineModel) throw error;
      work.model = parts.offlineModel;
      if (work.passages.length === 0) await readArticles(work);
      return call(work.model);
    }
  }

  /** Shows a step's text while it is written, as far as it is harmless. */
  function early(work: Work, show: Show): (delta: string) => void {
    return showPassing(show.text, (text) => judgement.harmless(draftOf(work, text)) === text.trim());
  }

  /** Does what the model asks for; undefined: the turn goes on. The fence is asked before and after. */
  async function act(work: Work, said: ModelStep): Promise<Outcome | undefined> {
    const { turn } = work;
    await turn.stillOurs();
    add(work, { role: "calls", text: said.text, calls: said.calls });
    turn.show?.discard();
    const results = await calls.carryOut(work, said.calls);
    await turn.stillOurs();
    const stuck = takeIn(work, said.calls, results);
    const confirmation = results.find((one) => one.confirmation)?.confirmation;
    if (confirmation) {
      return { kind: "confirmation", confirmation, ...resultOf(work), text: confirmation.text, sources: [] };
    }
    const wanted = said.calls.find((call) => call.name === escalateName);
    if (wanted) {
      const asked = escalationIn(wanted, parts.queues);
      const reason = judgement.harmless(draftOf(work, asked.reason)) || "The assistant asked for a person.";
      return escalation(work, said.text, { ...asked, reason });
    }
    if (stuck === undefined) return undefined;
    return escalation(
      work,
      "I am sorry, I could not get this done: a system of ours does not answer as it should.",
      { reason: `The tool ${stuck} failed twice in the same way.`, priority: "normal" },
    );
  }

  /** undefined: a policy has sent the draft back and the model tries once more. */
  function review(work: Work, text: string): Outcome | undefined {
    const verdict =
      text.trim() === ""
        ? { policy: "empty", objection: "The answer was empty." }
        : judgement.judged(draftOf(work, text));
    if ("text" in verdict) return finished(work, verdict.text);
    log.info("draft.objected", { turn: work.turn.id, policy: verdict.policy });
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

  /** @param text what the customer is told before they hear that a person comes; reviewed like any draft */
  function escalation(work: Work, text: string, why: Escalation): Outcome {
    const verdict = judgement.judged(draftOf(work, text));
    const said = "text" in verdict ? withSources(verdict.text, work.passages) : { text: "", sources: [] };
    return { kind: "escalation", escalation: why, ...resultOf(work), ...said };
  }

  return { answer };
}

/** Adds a step's results to the turn; returns the name of a tool that has failed twice in the same way. */
function takeIn(work: Work, calls: readonly ToolCall[], results: readonly CallResult[]): string | undefined {
  let stuck: string | undefined;
  const failures: string[] = [];
  calls.forEach((call, position) => {
    const { result, failed, intent } = results[position] as CallResult;
    const about = intent === undefined ? {} : { intent };
    add(work, { role: "result", id: call.id, name: call.name, failed, result, ...about });
    // A call that was not made, because there were too many, says nothing about the system behind it.
    if (!failed || isOverLimit(result)) return;
    const key = `${call.name} ${call.arguments}`;
    if (work.failedCalls.has(key)) stuck = call.name;
    failures.push(key);
  });
  // Only now: the same call twice in one step is not a second try.
  for (const key of failures) work.failedCalls.add(key);
  return stuck;
}

/** The call was not made: there were too many in this minute. */
function isOverLimit(result: unknown): boolean {
  return (result as { over_limit?: unknown } | null)?.over_limit === true;
}

function finished(work: Work, text: string): Outcome {
  const answer = withSources(text, work.passages);
  const asks = answer.sources.length === 0 && /\?\s*$/.test(answer.text);
  return { kind: asks ? "question" : "answer", ...resultOf(work), ...answer };
}
