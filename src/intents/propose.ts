/** A write that the model asks for becomes an intent: previewed, checked, and then confirmed, approved or run. */
import { audit } from "../ledger/audit.ts";
import { type Intent, sameInTurn, sameOpen, writeIntent } from "../ledger/intents.ts";
import type { Propose, Proposed, WriteRequest } from "../proposal.ts";
import type { Tool } from "../tool.ts";
import { type Checked, check } from "./check.ts";
import { execute } from "./execute.ts";
import { hold } from "./hold.ts";
import type { IntentsParts } from "./parts.ts";
import { wording } from "./wording.ts";

/** The customer has this long to confirm. */
const confirmMs = 15 * 60_000;

export function createPropose(parts: IntentsParts): Propose {
  return async function propose(tool, input, request) {
    const wish = {
      tool,
      input,
      customer: request.customer?.id ?? "",
      thread: request.thread,
      said: request.said,
      signal: request.signal,
    };
    const checked = await check(parts, wish);
    if (!checked.ok) {
      await noteRefusal(parts, tool, request, checked.why);
      return refused(checked);
    }
    await request.stillOurs();
    const { intent, known } = await reserve(parts, tool, input, request, checked);
    return known ? standing(parts, tool, intent) : begin(parts, tool, intent, request);
  };
}

/** The one intent for this call: a new row, or the one that is there. */
async function reserve(
  parts: IntentsParts,
  tool: Tool,
  input: unknown,
  request: WriteRequest,
  checked: Extract<Checked, { ok: true }>,
): Promise<{ intent: Intent; known: boolean }> {
  const { ledger, clock } = parts;
  const now = clock.now();
  const asks = parts.ruleOf(tool.name).confirm === "customer" || request.tainted;
  const { hash, preview } = checked;
  return ledger.write(async (tx) => {
    const known =
      (await sameInTurn(tx, { turn: request.turn, tool: tool.name, hash, subject: preview.subject })) ??
      (await sameOpen(tx, request.thread, hash, now));
    if (known) return { intent: known, known: true };
    const intent: Intent = {
      id: clock.id("i"),
      thread: request.thread,
      turn: request.turn,
      opener: request.opener,
      customer: request.customer?.id ?? "",
      tool: tool.name,
      input,
      preview,
      hash,
      needsApproval: checked.decision.approval,
      state: asks || checked.decision.approval ? "proposed" : "approved",
      approval: undefined,
      approver: undefined,
      decidedBy: undefined,
      attempts: 0,
      result: undefined,
      expiresAt: now + confirmMs,
    };
    await writeIntent(tx, intent, now);
    await audit(tx, clock, {
      actor: "bot",
      action: "intent.proposed",
      subject: `${tool.name} ${preview.subject}`,
      thread: request.thread,
      turn: request.turn,
      detail: { intent: intent.id, ...(preview.amount ?? {}) },
    });
    return { intent, known: false };
  });
}

async function begin(
  parts: IntentsParts,
  tool: Tool,
  intent: Intent,
  request: WriteRequest,
): Promise<Proposed> {
  const asks = parts.ruleOf(tool.name).confirm === "customer" || request.tainted;
  if (asks) return asking(intent);
  if (intent.needsApproval) {
    await hold(parts, intent, undefined);
    return { result: { pending: "approval", text: wording.held() }, failed: false };
  }
  return ran(parts, tool, intent);
}

/** The intent is there already: what stands of it. */
async function standing(parts: IntentsParts, tool: Tool, intent: Intent): Promise<Proposed> {
  switch (intent.state) {
    case "proposed":
      return asking(intent);
    case "awaiting_approval":
      return { result: { pending: "approval", text: wording.held() }, failed: false };
    case "approved":
    case "running":
      return ran(parts, tool, intent);
    case "done":
      return { result: intent.result ?? null, failed: false };
    case "failed":
    case "declined":
    case "denied":
    case "expired":
    case "refused":
      return { result: { ok: false, reason: wording.over() }, failed: false };
  }
}

async function ran(parts: IntentsParts, tool: Tool, intent: Intent): Promise<Proposed> {
  const executed = await execute(parts, tool, intent);
  return executed.state === "done"
    ? { result: executed.result, failed: false }
    : { result: { error: "tool_failed", message: wording.failed(), retryable: false }, failed: true };
}

function asking(intent: Intent): Proposed {
  const text = wording.ask(intent.preview.text);
  return {
    result: { pending: "confirmation", text },
    failed: false,
    confirmation: { id: intent.id, text, expiresAt: intent.expiresAt },
  };
}

function refused(checked: Extract<Checked, { ok: false }>): Proposed {
  return {
    result: { ok: false, reason: checked.why, ...(checked.missing ? { missing: checked.missing } : {}) },
    failed: false,
  };
}

/** Every refusal is on record. */
function noteRefusal(parts: IntentsParts, tool: Tool, request: WriteRequest, why: string): Promise<void> {
  parts.log.info("intent.refused", { tool: tool.name, turn: request.turn });
  return parts.ledger.write((tx) =>
    audit(tx, parts.clock, {
      actor: "bot",
      action: "intent.refused",
      subject: tool.name,
      thread: request.thread,
      turn: request.turn,
      detail: { why },
    }),
  );
}
