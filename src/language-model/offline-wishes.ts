/**
 * What a message is: a question about how things are, a question about one's own matter, or a wish. Only an explicit wish
 * may lead to a tool that changes something. Pure.
 */
import { plainWords, termOf, termsOf } from "./offline-words.ts";

/** One's own order, parcel, account: what only a lookup can answer. */
const own =
  /\bwhere(?:'s| is| are| did)\b.{0,40}\b(?:my|mine|it|order|parcel|package|delivery|shipment|refund)\b|\b(?:track|status)\b.{0,30}\b(?:my|order|parcel|package|it|shipment|delivery|refund)\b|\b(?:my|order|parcel|shipment|delivery|refund)\b.{0,20}\bstatus\b|\bwhen (?:will|does|is|do|can)\b.{0,15}\b(?:my|it|i (?:get|receive|expect))\b|\b(?:has|hasn't|have|haven't|did|didn't|was|is|isn't) (?:you |they )?(?:my|our)\b|\bmy (?:\w+ ){1,3}(?:hasn't|hasnt|has|haven't|have|didn't|didnt|did|never|is|isn't|was|wasn't|still|not)\b|\b(?:haven't|havent|have not|didn't|did not|never|not) (?:yet )?(?:received|receive|got|get|arrived|arrive)\b|\bnothing (?:has |yet )?(?:arrived|came|come)\b|\b(?:got|received|have) nothing\b|\b(?:has|hasn't|have|is|isn't|did|didn't|was|will|won't) (?:it|they|that|this) (?:already |even |still |now |been |be |yet )*(?:shipped|ship|arrived?|delivered|sent|dispatched|left|come|coming|on (?:its|the) way|refunded|processed|cancell?ed)\b|\bany (?:news|updates?)\b|\bwhat happened (?:to|with) (?:my|the)\b|\b(?:look up|check|see|show(?: me)?|view|find|list|what(?:'s| is| are| was)|which)\b.{0,15}\b(?:my|our) (?:\w+ )?(?:orders?|purchases?|account|profile|plan|subscription|balance|details|history|bookings?|invoices?|tickets?)\b|\b(?:which|what|how many) (?:\w+ )?(?:orders?|purchases?|subscriptions?|bookings?|invoices?|tickets?) (?:do|did|have) (?:i|we)\b|\bwhat plan am i\b|\bwo (?:ist|bleibt) mein|\bou est (?:ma|mon)|\bdonde esta mi|\bdov'?e (?:e )?il mio|\bonde esta o meu|\bwaar is mijn/;

/** How things are in general. */
const general =
  /^(?:(?:hi|hello|hey|so|and|ok|okay|also|then|well|quick question|question|just wondering|i was wondering|please|tell me|can you tell me|could you tell me|do you know|i want to know|i'd like to know|i would like to know)\b[\s,:]*)*(?:how|what|what's|when|why|where|which|who|can i|could i|may i|should i|must i|do i|am i|is(?! my)|are(?! my)|was(?! my)|does|do you|do|will i|will you|would i|if|whether|wie|was|wann|wo|kann ich|gibt es|comment|combien|quand|puis-je|est-ce|como|cuanto|cuando|puedo|hay|quanto|quando|come|posso|hoe|wanneer|kan ik)\b/;

export type Manner = "general" | "own" | "statement";

export function mannerOf(text: string): Manner {
  const plain = plainWords(text).replace(/\s+/g, " ").trim();
  if (own.test(plain) && !/^(?:where|how) (?:can|do|could|should|would) (?:i|we)\b/.test(plain)) return "own";
  return general.test(plain) || plain.endsWith("?") ? "general" : "statement";
}

/** Asks for something that can be looked up at any time: where it is, how far it is. */
export function asksForStatus(text: string): boolean {
  return /\b(?:where|status|track\w*|eta|arriv\w*|deliver\w*|shipp?ed|news|updates?|yet|now|details?|look (?:it )?up|check)\b/.test(
    plainWords(text),
  );
}

export function isPersonal(text: string): boolean {
  return /\b(?:i|i'm|i've|i'd|i'll|im|ive|my|mine|me|our|we|mein\w*|ich|mon|ma|mes|je|mi|mis|yo)\b/.test(
    plainWords(text),
  );
}

/** Around a wish, not part of it. */
const politeness =
  /^(?:(?:please|pls|plz|hi|hello|hey|there|ok|okay|then|so|now|just|and|yes|yeah|also|thanks|great|kindly|can you|could you|would you|will you|go ahead and|well|instead|rather)\b[\s,:]*)+/;
const formula =
  /\b(?:i|we)(?:'d| would)?(?: \w+)? (?:want|like|need|wish|request|demand|prefer)\b|\b(?:can|could|would|will) you\b|\bplease\b|\b(?:i'm|i am) (?:requesting|asking for)\b|\b(?:give|get) me\b|\bgo ahead\b|\blet's\b/;
/** Asking about it, not for it. */
const asksAbout =
  /\b(?:know|ask|asking|wonder\w*|help|info\w*|question|explain|tell me|status|where|when|why|how|what|whether|if|policy|possible|track|understand|problem|issue|trouble)\b/;
const negated =
  /\b(?:don't|dont|do not|didn't|did not|not|never|without|no need|instead of|avoid|before you|unless|forget|keep|kein\w*|nicht)\b/;
const past =
  /\b(?:was|were|been|has|have|had|already|you|they|he|she|got|why|did|hasn't|haven't|my|the|your)\b/;

/** The words of a text in which something is wanted done, one entry for each clause that wants it. */
export function wishesIn(text: string): string[][] {
  return clausesOf(text).flatMap(({ clause, withId }) => {
    const wanted = wantedIn(clause, withId);
    return wanted ? [wanted] : [];
  });
}

/** What people tell a shop to do. */
const deeds =
  /^(?:refund|cancel|return|exchange|replace|swap|change|update|upgrade|downgrade|switch|delete|remove|reset|send|resend|ship|deliver|book|order|buy|pause|stop|resume|renew|unsubscribe|subscribe|close|open|create|add|track|move|extend|activate|deactivate|enable|disable|reserve|reschedule|modify|correct|fix|repair|unlock|block|give|show|check|find|look)$/;

/** Whether anything is plainly wanted done: what might only be a name or a topic ("window seat") is not. */
export function isWish(text: string): boolean {
  return clausesOf(text).some(({ clause, withId }) => {
    const first = firstWords(clause.replace(politeness, ""), 1).replace(/\W/g, "");
    return (formula.test(clause) || deeds.test(first)) && wantedIn(clause, withId) !== undefined;
  });
}

function clausesOf(text: string): { clause: string; withId: boolean }[] {
  return sentencesOf(text).flatMap((sentence) => {
    const withId = /\d{3,}|[a-z][-_]\d/.test(sentence);
    const clauses = sentence.split(/[,;:]\s|\bbut\b|\band (?=please|also|then|i )|\s-\s/);
    return clauses.map((clause) => ({ clause: clause.trim(), withId })).filter((one) => one.clause !== "");
  });
}

/** Takes back what was wanted; "I don't have it" does not. */
export function takesBack(text: string): boolean {
  return /\b(?:forget|never ?mind|keep it|leave it|wait|stop|no longer|not any ?more|changed my mind|(?:don'?t|do not)(?! (?:have|know|remember|find|see|understand|recall)))\b/.test(
    plainWords(text),
  );
}

/** "Refund ord_1002 please it never came": where what is wanted ends, and why begins, with nothing between. */
const runOn =
  /(?<=\s)(?:it|they|i|we|this|that) (?:never|just|only|still|did|didn'?t|has|hasn'?t|have|haven'?t|had|was|wasn'?t|were|is|isn'?t|are|aren'?t|arrived|came|broke|do|don'?t|does|doesn'?t|won'?t|can'?t|changed)\b/;

function wantedIn(clause: string, withId: boolean): string[] | undefined {
  const bare = clause.replace(politeness, "").trim();
  if (withId && deeds.test(firstWords(bare, 1))) {
    const why = bare.search(runOn);
    if (why > 0)
      return wantedIn(
        bare
          .slice(0, why)
          .replace(/\bplease\s*$/, "")
          .trim(),
        withId,
      );
  }
  // "Can I cancel ord_1002?" names the thing: that is asking for it; without it, it is a question about the rules.
  const polite = withId
    ? bare.replace(
        /^(?:can|could|may) (?:i|we)(?: please)?(?: (?:get|have|request))?(?: an?| my| the)? ?/,
        "",
      )
    : bare;
  if (general.test(polite)) return undefined;
  const found = formula.exec(clause);
  const rest = found ? withoutReason(clause.slice(found.index + found[0].length)) : "";
  const terms = termsOf(rest);
  if (found && terms.length > 0) {
    const turned = negated.test(clause.slice(0, found.index)) || negated.test(firstWords(rest, 3));
    return turned || asksAbout.test(rest) ? undefined : terms;
  }
  return !found && polite.endsWith("?") && polite === bare ? undefined : imperativeIn(polite);
}

/** "Refund ord_1002": the deed stands first. */
function imperativeIn(clause: string): string[] | undefined {
  const first = firstWords(clause, 1).replace(/[^\p{L}'-]/gu, "");
  if (first === "" || negated.test(first) || past.test(first) || /(?:tion|ment|ing|ed|s|er)$/.test(first))
    return undefined;
  if (asksAbout.test(clause.split(" ").slice(1, 4).join(" ")) || negated.test(withoutReason(clause)))
    return undefined;
  const terms = termsOf(clause);
  return terms[0] === termOf(first) ? terms : undefined;
}

function firstWords(text: string, count: number): string {
  return text.trim().split(" ").slice(0, count).join(" ");
}

/** "… because it was cancelled twice" says why, not what. */
function withoutReason(text: string): string {
  return text.split(/\b(?:because|since|as it|as they|which|that was|that is|after|weil|da)\b/)[0] ?? text;
}

function sentencesOf(text: string): string[] {
  return plainWords(text)
    .replace(/[ \t]+/g, " ")
    .split(/(?<=[.!?])\s+|\n+/)
    .map((sentence) => sentence.trim())
    .filter((sentence) => sentence !== "");
}

/** "No", "never mind": what was asked or offered is not wanted. */
export function declines(text: string): boolean {
  return /^(?:no|nope|nah|nein|non|never ?mind|forget (?:it|about it)|not (?:now|needed|necessary)|leave it|cancel that|stop|don't|that's all|that is all|nothing(?: else)?)\b[\s\w',]{0,30}[.!]*$/.test(
    plainWords(text).trim(),
  );
}

/** "Yes, please": what was offered is wanted. */
export function agrees(text: string): boolean {
  return /^(?:yes|yeah|yep|yup|sure|ok|okay|please|please do|do it|do that|go ahead|of course|absolutely|definitely|ja|oui|si|sim)\b[\s\w',]{0,30}[.!]*$/.test(
    plainWords(text).trim(),
  );
}
