/** What a ticket says of the conversation so far, from the conversation itself. Pure. */
import type { TranscriptItem } from "../language-model.ts";
import type { Brief } from "../ledger/tickets.ts";
import type { Source } from "../platform.ts";

const askMax = 120;
const factMax = 300;

/**
 * The customer's want in one line: the first sentence of their newest words, or of those before where these say nothing
 * by themselves ("yes please").
 */
export function askOf(lastWords: string, transcript: readonly TranscriptItem[] = []): string {
  const said = transcript.flatMap((item) => (item.role === "customer" ? [item.text] : []));
  const telling = [...said, lastWords].findLast(saysSomething) ?? lastWords;
  const line = telling.replace(/\s+/g, " ").trim();
  const sentence = /^.{12,}?[.!?](?=\s|$)/.exec(line)?.[0] ?? line;
  if (sentence === "") return "(no words)";
  return sentence.length > askMax ? `${whole(sentence.slice(0, askMax - 1)).trimEnd()}…` : sentence;
}

/** What has been cut, without half of a character at its end. */
export const whole = (cut: string): string => cut.replace(/[\uD800-\uDBFF]$/, "");

/** A script without spaces says more in fewer letters. */
const saysSomething = (text: string): boolean =>
  /\d/.test(text) ||
  text.trim().split(/\s+/).length > 3 ||
  text.trim().length > 20 ||
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}]{4}/u.test(text);

export function briefOf(facts: {
  customer: string;
  lastWords: string;
  tried: Source[];
  transcript: readonly TranscriptItem[];
  reason: string;
}): Brief {
  return {
    customer: facts.customer,
    tried: facts.tried,
    facts: factsOf(facts.transcript),
    lastWords: facts.lastWords,
    nextStep: nextStepOf(facts.transcript),
  };
}

type Result = Extract<TranscriptItem, { role: "result" }>;

/** What tools have said, one line a result, each tool's same answer once. A question that has been answered is none. */
function factsOf(transcript: readonly TranscriptItem[]): string[] {
  const results = transcript.filter((item): item is Result => item.role === "result" && tellsStaff(item));
  const lines = results
    .filter(
      ({ name, result }, place) =>
        !isPending(result) || !results.slice(place + 1).some((later) => later.name === name),
    )
    .map((item) => whole(`${item.name}: ${toldBy(item)}`.replace(/\s+/g, " ").slice(0, factMax)));
  return [...new Set(lines)];
}

function tellsStaff({ name, failed, result }: Result): boolean {
  if (name === "escalate_to_human" || name === "search_knowledge" || name.startsWith("transfer_to_"))
    return false;
  return !failed || brokeDown(result);
}

function toldBy({ failed, result }: Result): string {
  if (failed) return `failed: ${flat(result)}`;
  if (isPending(result))
    return result.pending === "approval"
      ? "waits for a colleague's approval"
      : "waits for the customer's yes";
  return isRefused(result) ? `not done: ${result.reason}` : flat(result);
}

function isPending(result: unknown): result is { pending: unknown } {
  return typeof result === "object" && result !== null && "pending" in result;
}

/** What a write says that cannot be done. */
function isRefused(result: unknown): result is { reason: string } {
  const { ok, reason } = (result ?? {}) as { ok?: unknown; reason?: unknown };
  return ok === false && typeof reason === "string";
}

function nextStepOf(transcript: readonly TranscriptItem[]): string {
  const failed = transcript.findLast(
    (item) => item.role === "result" && item.failed && brokeDown(item.result),
  );
  if (failed?.role === "result") return `Take the ticket; look at why ${failed.name} failed.`;
  return "Take the ticket and answer in its thread.";
}

/** A system of ours did not work; a call that was refused or worded wrongly is nothing for staff. */
function brokeDown(result: unknown): boolean {
  const error = typeof result === "object" && result !== null && "error" in result ? result.error : undefined;
  return error === "tool_failed" || error === "tool_timeout";
}

/** A JSON value on one line, as people write: `status: shipped, items: Headphones 1`. */
function flat(value: unknown, inside = false): string {
  if (value === null || value === undefined) return "nothing";
  if (Array.isArray(value)) return value.map((one) => flat(one, true)).join("; ");
  if (typeof value !== "object") return String(value);
  return Object.entries(value)
    .filter(
      ([name, inner]) => inner !== null && inner !== undefined && inner !== "" && !saysFound(name, inner),
    )
    .map(([name, inner]) => (inside ? flat(inner, true) : `${name.replaceAll("_", " ")}: ${flat(inner)}`))
    .join(inside ? " " : ", ");
}

/** What stands there has been found. */
const saysFound = (name: string, value: unknown): boolean => name === "found" && value === true;
