/** Whether a write may happen now: what it would do, by the company's data, and what the policy says of that. */
import { createHash } from "node:crypto";
import type { Clock } from "../clock.ts";
import { movedForCustomer, movedForSubject, type OkPreview } from "../ledger/intents.ts";
import type { Ledger } from "../ledger.ts";
import type { Log } from "../log.ts";
import type { ThreadId } from "../thread.ts";
import { withinTime } from "../time-limit.ts";
import type { Tool, ToolContext } from "../tool.ts";
import { type Decision, decide, type MoneyLimits } from "./money-policy.ts";
import { inOwnWords } from "./own-words.ts";

export interface ToolRule {
  confirm: "customer" | "none";
  money: MoneyLimits | undefined;
  /** `staff`, or ids of people, groups and roles. */
  approvers: readonly string[];
}

export interface CheckParts {
  ledger: Ledger;
  ruleOf(tool: string): ToolRule;
  toolTimeoutMs: number;
  clock: Clock;
  log: Log;
}

export interface Wish {
  tool: Tool;
  input: unknown;
  customer: string;
  thread: ThreadId;
  said: readonly string[];
  /** The intent that it is already, so that it does not count against itself. */
  intent?: string;
  signal: AbortSignal;
}

export type Checked =
  | { ok: true; preview: OkPreview; hash: string; decision: Extract<Decision, { allow: true }> }
  | { ok: false; why: string; missing?: "reason" };

const dayMs = 86_400_000;

/** @throws DeskError tool_timeout, or what the tool's preview throws */
export async function check(parts: CheckParts, wish: Wish): Promise<Checked> {
  const { tool, input } = wish;
  const preview = await withinTime(parts, wish.signal, (signal) =>
    tool.preview?.(input, contextOf(parts, wish, signal)),
  );
  if (!preview) return { ok: false, why: `${tool.name} cannot say what it would do.` };
  if (!preview.ok) return { ok: false, why: preview.reason };
  const decision = decide(parts.ruleOf(tool.name).money, await factsOf(parts, wish, preview));
  if (!decision.allow)
    return { ok: false, why: decision.why, ...(decision.missing ? { missing: decision.missing } : {}) };
  return { ok: true, preview, hash: hashOf(wish, preview), decision };
}

async function factsOf(parts: CheckParts, wish: Wish, preview: OkPreview) {
  const now = parts.clock.now();
  const except = wish.intent ?? "";
  const { name } = wish.tool;
  const [otherForOrderMinor, today] = await parts.ledger.read(async (tx) => [
    await movedForSubject(
      tx,
      {
        tool: name,
        subject: preview.subject,
        except,
        pendingOnly: preview.facts?.refunded_minor !== undefined,
      },
      now,
    ),
    await movedForCustomer(
      tx,
      {
        tool: name,
        customer: wish.customer,
        except,
        since: now - dayMs,
        currency: preview.amount?.currency ?? "",
      },
      now,
    ),
  ]);
  const reason = (wish.input as { reason?: unknown }).reason;
  return {
    preview,
    otherForOrderMinor: Number(otherForOrderMinor),
    otherTodayMinor: typeof today === "object" ? today.minor : 0,
    reasonGiven: typeof reason === "string" && inOwnWords(reason, wish.said),
    now,
  };
}

/** What tools get besides their input; a run gets its intent as well. */
export function contextOf(
  parts: CheckParts,
  wish: Pick<Wish, "customer" | "thread" | "tool">,
  signal: AbortSignal,
): ToolContext {
  return {
    customer: { id: wish.customer },
    thread: { id: wish.thread },
    signal,
    now: () => parts.clock.now(),
    log: parts.log.with({ tool: wish.tool.name }),
  };
}

/** The same tool, customer, input and preview: the same hash, whatever the order of keys. */
function hashOf(wish: Wish, preview: OkPreview): string {
  const bound = {
    tool: wish.tool.name,
    customer: wish.customer,
    thread: wish.thread,
    input: wish.input,
    preview,
  };
  return createHash("sha256").update(canonical(bound)).digest("hex");
}

function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? "null";
  const entries = Object.entries(value).filter(([, inner]) => inner !== undefined);
  entries.sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, inner]) => `${JSON.stringify(key)}:${canonical(inner)}`).join(",")}}`;
}
