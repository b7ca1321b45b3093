/** Running an intent: the tool is called with its one idempotency key until it is known what became of it. */
import type { Clock } from "../clock.ts";
import { faultOf } from "../errors.ts";
import { audit } from "../ledger/audit.ts";
import { type Intent, moveIntent } from "../ledger/intents.ts";
import type { Ledger } from "../ledger.ts";
import { withinTime } from "../time-limit.ts";
import type { Tool, ToolContext } from "../tool.ts";
import { type CheckParts, contextOf } from "./check.ts";

export type Executed = { state: "done"; result: unknown } | { state: "failed"; fault: string };

const triesMax = 3;
const pauseMs = 500;

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
  await close(parts, running, "fail", { error: fault });
  log.error("intent.failed", { intent: intent.id, tool: tool.name, fault });
  return { state: "failed", fault };
}

async function start(ledger: Ledger, clock: Clock, intent: Intent): Promise<Intent> {
  const running = await ledger.write((tx) => moveIntent(tx, intent, "run", clock.now()));
  if (!running) throw new Error(`intent ${intent.id} is run elsewhere`);
  return running;
}

/** What is in doubt is looked up before it is tried again. */
async function once(parts: CheckParts, tool: Tool, intent: Intent, inDoubt: boolean): Promise<unknown> {
  // A write that has begun is carried through: no signal of the conversation stops it.
  const never = new AbortController().signal;
  const context = (signal: AbortSignal): ToolContext => ({
    ...contextOf(parts, { tool, customer: intent.customer, thread: intent.thread }, signal),
    intent: { id: intent.id, idempotencyKey: intent.id, preview: intent.preview },
  });
  if (inDoubt && tool.settle) {
    const settle = tool.settle.bind(tool);
    const settled = await withinTime(parts, never, (signal) => settle(intent.input, context(signal)));
    if (settled.done) return settled.result;
  }
  return (await withinTime(parts, never, (signal) => tool.run(intent.input, context(signal)))) ?? null;
}

/** It is over, and on record. */
export function close(
  parts: Pick<CheckParts, "ledger" | "clock">,
  intent: Intent,
  how: "finish" | "fail",
  result: unknown,
): Promise<void> {
  const { ledger, clock } = parts;
  return ledger.write(async (tx) => {
    if (!(await moveIntent(tx, intent, how, clock.now(), { result }))) return;
    await audit(tx, clock, {
      actor: intent.approver ?? intent.opener,
      action: how === "finish" ? "intent.done" : "intent.failed",
      subject: `${intent.tool} ${intent.preview.subject}`,
      thread: intent.thread,
      turn: intent.turn,
      detail: { intent: intent.id, ...(intent.preview.amount ?? {}), attempts: intent.attempts },
    });
  });
}
