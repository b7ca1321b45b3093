/**
 * One step of the offline model, in the order in which a careful clerk would think:
 *
 *   a person is needed? · small talk? · a tool to call, or one thing to ask? · what the tools said · what the articles
 *   say · not clear: ask once · otherwise a person
 */
import type { ModelRequest } from "../language-model.ts";
import { moodOf } from "../routing/mood.ts";
import { escalatedLine, escalationCall, type Need, needOf } from "./offline-escalation.ts";
import { type PlannedCall, planFor } from "./offline-plan.ts";
import { type Quote, quoteFor } from "./offline-quote.ts";
import { namedIn } from "./offline-readers.ts";
import { tellResult, whoYouAre } from "./offline-results.ts";
import { asSchema } from "./offline-schema.ts";
import { questionFor, slotsOf } from "./offline-slots.ts";
import { smallTalkIn, smallTalkLine } from "./offline-small-talk.ts";
import { isTransfer, kitOf, type ToolKit } from "./offline-tools.ts";
import { type Done, notice, type OfflineTurn, readTurn } from "./offline-turn.ts";
import { declines, isPersonal, isWish, mannerOf } from "./offline-wishes.ts";
import { reworded, termsOf } from "./offline-words.ts";

export interface Decision {
  text: string;
  calls: PlannedCall[];
}

const orPerson = "Shall I ask a person to look at it?";
const unclear = "I'm not sure I understand. Could you tell me in a sentence or two what you need?";
const notFound = "I couldn't find that in our articles. Could you tell me a little more about what you need?";
const unclearLines = [unclear, notFound];
const uncovered: Need = {
  reason: "The articles do not cover the question.",
  line: "I couldn't find an answer to that in our articles.",
};
const beyond: Need = {
  reason: "The customer wants something that no tool can do.",
  line: "That is something I can't do myself.",
};

export function decide(request: ModelRequest): Decision {
  const kit = kitOf(request.tools);
  const turn = readTurn(request.transcript, new Set(kit.writes.map((tool) => tool.name)));
  const escalated = turn.work.find((one) => one.name === kit.escalate?.name);
  if (escalated) return say(escalatedLine(escalated.result, escalated.failed), turn);
  const need = needOf(turn);
  if (need) return askPerson(need, kit, turn);
  if (turn.work.length === 0) {
    const line = lineFor(turn);
    if (line !== undefined) return { text: line, calls: [] };
  }
  const quote = isOfNothing(turn)
    ? undefined
    : (quoteOn(turn, request) ??
      quoteFor(turn.message, request.passages) ??
      quoteFor(turn.wish, request.passages) ??
      quotesFor(turn.message, request.passages));
  const plan = planFor(turn, kit, quote);
  switch (plan.do) {
    case "call":
      return { text: "", calls: plan.calls };
    case "ask":
      return say(withRule(plan.question, quote, turn), turn);
    case "give up":
      return askPerson(
        { reason: `The customer could not give the ${plan.missing}.`, line: "No problem." },
        kit,
        turn,
      );
    case "nothing":
      return answer(turn, kit, quote, request);
  }
}

/** "And if it's lost?": goes on from what was asked before. */
const goesOn =
  /\b(?:it|its|it's|they|them|that|this|those|these|one)\b|^(?:and|but|or|also|what about|how about|what if)\b/i;
const goesOnMax = 80;
const questionsMax = 3;

function quoteOn(turn: OfflineTurn, request: ModelRequest): Quote | undefined {
  const before = turn.earlier[0];
  if (before === undefined || turn.message.length > goesOnMax || !goesOn.test(turn.message)) return undefined;
  return mannerOf(turn.message) === "general" ? quoteFor(turn.message, request.passages, before) : undefined;
}

const asksHowMuch = /\bhow (?:much|many|long|soon|often)\b|\b(?:costs?|prices?|free)\b/i;

/** "How much does it cost?", and nothing was spoken of before. "Can I return it?" names what it is about. */
function isOfNothing({ message, earlier }: OfflineTurn): boolean {
  const bare = /\b(?:it|they|them)\b/i.test(message) && asksHowMuch.test(message);
  return bare && earlier.length === 0 && termsOf(message).length <= 1;
}

/** The questions of a message that asks several things. */
function questionsIn(message: string): string[] {
  const questions = message.split(/(?<=\?)\s+|\n+/).filter((one) => termsOf(one).length > 0);
  return questions.length > 1 ? questions.slice(0, questionsMax) : [];
}

/** Several questions in one message, each answered for itself; undefined unless each is. */
function quotesFor(message: string, passages: ModelRequest["passages"]): Quote | undefined {
  const questions = questionsIn(message);
  const found = questions.map((one) => quoteFor(one, passages));
  const [first] = found;
  if (!first || !found.every((one) => one !== undefined)) return undefined;
  return { ...first, text: [...new Set(found.map(({ text }) => text))].join("\n\n") };
}

/** What the articles say to a wish stands before the question that it needs. */
function withRule(question: string, quote: Quote | undefined, turn: OfflineTurn): string {
  return quote && mannerOf(turn.message) === "statement" && isWish(turn.message)
    ? `${quote.text}\n\n${question}`
    : question;
}

/** Small talk, or no to what was asked; undefined for anything that wants something. */
function lineFor(turn: OfflineTurn): string | undefined {
  if (turn.message === "" && turn.earlier.length === 0) return smallTalkLine("greeting");
  if (turn.message === "") return "I can only read text. Could you tell me in words what you need?";
  if (turn.asked !== undefined && declines(turn.message)) return smallTalkLine("assent");
  const talk = smallTalkIn(turn.message);
  return talk && smallTalkLine(talk);
}

function answer(turn: OfflineTurn, kit: ToolKit, quote: Quote | undefined, request: ModelRequest): Decision {
  const told = toldBy(turn, kit, request, quote);
  if (told !== undefined) return say(told, turn);
  if (quote) {
    const trouble = mannerOf(turn.message) !== "general" && kit.escalate ? `\n\n${orPerson}` : "";
    return say(quote.text + trouble, turn);
  }
  const { search } = kit;
  const queries = search ? searchesFor(turn) : [];
  if (search && queries.length > 0)
    return { text: "", calls: queries.map((query) => ({ name: search.name, arguments: { query } })) };
  const asked = turn.asked !== undefined && unclearLines.some((line) => line.endsWith(turn.asked as string));
  if (isVague(turn) && !asked) return say(mannerOf(turn.message) === "general" ? notFound : unclear, turn);
  return askPerson(
    isWish(turn.message) && mannerOf(turn.message) === "statement" ? beyond : uncovered,
    kit,
    turn,
  );
}

/** What the tools said, and what the articles add to it. */
function toldBy(
  turn: OfflineTurn,
  kit: ToolKit,
  request: ModelRequest,
  quote: Quote | undefined,
): string | undefined {
  const results = turn.work.filter((one) => !isTransfer(one.name) && one.name !== kit.search?.name);
  if (results.length === 0) return undefined;
  const tools = [...kit.reads, ...kit.writes];
  const all = results.map((done) => ({
    done,
    ...tellResult(
      done,
      tools.find((tool) => tool.name === done.name),
      namedIn(turn.message),
    ),
  }));
  // An account that cannot be looked into yet is worth a word only where there is nothing else to say, or where it is
  // the account that something is wanted of: then an article's rule would be an answer to something else.
  const told = all.filter((one) => one.text !== whoYouAre);
  if (told.length === 0) return isAboutAccount(turn) ? whoYouAre : (quote?.text ?? whoYouAre);
  const text = [...new Set(told.map((one) => one.text))].filter(Boolean).join("\n\n");
  const refused = told.find((one) => one.came === "refused");
  const question = refused && questionAfter(refused.text, refused.done, kit);
  if (question) return question;
  if (told.some((one) => one.came === "failed" || one.came === "missing" || one.came === "refused")) {
    return kit.escalate ? `${text} ${orPerson}` : text;
  }
  if (told.some((one) => one.came === "done" || one.came === "pending")) return text;
  return [text, ...addition(turn, kit, request)].join("\n\n");
}

/** Names an order of theirs, asks for what only a lookup can answer, or wants something done. */
function isAboutAccount({ message }: OfflineTurn): boolean {
  const manner = mannerOf(message);
  return namedIn(message).length > 0 || manner === "own" || (isWish(message) && manner === "statement");
}

/** After a lookup: what the articles say to the wish behind it, and who can fulfil it. */
function addition(turn: OfflineTurn, kit: ToolKit, request: ModelRequest): string[] {
  const questions = turn.message
    .split(/(?<=[.!?])\s+|\n+|\b(?:and|also) (?=(?:how|what|when|where|can|do|does|is|are)\b)/i)
    .filter((one) => !/\d{3,}/.test(one) && mannerOf(one) === "general");
  const wanting = isWish(turn.wish);
  const quote =
    questions.map((one) => quoteFor(one, request.passages)).find(Boolean) ??
    (wanting ? quoteFor(turn.wish, request.passages) : undefined);
  const lines = quote ? [quote.text] : [];
  if (wanting && kit.escalate) lines.push(orPerson);
  else if (!wanting && mannerOf(turn.message) === "statement") lines.push("What would you like me to do?");
  return lines;
}

/** A refusal for want of something that the tool takes asks for it. */
function questionAfter(text: string, done: Done, kit: ToolKit): string | undefined {
  const tool = kit.writes.find((one) => one.name === done.name);
  const named = asSchema(done.result)?.missing;
  const slots = tool ? slotsOf(tool) : [];
  const missing = slots.find((one) => one.name === named);
  if (missing) return `Before I can do that, I need one more thing. ${questionFor(missing)}`;
  const untold = slots.find(
    (one) =>
      one.kind === "words" &&
      done.arguments[one.name] === undefined &&
      text.toLowerCase().includes(one.label),
  );
  return untold && `${text} ${questionFor(untold)}`;
}

/** Another try, once: each of several questions by itself; or the usual words for what the customer calls by another name. */
function searchesFor(turn: OfflineTurn): string[] {
  if (turn.work.some((one) => !isTransfer(one.name))) return [];
  const questions = questionsIn(turn.message);
  const query = reworded(turn.wish);
  return questions.length > 0 ? questions : query === undefined ? [] : [query];
}

/** Too little to go by: a name, a number, "help". */
function isVague(turn: OfflineTurn): boolean {
  const terms = termsOf(turn.message).filter((term) => !/^\d+$/.test(term));
  const trouble = moodOf(turn.message) === "negative" && terms.length > 0;
  if (terms.length <= 1) return !trouble;
  if (terms.length >= 3 || mannerOf(turn.message) !== "statement") return false;
  return !trouble && !isWish(turn.message) && !isPersonal(turn.message);
}

function askPerson(need: Need, kit: ToolKit, turn: OfflineTurn): Decision {
  const call = kit.escalate && escalationCall(kit.escalate, need, turn);
  if (call) return { text: withNotice(need.line, turn), calls: [call] };
  return say(`${need.line} I can't reach a person from here, sorry.`.trim(), turn);
}

function say(text: string, turn: OfflineTurn): Decision {
  return { text: withNotice(text, turn), calls: [] };
}

/** Said once in a conversation; before a question, so that the question stays the last word. */
function withNotice(text: string, turn: OfflineTurn): string {
  if (turn.noticed) return text;
  return text.endsWith("?") ? `${notice} ${text}` : `${text}\n\n${notice}`.trim();
}
