/** Running an intent: the tool is called with its one idempotency key until it is known what became of it. */
import type { Clock } from "../clock.ts";
import { faultOf } from "../errors.ts";
import { audit } from "../ledger/audit.ts";
import { type Intent, moveIntent } from "../ledger/intents.ts";
import type { Ledger, Transaction } from "../ledger.ts";
import { withinTime } from "../time-limit.ts";
import type { Tool, ToolContext } from "../tool.ts";
import { type CheckParts, contextOf } from "./check.ts";
import { didNothing } from "./wording.ts";

export type Executed = { state: "done"; result: unknown } | { state: "failed" };

const triesMax = 3;
const pauseMs = 500;
const resultCharactersMax = 20_000;
const fieldsMax = 40;
const fieldCharactersMax = 400;

/**
 * The intent is `approved`, or `running` in a process that died. Resolves when it is `done` or `failed`.
 * @param decidedEarlier by another process, perhaps long ago: a ledger that was restored knows nothing of what came later
 */
export async function execute(
  parts: CheckParts,
  tool: Tool,
  intent: Intent,
  decidedEarlier = false,
): Promise<Executed> {
  const { ledger, clock, log } = parts;
  let running = intent;
  let fault = "";
  for (let attempt = 1; attempt <= triesMax; attempt++) {
    const inDoubt = running.state === "running" || decidedEarlier;
    running = await start(ledger, clock, running);
    try {
      const result = await once(parts, tool, running, inDoubt);
      await close(parts, running, "finish", result);
      log.info("intent.done", { intent: intent.id, tool: tool.name, attempt: running.attempts });
      return { state: "done", result };
    } catch (error) {
      fault = faultOf(error);
      log.warn("intent.retried", { intent: intent.id, tool: tool.name, attempt: running.attempts, error });
      if (attempt < triesMax) await clock.sleep(pauseMs * 2 ** (attempt - 1));
    }
  }
  await close(parts, running, "fail", { error: "tool_failed" });
  log.error("intent.failed", { intent: intent.id, tool: tool.name, fault });
  return { state: "failed" };
}

async function start(ledger: Ledger, clock: Clock, intent: Intent): Promise<Intent> {
  const running = await ledger.write((tx) => moveIntent(tx, intent, "run", clock.now()));
  if (!running) throw new Error(`intent ${intent.id} is run elsewhere`);
  return running;
}

/** What is in doubt is looked up before it is tried again. */
async function once(parts: CheckParts, tool: Tool, intent: Intent, inDoubt: boolean): Promise<unknown> {
  const settled = inDoubt ? await lookUp(parts, tool, intent) : undefined;
  if (settled) return bounded(settled.result);
  const run = tool.run.bind(tool);
  return bounded(
    await withinTime(parts, never(), (signal) => run(intent.input, context(parts, tool, intent, signal))),
  );
}

/** A result that is kept, shown to the model and told to people; of too large a one the fields that say something short. */
function bounded(result: unknown): unknown {
  const text = JSON.stringify(result ?? null);
  if (text.length <= resultCharactersMax) return result ?? null;
  if (typeof result !== "object" || result === null || Array.isArray(result))
    return `${text.slice(0, fieldCharactersMax)}…`;
  const fields = Object.entries(result).slice(0, fieldsMax);
  return Object.fromEntries(fields.map(([name, value]) => [name.slice(0, 64), cut(value)]));
}

function cut(value: unknown): unknown {
  if (typeof value === "string" && value.length > fieldCharactersMax)
    return `${value.slice(0, fieldCharactersMax)}…`;
  return (JSON.stringify(value)?.length ?? 0) <= fieldCharactersMax + 2 ? value : "…";
}

/**
 * What the company's own data says of a write that has begun; undefined when it was not done, or when the tool cannot tell.
 * @throws what the tool fails with
 */
export async function lookUp(
  parts: CheckParts,
  tool: Tool,
  intent: Intent,
): Promise<{ result: unknown } | undefined> {
  const settle = tool.settle?.bind(tool);
  if (!settle) return undefined;
  const settled = await withinTime(parts, never(), (signal) =>
    settle(intent.input, context(parts, tool, intent, signal)),
  );
  return settled.done ? { result: settled.result } : undefined;
}

/** A write that has begun is carried through: no signal of the conversation stops it. */
const never = () => new AbortController().signal;

function context(parts: CheckParts, tool: Tool, intent: Intent, signal: AbortSignal): ToolContext {
  const { id, customer, thread, preview } = intent;
  return {
    ...contextOf(parts, { tool, customer, thread }, signal),
    intent: { id, idempotencyKey: id, preview },
  };
}

/** It is over, and on record. */
export async function close(
  parts: Pick<CheckParts, "ledger" | "clock">,
  intent: Intent,
  how: "finish" | "fail",
  result: unknown,
): Promise<void> {
  await parts.ledger.write((tx) => closeIn(tx, parts, intent, how, result));
}

/** @returns undefined when it was over already */
export async function closeIn(
  tx: Transaction,
  { clock }: Pick<CheckParts, "clock">,
  intent: Intent,
  how: "finish" | "fail" | "expire",
  result: unknown,
): Promise<Intent | undefined> {
  // What a later try finds done already, an earlier one may have done.
  const movedNothing = how === "finish" && intent.attempts === 1 && didNothing(result);
  const over = await moveIntent(tx, intent, how, clock.now(), { result, movedNothing });
  if (!over) return undefined;
  await audit(tx, clock, {
    actor: intent.approver ?? intent.opener,
    action: `intent.${over.state}`,
    subject: `${intent.tool} ${intent.preview.subject}`,
    thread: intent.thread,
    turn: intent.turn,
    detail: {
      intent: intent.id,
      ...(movedNothing ? {} : intent.preview.amount),
      attempts: intent.attempts,
    },
  });
  return over;
}
