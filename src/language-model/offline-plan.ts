/**
 * Which tools to call next, or what to ask for first. Deterministic: the same conversation, the same plan. A tool that
 * changes something is called only when the customer has plainly asked for that; ids may come from earlier, wishes not.
 */
import type { ToolSpec } from "../language-model.ts";
import { moodOf } from "../routing/mood.ts";
import { asksFor, type Filling, fillingsOf } from "./offline-arguments.ts";
import type { Quote } from "./offline-quote.ts";
import { namedIn } from "./offline-readers.ts";
import { asSchema } from "./offline-schema.ts";
import { questionFor, type Slot } from "./offline-slots.ts";
import {
  byFit,
  choosesFor,
  isAbout,
  isOwnMatter,
  isTransfer,
  namesAll,
  needs,
  speaksOf,
  specialistFor,
  type ToolKit,
  wantsWrite,
} from "./offline-tools.ts";
import type { OfflineTurn } from "./offline-turn.ts";
import { asksForStatus, isPersonal, isWish, mannerOf, wishesIn } from "./offline-wishes.ts";
import { termsOf } from "./offline-words.ts";

export interface PlannedCall {
  name: string;
  arguments: Record<string, unknown>;
}

export type Plan =
  | { do: "call"; calls: PlannedCall[] }
  | { do: "ask"; question: string }
  /** The one missing thing was asked for and not given. */
  | { do: "give up"; missing: string }
  | { do: "nothing" };

/** After these many rounds of calls there is an answer, whatever they brought. */
const roundsMax = 4;
const callsMax = 4;
/** How often in a row the same thing is asked for, when the customer only says anew what they want. */
const asksMax = 2;
const nothing: Plan = { do: "nothing" };

/** @param quote what the articles say to the message, if they cover it */
export function planFor(turn: OfflineTurn, kit: ToolKit, quote: Quote | undefined): Plan {
  if (turn.message === "" || turn.rounds >= roundsMax) return nothing;
  if (turn.work.some((one) => kit.writes.some((tool) => tool.name === one.name))) return nothing;
  const steps = stepsAfter(turn);
  for (const step of steps) {
    const plan = step({ turn, kit, quote, terms: topicsOf(turn), wishes: wishesIn(turn.wish) });
    if (plan.do !== "nothing") return plan;
  }
  return nothing;
}

/** What the message is about; "Where is my stuff?" is about an order. */
function topicsOf(turn: OfflineTurn): string[] {
  const terms = termsOf(turn.wish);
  const mine = mannerOf(turn.message) === "own" && /\bwhere\b/i.test(turn.message);
  return mine && !terms.includes("order") ? [...terms, "order"] : terms;
}

/** What may still be done: anything at first; after a lookup only what builds on it; after one that failed, what needs none of it. */
function stepsAfter(turn: OfflineTurn): ((now: Situation) => Plan)[] {
  const looked = turn.work.filter((one) => !isTransfer(one.name));
  if (looked.length === 0)
    return [write, passOnWish, readNamed, readOwn, readRemembered, passOnTopic, askForId, readByWords];
  return looked.every((one) => one.failed)
    ? [write, passOnWish, readNamed, readRemembered, passOnTopic, askForId]
    : [write, passOnWish, passOnTopic];
}

interface Situation {
  turn: OfflineTurn;
  kit: ToolKit;
  quote: Quote | undefined;
  terms: readonly string[];
  /** The terms of each clause that wants something done. */
  wishes: readonly (readonly string[])[];
}

/** "Refund ord_1002": what changes something, on an explicit wish. */
function write(now: Situation): Plan {
  const { turn, kit } = now;
  const scored = kit.writes
    .map((tool) => ({ tool, score: wantsWrite(tool, now.wishes, choosesFor(tool, turn.wish)) }))
    .filter((one) => one.score > 0)
    .sort((a, b) => b.score - a.score);
  const tool = scored[0]?.tool;
  if (!tool || turn.work.some((one) => one.name === tool.name)) return nothing;
  const fillings = fillingsOf(tool, turn, { records: true });
  const calls = callsOf(tool, fillings, turn);
  if (calls.length > 0) return { do: "call", calls };
  const missing = missingOf(fillings);
  if (!missing) return nothing;
  if (missing.kind !== "identifier") return ask(missing, turn);
  // The message names something, and this tool does not take it: what can be said of it comes from a lookup.
  if (namedIn(turn.message).length > 0) return readNamed(now);
  const list = listOf(missing, kit, turn);
  return list ? { do: "call", calls: [list] } : ask(missing, turn);
}

/** The customer's own list from which the missing id may be seen. */
function listOf(missing: Slot, kit: ToolKit, turn: OfflineTurn): PlannedCall | undefined {
  const tool = kit.reads.find(
    (one) => needs(one).length === 0 && isOwnMatter(one) && speaksOf(one, termsOf(missing.noun)),
  );
  return tool && callsOf(tool, fillingsOf(tool, turn, {}), turn)[0];
}

/** What is wanted can be done by a specialist, and not here. */
function passOnWish(now: Situation): Plan {
  return now.wishes.length === 0 ? nothing : pass(now, now.wishes.flat(), now.turn.wish);
}

/** The message belongs to a specialist, and no article answers it. */
function passOnTopic(now: Situation): Plan {
  return now.quote && mannerOf(now.turn.message) === "general" ? nothing : pass(now, now.terms, "");
}

/** @param words what may be told by its topic alone; empty: only what a description names */
function pass({ turn, kit }: Situation, terms: readonly string[], words: string): Plan {
  if (turn.work.some((one) => isTransfer(one.name))) return nothing;
  const tool = specialistFor(kit.transfers, terms, words);
  const calls = tool ? callsOf(tool, fillingsOf(tool, turn, {}), turn) : [];
  return calls.length > 0 ? { do: "call", calls } : nothing;
}

/** "What about ORD-9999?": the message names what is to be looked up. */
function readNamed({ turn, kit, terms }: Situation): Plan {
  for (const tool of byFit(kit.reads, terms)) {
    if (needs(tool).length === 0) continue;
    const fresh = fillingsOf(tool, turn, {}).filter((one) => one.complete && one.fresh);
    const calls = callsOf(tool, fresh, turn);
    if (calls.length > 0) return { do: "call", calls };
  }
  return nothing;
}

/** "Show me my orders": lists of one's own need no argument; others only their name. */
function readOwn({ turn, kit, terms, quote }: Situation): Plan {
  const manner = mannerOf(turn.message);
  const named = namedIn(turn.message);
  const mine = named.length > 0 || manner === "own" || (manner === "statement" && isPersonal(turn.message));
  const calls = kit.reads
    .filter((tool) => needs(tool).length === 0)
    .filter((tool) =>
      isOwnMatter(tool)
        ? mine && (named.some((id) => isAbout(tool, id)) || speaksOf(tool, terms))
        : !quote && namesAll(tool, terms),
    )
    .flatMap((tool) => callsOf(tool, fillingsOf(tool, turn, {}), turn));
  return calls.length > 0 ? { do: "call", calls: calls.slice(0, callsMax) } : nothing;
}

/** "Has it shipped yet?": about the thing that was named before. */
function readRemembered({ turn, kit, terms, quote }: Situation): Plan {
  if (mannerOf(turn.message) === "general" && (quote || !asksForStatus(turn.message))) return nothing;
  if (mannerOf(turn.message) === "statement" && !asksForStatus(turn.message)) return nothing;
  for (const tool of byFit(kit.reads, terms)) {
    if (needs(tool).length === 0) continue;
    const calls = callsOf(tool, fillingsOf(tool, turn, { remember: true, records: true }), turn);
    if (calls.length > 0) return { do: "call", calls };
  }
  return nothing;
}

/** "I want a refund for my keyboard": a lookup needs an id that nobody has named. */
function askForId({ turn, kit, terms, quote }: Situation): Plan {
  const manner = mannerOf(turn.message);
  const askedBefore = turn.wish !== turn.message;
  const personal = isPersonal(turn.message) || moodOf(turn.message) === "negative";
  const told = manner === "statement" && personal && turn.work.length === 0;
  const wanting = isWish(turn.wish) || manner === "own" || told;
  for (const tool of byFit(kit.reads, terms)) {
    const missing = missingOf(fillingsOf(tool, turn, {}));
    if (missing?.kind !== "identifier" && missing?.kind !== "email") continue;
    if (isUnknown(turn) && namesOrLists(turn.message, tool, missing)) continue;
    const named = new RegExp(`\\b${missing.noun}s? (?:id|number|no|nr|code)\\b`, "i").test(turn.message);
    const apt = named || askedBefore || (wanting && !(manner === "general" && quote));
    if (apt && speaksOf(tool, terms)) return ask(missing, turn);
  }
  return nothing;
}

/** An account was to be looked into, and nobody knows yet whose. */
function isUnknown(turn: OfflineTurn): boolean {
  return turn.work.some((one) => one.failed && asSchema(one.result)?.error === "identity_needed");
}

/** The message has named one, of another form than this tool's, or is about all of them: one more number is no help. */
function namesOrLists(message: string, tool: ToolSpec, missing: Slot): boolean {
  return (
    namedIn(message).some((id) => isAbout(tool, id)) ||
    new RegExp(`\\b${missing.noun}s\\b`, "i").test(message)
  );
}

/** A search that takes the customer's own words, when no article has answered. */
function readByWords({ turn, kit, terms, quote }: Situation): Plan {
  if (quote) return nothing;
  for (const tool of byFit(kit.reads, terms)) {
    const slots = needs(tool);
    if (slots.length === 0 || !slots.every((slot) => slot.kind === "words") || !namesSome(tool, terms))
      continue;
    const calls = callsOf(tool, fillingsOf(tool, turn, {}), turn);
    if (calls.length > 0) return { do: "call", calls };
  }
  return nothing;
}

function namesSome(tool: ToolSpec, terms: readonly string[]): boolean {
  return !isOwnMatter(tool) && speaksOf(tool, terms);
}

function ask(missing: Slot, turn: OfflineTurn): Plan {
  const question = questionFor(missing);
  if (missing.kind === "unreadable") return { do: "give up", missing: missing.label };
  const before = turn.questions.slice(0, asksMax).filter((one) => one?.includes(question)).length;
  const again = isWish(turn.message) || mannerOf(turn.message) === "own" || /\d/.test(turn.message);
  const over = before >= asksMax || (turn.asked !== undefined && asksFor(turn.asked, missing) && !again);
  return over ? { do: "give up", missing: missing.label } : { do: "ask", question };
}

function missingOf(fillings: readonly Filling[]): Slot | undefined {
  const first = fillings[0];
  return first && !first.complete ? first.missing : undefined;
}

/** The calls of complete fillings that this turn has not made yet. */
function callsOf(tool: ToolSpec, fillings: readonly Filling[], turn: OfflineTurn): PlannedCall[] {
  return fillings.flatMap((one) => {
    if (!one.complete) return [];
    const same = JSON.stringify(one.arguments);
    const made = turn.work.some((done) => done.name === tool.name && JSON.stringify(done.arguments) === same);
    return made ? [] : [{ name: tool.name, arguments: one.arguments }];
  });
}
