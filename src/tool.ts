/**
 * The contract of a tool: what a company writes to let the desk act. A tool never takes a customer's id; the session
 * supplies it, and every query of the tool is scoped by it.
 */
import type { z } from "zod";

export interface Tool<Input = unknown> {
  /** [a-z0-9_], at most 64 characters. */
  name: string;
  /** For the model: what it does and when to use it. */
  description: string;
  /** A write becomes an intent: previewed, checked by policy, confirmed, approved, run once. */
  effect: "read" | "write";
  /** True unless said otherwise: runs only for a verified customer, in a private thread. */
  account?: boolean;
  input: z.ZodType<Input>;
  /** Writes only: what would happen, from the company's own data. */
  preview?(input: Input, context: ToolContext): Promise<Preview> | Preview;
  /**
   * Returns data for the model. What finds nothing returns data; what throws is an error. A write that has done nothing
   * after all says `{ ok: false, reason }`: the customer reads why, and it counts against no limit.
   */
  run(input: Input, context: ToolContext): Promise<unknown> | unknown;
  /**
   * Writes only, optional: what became of an intent whose run broke off. Without it a run that broke off is tried again
   * with the same idempotency key.
   */
  settle?(input: Input, context: ToolContext): Promise<Settlement> | Settlement;
}

/**
 * What would be done, shown to the customer and to the approver, hashed, and checked against the policy. Of the facts, a
 * policy's `per_order_max: captured` goes by `captured_minor` and `refunded_minor` (what was paid for the subject, and
 * paid back of it, in minor units) and `age_days_max` by `placed` (its ISO date).
 */
export type Preview =
  | { ok: true; subject: string; amount?: Money; text: string; facts?: Record<string, string | number> }
  | { ok: false; reason: string };

export type Settlement = { done: true; result: unknown } | { done: false };

/** Integer minor units (cents) and an ISO 4217 code. */
export interface Money {
  minor: number;
  currency: string;
}

/** What a tool may move without asking, in integer minor units of one currency. */
export interface MoneyPolicy {
  currency: string;
  /** Less than this is done at once. */
  atOnceUnderMinor: number;
  /** Up to and with this it needs a documented reason; above, a person approves. */
  withReasonUpToMinor: number;
  /** For one order, all intents together; `captured`: what was paid for it. */
  perOrderMaxMinor: number | "captured";
  perCustomerPerDayMaxMinor: number;
  ageDaysMax: number;
}

export interface ToolContext {
  /** The verified customer; `{ id: "" }` only in tools with `account: false` when nobody is verified. */
  customer: { id: string };
  thread: { id: string };
  /** In `run` of a write: the intent, and the key that must make the backend do it only once. */
  intent?: { id: string; idempotencyKey: string; preview: Preview };
  /** Aborted at the tool's time limit. */
  signal: AbortSignal;
  /** Milliseconds since 1970. */
  now(): number;
  log: { info(event: string, fields?: Record<string, unknown>): void };
}

/** Declares a tool; gives it back as it is. */
export function defineTool<Input>(tool: Tool<Input>): Tool<Input> {
  return tool;
}

/**
 * Whether a tool's result says that what the tool is named for was done: `issue_refund`, `{ refunded: true }`; and of nothing
 * that it is named for that it was not: `cancel_return`, `{ cancelled: false, returned: true }`.
 */
export function saysDone(tool: string, result: object): boolean {
  const words = tool.split("_").filter((word) => word.length > 2);
  const isIts = (name: string) => name.endsWith("ed") && words.some((word) => name.startsWith(word));
  const said = Object.entries(result).flatMap(([name, value]) => (isIts(name.toLowerCase()) ? [value] : []));
  return said.includes(true) && !said.includes(false);
}

/**
 * Finds a customer by what they typed; the code then goes to the address that this returns. While a customer is asked who
 * they are, a message in which a mail address stands, or which is nothing but an id, is a claim, and is answered the same
 * whether it is on file or not.
 */
export interface Identity {
  /**
   * What an id looks like, as a whole word: `/^cust_\d+$/`. Left out: a letter, then letters and digits; so would be many
   * an order's number.
   */
  id?: RegExp;
  find(
    claim: string,
  ): Promise<{ id: string; email: string } | undefined> | { id: string; email: string } | undefined;
}

export function defineIdentity(identity: Identity): Identity {
  return identity;
}
