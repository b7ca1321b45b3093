/**
 * Whether a write may happen now: what it would do, by the company's data (`look`), and what the policy says of that
 * (`judge`). The second looks only at the ledger, so it stands in the transaction that acts on it: of two writes at the
 * same moment, the later one counts the earlier.
 */
import { createHash } from "node:crypto";
import type { Clock } from "../clock.ts";
import type { Intent, OkPreview } from "../ledger/intents.ts";
import { movedForCustomer, movedForSubject } from "../ledger/money-moved.ts";
import type { Ledger, Reader } from "../ledger.ts";
import type { Log } from "../log.ts";
import type { ThreadId } from "../thread.ts";
import { withinTime } from "../time-limit.ts";
import type { MoneyPolicy, Tool, ToolContext } from "../tool.ts";
import { type Decision, decide, type MoneyFacts } from "./money-policy.ts";
import { inOwnWords } from "./own-words.ts";

export interface ToolRule {
  confirm: "customer" | "none";
  money: MoneyPolicy | undefined;
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
  /** A person has it before them and decides: no reason of the customer's is needed. */
  byPerson?: boolean;
  signal: AbortSignal;
}

export type Look = Seen | { ok: false; why: string };

export interface Seen {
  ok: true;
  preview: OkPreview;
  hash: string;
  /** When the company's data was asked; milliseconds since 1970. */
  at: number;
}

const dayMs = 86_400_000;

/** @throws DeskError tool_timeout, or what the tool's preview throws */
export async function look(parts: CheckParts, wish: Wish): Promise<Look> {
  const { tool, input } = wish;
  const at = parts.clock.now();
  const preview = await withinTime(parts, wish.signal, (signal) =>
    tool.preview?.(input, contextOf(parts, wish, signal)),
  );
  if (!preview) return { ok: false, why: `${tool.name} cannot say what it would do.` };
  if (!preview.ok) return { ok: false, why: preview.reason };
  return { ok: true, preview, hash: hashOf({ ...wish, tool: tool.name, preview }), at };
}

/** What the policy says, with everything that has been done and is pending. */
export async function judge(tx: Reader, parts: CheckParts, wish: Wish, seen: Seen): Promise<Decision> {
  return decide(parts.ruleOf(wish.tool.name).money, await factsOf(tx, parts, wish, seen));
}

async function factsOf(tx: Reader, parts: CheckParts, wish: Wish, seen: Seen): Promise<MoneyFacts> {
  const { preview } = seen;
  const now = parts.clock.now();
  const except = wish.intent ?? "";
  const { name } = wish.tool;
  // What was paid back before the company's data was asked is in it already.
  const settledSince = preview.facts?.refunded_minor === undefined ? 0 : seen.at;
  const forOrder = { tool: name, subject: preview.subject, except, settledSince };
  const currency = preview.amount?.currency ?? "";
  const today = { tool: name, customer: wish.customer, except, since: now - dayMs, currency };
  const reason = (wish.input as { reason?: unknown }).reason;
  return {
    preview,
    otherForOrderMinor: await movedForSubject(tx, forOrder, now),
    otherTodayMinor: (await movedForCustomer(tx, today, now)).minor,
    reasonGiven: wish.byPerson === true || (typeof reason === "string" && inOwnWords(reason, wish.said)),
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

/** The same tool, customer, thread, input and preview: the same hash, whatever the order of keys. */
export function hashOf({ tool, customer, thread, input, preview }: Bound): string {
  return createHash("sha256").update(canonical({ tool, customer, thread, input, preview })).digest("hex");
}

type Bound = Pick<Intent, "tool" | "customer" | "thread" | "input" | "preview">;

/** One text for values that are the same but for the order of their keys. */
export function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? "null";
  const entries = Object.entries(value).filter(([, inner]) => inner !== undefined);
  entries.sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, inner]) => `${JSON.stringify(key)}:${canonical(inner)}`).join(",")}}`;
}
