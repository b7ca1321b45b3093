/** A write that the model asks for becomes an intent: previewed, checked, and then confirmed, approved or run. */
import { audit } from "../ledger/audit.ts";
import { askAgain, askedInTurn, type Intent, sameInTurn, sameOpen, writeIntent } from "../ledger/intents.ts";
import type { OutboxRow } from "../ledger/outbox.ts";
import type { Transaction } from "../ledger.ts";
import type { Propose, Proposed, WriteRequest } from "../proposal.ts";
import type { Tool } from "../tool.ts";
import { canonical, judge, look, type Seen, type Wish } from "./check.ts";
import { execute } from "./execute.ts";
import { hold } from "./hold.ts";
import { stillTheBots } from "./ours.ts";
import type { IntentsParts } from "./parts.ts";
import { wording } from "./wording.ts";

/** The customer has this long to confirm. */
const confirmMs = 15 * 60_000;

export function createPropose(parts: IntentsParts): Propose {
  return async function propose(tool, input, request) {
    const before = await begunBefore(parts, tool, input, request);
    if (before) return before;
    const wish = {
      tool,
      input,
      customer: request.customer?.id ?? "",
      thread: request.thread,
      said: request.said,
      signal: request.signal,
    };
    const seen = await look(parts, wish);
    if (seen.ok) await request.stillOurs();
    const reserved = await parts.ledger.write((tx) =>
      seen.ok ? reserve(tx, parts, wish, seen, request) : refuse(tx, parts, tool, request, seen),
    );
    if (!reserved.ok) {
      parts.log.info("intent.refused", { tool: tool.name, turn: request.turn });
      const { why, missing } = reserved;
      return { result: { ok: false, reason: why, ...(missing ? { missing } : {}) }, failed: false };
    }
    parts.push(reserved.rows);
    return standing(parts, tool, reserved.intent);
  };
}

/**
 * The same call earlier in this turn; what a process that died has left unfinished of it is carried through first. By now
 * the company's data may say that it cannot be done any more: because it has been.
 */
async function begunBefore(
  parts: IntentsParts,
  tool: Tool,
  input: unknown,
  request: WriteRequest,
): Promise<Proposed | undefined> {
  const wanted = canonical(input);
  let same: Proposed | undefined;
  for (const intent of await parts.ledger.read((tx) => askedInTurn(tx, request.turn, tool.name))) {
    const begun = intent.state === "approved" || intent.state === "running";
    if (!begun && intent.state !== "done") continue;
    const result = await standing(parts, tool, intent);
    if (canonical(intent.input) === wanted) same = result;
  }
  return same;
}

interface Refused {
  ok: false;
  why: string;
  missing?: "reason" | undefined;
}

/** The one intent for this call, new or known; `rows` put it to the desk. */
type Reserved = { ok: true; intent: Intent; rows: OutboxRow[] } | Refused;

/** What the policy says, and what becomes of it, at one moment: nothing else of this desk's comes between. */
async function reserve(
  tx: Transaction,
  parts: IntentsParts,
  wish: Wish,
  seen: Seen,
  request: WriteRequest,
): Promise<Reserved> {
  const now = parts.clock.now();
  const { tool } = wish;
  await stillTheBots(tx, request.thread);
  const of = { turn: request.turn, tool: tool.name, hash: seen.hash, subject: seen.preview.subject };
  const known = (await sameInTurn(tx, of)) ?? (await sameOpen(tx, request.thread, seen.hash, now));
  if (known) {
    const asked = { turn: request.turn, expiresAt: now + confirmMs };
    const intent = known.state === "proposed" ? await askAgain(tx, known, asked, now) : known;
    return { ok: true, intent, rows: [] };
  }
  const decision = await judge(tx, parts, wish, seen);
  if (!decision.allow) return refuse(tx, parts, tool, request, { ok: false, ...decision });
  const asks = parts.ruleOf(tool.name).confirm === "customer" || request.tainted;
  const intent = intentOf(wish, seen, request, {
    id: parts.clock.id("i"),
    needsApproval: decision.approval,
    state: asks || decision.approval ? "proposed" : "approved",
    expiresAt: now + confirmMs,
  });
  await writeIntent(tx, intent, now);
  await audit(tx, parts.clock, {
    actor: "bot",
    action: "intent.proposed",
    subject: `${tool.name} ${seen.preview.subject}`,
    thread: request.thread,
    turn: request.turn,
    detail: { intent: intent.id, ...(seen.preview.amount ?? {}) },
  });
  const held = asks || !decision.approval ? undefined : await hold(tx, parts, intent, undefined);
  return { ok: true, intent: held?.intent ?? intent, rows: held?.rows ?? [] };
}

function intentOf(
  wish: Wish,
  seen: Seen,
  request: WriteRequest,
  fresh: Pick<Intent, "id" | "needsApproval" | "state" | "expiresAt">,
): Intent {
  return {
    ...fresh,
    thread: request.thread,
    turn: request.turn,
    opener: request.opener,
    customer: wish.customer,
    tool: wish.tool.name,
    input: wish.input,
    preview: seen.preview,
    hash: seen.hash,
    approval: undefined,
    approver: undefined,
    decidedBy: undefined,
    attempts: 0,
    result: undefined,
  };
}

/** What stands of the intent. */
async function standing(parts: IntentsParts, tool: Tool, intent: Intent): Promise<Proposed> {
  return { ...(await standingOf(parts, tool, intent)), intent: intent.id };
}

async function standingOf(parts: IntentsParts, tool: Tool, intent: Intent): Promise<Proposed> {
  switch (intent.state) {
    case "proposed":
      return asking(intent);
    case "awaiting_approval":
      return { result: { pending: "approval", text: wording.held() }, failed: false };
    case "approved":
    case "running":
      // Where a person has approved it, it is carried out in the lane of the approval.
      return intent.approval === undefined
        ? ran(parts, tool, intent)
        : { result: { pending: "running", text: wording.underWay() }, failed: false };
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

/** Every refusal is on record. */
async function refuse(
  tx: Transaction,
  parts: IntentsParts,
  tool: Tool,
  request: WriteRequest,
  { why, missing }: Refused,
): Promise<Refused> {
  await audit(tx, parts.clock, {
    actor: "bot",
    action: "intent.refused",
    subject: tool.name,
    thread: request.thread,
    turn: request.turn,
    detail: { why },
  });
  return { ok: false, why, missing };
}
