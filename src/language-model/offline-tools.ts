/** What the offered tools are for, read from their names and descriptions. Pure. */
import type { ToolSpec } from "../language-model.ts";
import { route } from "../routing/route.ts";
import { choicesOf } from "./offline-schema.ts";
import { type Slot, slotsOf, snake } from "./offline-slots.ts";
import { shared, termOf, termsOf } from "./offline-words.ts";

export interface ToolKit {
  escalate: ToolSpec | undefined;
  search: ToolSpec | undefined;
  transfers: readonly ToolSpec[];
  reads: readonly ToolSpec[];
  writes: readonly ToolSpec[];
}

export function kitOf(tools: readonly ToolSpec[]): ToolKit {
  const escalate =
    tools.find((tool) => tool.name === "escalate_to_human") ??
    tools.find((tool) => /escalat/.test(tool.name));
  const search = tools.find((tool) => tool.name === "search_knowledge");
  const transfers = tools.filter((tool) => isTransfer(tool.name));
  const own = tools.filter((tool) => tool !== escalate && tool !== search && !isTransfer(tool.name));
  return {
    escalate,
    search,
    transfers,
    reads: own.filter((tool) => tool.effect === "read"),
    writes: own.filter((tool) => tool.effect === "write"),
  };
}

export function isTransfer(name: string): boolean {
  return name.startsWith("transfer_to_");
}

/** What a read does, whatever it is about. */
const looking = set(
  "lookup look list search fetch read check get find retrieve view display query detail details status info information id ids by all load show describe current",
);
/** What a write does without saying what. */
const doing = set("create process submit open request send add perform execute do make issue start apply");
/** What a write is about rather than what it does. */
const things = set("customer user order orders item items pending delivered account own new the");
const upDown = set("upgrade downgrade switch move set put raise lower");
/** "Upgrade to Pro" is a change of plan. */
const grading = set("upgrade downgrade");
const changing = termOf("change");

/** A clause that begins with one of these wants that, and nothing else that it mentions: "change my refund address". */
const leading = set(
  "refund cancel return exchange change upgrade downgrade switch delete reset track pause resume renew close",
);

/** Which words of a message speak of a tool's subject. */
const related: Readonly<Record<string, ReadonlySet<string>>> = {
  order: set("order buy ship refund return exchange invoice charge track pay cancel item"),
  custom: set("customer account plan member"),
  user: set("user customer account"),
  account: set("account customer user"),
  ship: set("ship track order"),
};

/** Things that a tool must know by name to have to do with them. */
const otherThings = set("plan account newsletter appointment booking trial domain reservation flight");

function set(words: string): ReadonlySet<string> {
  return new Set(words.split(" ").map(termOf));
}

function nameTerms(tool: ToolSpec): string[] {
  return snake(tool.name)
    .split("_")
    .filter((word) => word.length > 1)
    .map(termOf);
}

/** How strongly one of the clauses wants just this done; 0: it does not. */
export function wantsWrite(tool: ToolSpec, clauses: readonly (readonly string[])[], chosen: boolean): number {
  const named = nameTerms(tool);
  const deeds = named.filter((term) => !doing.has(term) && !things.has(term));
  const wanted = deeds.length > 0 ? deeds : named;
  const known = new Set([
    ...named,
    ...termsOf(tool.description),
    ...slotsOf(tool).map((slot) => termOf(slot.noun)),
  ]);
  const scores = clauses.map((clause) => {
    const terms = new Set(clause);
    if (clause.some((term) => upDown.has(term))) terms.add(changing);
    if (clause.some((term) => grading.has(term))) terms.add(termOf("plan"));
    const verb = wanted[0];
    if (verb === undefined || !terms.has(verb)) return 0;
    const first = clause[0];
    if (
      first !== undefined &&
      leading.has(first) &&
      first !== verb &&
      !(verb === changing && upDown.has(first))
    )
      return 0;
    if (clause.some((term) => otherThings.has(term) && !known.has(term))) return 0;
    const hits = shared(wanted, terms).length;
    const enough = wanted.length === 1 || hits * 2 > wanted.length || chosen;
    return enough ? hits + shared(clause, known).length / 10 : 0;
  });
  return Math.max(0, ...scores);
}

/** A value from the tool's own list, or a new state, stands in the message: "switch me to free". */
export function choosesFor(tool: ToolSpec, words: string): boolean {
  const plain = words.toLowerCase();
  return slotsOf(tool).some((slot) =>
    (choicesOf(slot.schema) ?? []).some(
      (choice) => typeof choice === "string" && choice.length > 2 && plain.includes(choice.toLowerCase()),
    ),
  );
}

/** What a read is about, without the looking. */
function subjectsOf(tool: ToolSpec): string[] {
  const named = nameTerms(tool).filter((term) => !looking.has(term));
  return named.length > 0 ? named : termsOf(tool.description).slice(0, 3);
}

/** Whether a message speaks of what a read is about. */
export function speaksOf(tool: ToolSpec, terms: readonly string[]): boolean {
  return subjectsOf(tool).some(
    (subject) => terms.includes(subject) || terms.some((term) => related[subject]?.has(term)),
  );
}

/** `ord_1001` is an order's. */
export function isAbout(tool: ToolSpec, id: string): boolean {
  const letters = /^#?([a-z]{2,})/i.exec(id)?.[1]?.toLowerCase();
  return letters !== undefined && subjectsOf(tool).some((subject) => subject.startsWith(letters));
}

/** Whether a message names everything that a read is about. */
export function namesAll(tool: ToolSpec, terms: readonly string[]): boolean {
  return subjectsOf(tool).every((subject) => terms.includes(subject));
}

/** Things of one customer: looked up only for somebody who speaks of their own. */
export function isOwnMatter(tool: ToolSpec): boolean {
  return subjectsOf(tool).some((subject) => related[subject] !== undefined);
}

/** The reads that fit a message best come first. */
export function byFit(tools: readonly ToolSpec[], terms: readonly string[]): ToolSpec[] {
  const words = new Set(terms);
  const score = (tool: ToolSpec) =>
    shared(new Set(nameTerms(tool)), words).length * 2 +
    shared(new Set(termsOf(tool.description)), words).length -
    slotsOf(tool).length / 10;
  return [...tools].sort((a, b) => score(b) - score(a));
}

export function needs(tool: ToolSpec): Slot[] {
  return slotsOf(tool).filter((slot) => slot.required);
}

/** The specialist a message belongs to, by name and description, else by the topic of its words; undefined when it speaks of none. */
export function specialistFor(
  transfers: readonly ToolSpec[],
  terms: readonly string[],
  words: string,
): ToolSpec | undefined {
  let best: ToolSpec | undefined;
  let most = 0;
  const wanted = terms.some((term) => grading.has(term)) ? [...terms, changing, termOf("plan")] : terms;
  for (const tool of transfers) {
    const name = termsOf(tool.name.slice("transfer_to_".length).replaceAll("_", " "));
    const told = new Set([
      ...name,
      ...termsOf(tool.description.replace(/^pass (?:the )?(?:conversation|customer) (?:on )?to/i, "")),
    ]);
    const score = wanted.reduce(
      (sum, term, at) =>
        sum + (name.includes(term) ? 2 : told.has(term) && !vague.has(term) ? 1 + 1 / (at + 2) : 0),
      0,
    );
    if (score > most) {
      best = tool;
      most = score;
    }
  }
  if (best) return best;
  const names = transfers.map((tool) => tool.name.slice("transfer_to_".length));
  return transfers[names.indexOf(route(words, [...names, "general"]).queue)];
}

/** In the description of a specialist, these do not tell one from another. */
const vague = set(
  "customer user request support team agent specialist general contact first message conversation order account",
);
