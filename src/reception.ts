/** What code decides before any model is asked, in this order; then the agent. */
import type { Agent } from "./agent/agent.ts";
import type { Outcome } from "./agent/outcome.ts";
import { type Show, type Turn, wordsOfCustomer } from "./agent/turn.ts";
import { toCustomer } from "./desk/notices.ts";
import type { Privately } from "./desk/privately.ts";
import { messagesOf } from "./desk/relay.ts";
import { unheard } from "./files.ts";
import type { Keep } from "./identity/claims.ts";
import type { Verification } from "./identity/verification.ts";
import type { Intents } from "./intents/intents.ts";
import type { Settled } from "./intents/parts.ts";
import type { TranscriptItem } from "./language-model.ts";
import type { Admitted } from "./ledger/inbox.ts";
import type { Thread } from "./ledger/threads.ts";
import type { Limits } from "./limits.ts";
import type { Pause } from "./pause.ts";
import { unknownWhether } from "./tell-also.ts";
import type { ThreadId } from "./thread.ts";
import type { OpenTurn } from "./turns.ts";

export interface ReceptionParts {
  pause: Pick<Pause, "paused">;
  wantsPerson(text: string): boolean;
  verification: Verification;
  intents: Intents;
  limits: Limits;
  agent: Agent;
  privately: Pick<Privately, "find">;
  /** Whether a person has a thread, or is awaited there. */
  peopleHave(thread: ThreadId): Promise<boolean>;
  /** A line of the desk's own to a customer. */
  notify(thread: Thread, text: string): Promise<void>;
}

export type Reception = ReturnType<typeof createReception>;

export function createReception(parts: ReceptionParts) {
  const { verification, limits } = parts;

  /** How long these messages have to wait; 0: they are answered now. Who asks for a person never waits. */
  async function waitFor(thread: Thread, admitted: readonly Admitted[]): Promise<number> {
    if (messagesOf(admitted).some((message) => parts.wantsPerson(message.text))) return 0;
    const waitMs = limits.messagesWait(
      thread.opener,
      admitted.map((one) => one.id),
    );
    if (waitMs > 0 && limits.mayTell(thread.opener)) await parts.notify(thread, tooManyMessages);
    return waitMs;
  }

  async function answer(open: OpenTurn, show: Show | undefined): Promise<Outcome> {
    const { turn } = open;
    if (parts.pause.paused()) {
      return unheardBy(
        open,
        appeal(turn, "I am switched off at the moment.", "Automated answers are paused."),
      );
    }
    if (turn.asked.length > 0 && turn.asked.every((text) => text.startsWith(unheard)))
      return said(turn, voiceLost);
    // Whoever wants a person gets one: an address may be among their words, or a code before them.
    if (turn.asked.some(parts.wantsPerson)) return unheardBy(open, await converse(open, turn, show));
    const heard =
      open.author && turn.asked.length > 0
        ? await verification.hear(turn.thread, open.author, turn.asked)
        : undefined;
    if (heard?.does === "say") return { ...said(turn, heard.text), ...kept(heard.keep) };
    if (heard?.does === "goOn") {
      const known = { ...turn, customer: heard.customer, asked: [heard.question] };
      const outcome = await converse(open, known, show);
      return { ...outcome, text: `Thank you, you are verified.\n\n${outcome.text}`, keep: heard.keep };
    }
    return converse(open, turn, show);
  }

  /** A code that nobody has tried is kept as little as one that was. */
  async function unheardBy(open: OpenTurn, outcome: Outcome): Promise<Outcome> {
    return { ...outcome, ...kept(open.author && (await verification.keepOf(open.turn.thread, open.author))) };
  }

  async function converse(open: OpenTurn, turn: Turn, show: Show | undefined): Promise<Outcome> {
    const settled = await parts.intents.answer({ ...turn, said: wordsOfCustomer(turn) });
    if (settled) return outcomeOf(settled, turn);
    const over = turn.asked.some(parts.wantsPerson) ? undefined : await limits.tokensOver(turn.opener);
    if (over) return said(turn, tokensSpent);
    const outcome = await parts.agent.answer({ ...turn, show });
    if (turn.visibility === "shared" && outcome.kind !== "escalation" && neededPrivacy(outcome.entries))
      return inPrivate(open, outcome);
    return neededCustomer(outcome.entries) ? offered(open, turn, outcome) : outcome;
  }

  /** Nothing of an account is said where others read: the question is asked again where they do not. */
  async function inPrivate(open: OpenTurn, outcome: Outcome): Promise<Outcome> {
    const way = open.author && (await parts.privately.find(open.author, open.thread.id));
    const told = { ...outcome, kind: "answer" as const, sources: [] };
    if (!way) return { ...told, text: toCustomer.noPrivateWay() };
    const text = (await parts.peopleHave(way.thread))
      ? toCustomer.goesToPerson()
      : toCustomer.goesPrivate(way.way);
    return { ...told, text, goesTo: way };
  }

  /** A tool needed to know the customer: from now on the desk listens for an address, and says so once. */
  async function offered(open: OpenTurn, turn: Turn, outcome: Outcome): Promise<Outcome> {
    if (outcome.kind === "escalation" || !open.author || turn.visibility === "shared") return outcome;
    // One question at a time: who is asked for an order's number is not asked who they are, too.
    if (/\?\s*$/.test(outcome.text) && !asksWhoTheyAre.test(outcome.text)) return outcome;
    const fresh = await verification.offer(turn.thread, open.author, turn.asked.join("\n"));
    return fresh ? { ...outcome, text: `${outcome.text}\n\n${howToVerify}` } : outcome;
  }

  return { waitFor, answer };
}

const asksWhoTheyAre = /\be-?mail|\bverif|\bwho you are\b/i;
const howToVerify =
  "For anything about your account, first tell me the e-mail address of the account: a code goes there, to make sure that it is you.";
const voiceLost =
  "I could not make out your voice message. Please write it to me, or say that you want a person.";
const tooManyMessages =
  "You write faster than I can answer. I have kept everything and go on in a moment; say that you want a person at any time.";
const tokensSpent =
  "I have reached what I may use for today, so I can't answer that. Say that you want a person, and a colleague will help you.";

const neededCustomer = (entries: readonly TranscriptItem[]): boolean =>
  failures(entries).some((failure) => failure?.error === "identity_needed");

const neededPrivacy = (entries: readonly TranscriptItem[]): boolean =>
  failures(entries).some((failure) => failure?.error === "tool_refused" && failure.privately === true);

function failures(entries: readonly TranscriptItem[]): ({ error?: unknown; privately?: unknown } | null)[] {
  return entries.flatMap((item) =>
    item.role === "result" && item.failed
      ? [item.result as { error?: unknown; privately?: unknown } | null]
      : [],
  );
}

const base = (turn: Turn) => ({
  sources: [],
  specialist: turn.specialist ?? "",
  model: "none",
  entries: [],
  tokens: { input: 0, output: 0 },
});

const kept = (keep: Keep | undefined): Pick<Outcome, "keep"> => (keep ? { keep } : {});

function said(turn: Turn, text: string): Outcome {
  return { kind: "answer", text, ...base(turn) };
}

function appeal(turn: Turn, text: string, reason: string): Outcome {
  return { kind: "escalation", text, escalation: { reason, priority: "normal" }, ...base(turn) };
}

/** What the customer's yes or no came to, as the outcome of their turn. */
function outcomeOf(settled: Settled, turn: Turn): Outcome {
  const told = { ...base(turn), text: settled.text, entries: settled.entries };
  if (settled.confirmation) return { kind: "confirmation", confirmation: settled.confirmation, ...told };
  if (settled.broke === undefined) return { kind: "answer", ...told };
  return { kind: "escalation", escalation: unknownWhether(settled.broke), ...told };
}
