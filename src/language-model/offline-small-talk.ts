/** Messages that want nothing but a friendly line. Pure. */
import { moodOf } from "../routing/mood.ts";
import { route } from "../routing/route.ts";
import { plainWords, termsOf } from "./offline-words.ts";

export type SmallTalk = "greeting" | "thanks" | "bye" | "assent" | "identity" | "help" | "abilities";

const greeting =
  "hi+|hello+|hey+|hiya|howdy|yo|greetings|good (?:morning|afternoon|evening|day|night)|morning|evening|hallo|moin|servus|guten (?:tag|morgen|abend)|bonjour|bonsoir|salut|hola|buenos dias|buenas(?: tardes| noches)?|ciao|buongiorno|ola|bom dia|boa tarde|goedendag|hoi|how are you(?: doing)?(?: today)?|how do you do|what'?s up|nice to meet you|(?:my|the) (?:first |last |full |sur)?name(?: is|'s) \\p{L}+(?: \\p{L}+)?|is (?:any(?:one|body)) (?:there|here)|anyone (?:there|here)|are you there";
const thanks =
  "thanks?(?: you)?|thank u|thx|ty|cheers|many|a lot|lots|so much|very much|much appreciated|appreciate it|appreciated|danke(?: schon| sehr)?|vielen dank|merci(?: beaucoup)?|gracias|muchas gracias|grazie(?: mille)?|obrigad[oa]|bedankt|dank je|for (?:your|the|all your) (?:help|time|support|assistance|info|information|response|reply|answer|quick \\w+)|that helps?|that helped|very helpful|helpful|awesome|great|perfect|excellent|wonderful|nice|cool|brilliant|lovely|super|you(?:'re| are)(?: the best| great| awesome)?|it";
const bye =
  "bye+|goodbye|good bye|bye bye|see (?:you|ya)(?: later| soon)?|cya|have a (?:good|nice|great|lovely|wonderful) (?:day|one|evening|night|weekend|time)(?: ahead)?|take care|tschuss|auf wiedersehen|au revoir|adios|arrivederci|tchau|tot ziens|that(?:'s| is| will be|'ll be) (?:all|it|everything)(?: for now| i needed| thanks)?|nothing else|no(?:pe)?|i(?:'m| am) (?:good|fine|done|all set)|all (?:good|set|done)|too";
const assent =
  "o+k+(?:ay)?|k|alright|all right|got it|i see|understood|sure|fine|right|good|yes|yeah|yep|yup|ok(?:ay)? then|sounds good|makes sense|noted|will do|no (?:problem|worries)|oh|ah|aha|hmm+|hm|lol|haha|wow|roger|genau|klar|d'accord|vale|va bene|you(?:'re| are) welcome|welcome|please|i(?:'ll| will) wait|take your (?:own )?time|no rush";
const filler =
  "there|all|team|everyone|everybody|guys|folks|sir|madam|ma'?am|dear|friend|again|so|and|well|then|my|for now|very|to you|you|today|support|bot|buddy|mate|it|is|was|a|the|really|just|now";

const whole = (words: string, others: string) =>
  new RegExp(`^(?:(?:${words}|${others}|${filler})\\b[^\\p{L}\\p{N}]*)+$`, "u");
const has = (words: string) => new RegExp(`\\b(?:${words})\\b`, "u");

const anyTalk = new RegExp(`\\b(?:${bye}|${thanks}|${greeting}|${assent}|${filler})\\b`, "gu");

const kinds: readonly (readonly [SmallTalk, RegExp, RegExp])[] = [
  ["bye", has(bye), whole(bye, `${thanks}|${assent}`)],
  ["thanks", has(thanks), whole(thanks, `${assent}|${greeting}`)],
  ["greeting", has(greeting), whole(greeting, assent)],
  ["assent", has(assent), whole(assent, assent)],
];

const identity =
  /^(?:hi |hello |hey |so |wait )*(?:am i (?:talking|speaking|chatting|writing)|are you|r u|is this|who are you|what are you)\b.{0,40}\b(?:human|bot|robot|person|ai|chatbot|machine|computer|real|you)\b[^.]{0,20}$/;

const help =
  /^(?:(?:hi+|hello|hey|there|please|pls|so|and|ok|okay|good (?:morning|afternoon|evening|day))\b[\s,.!]*)*(?:(?:can|could|would|will|may) (?:you|someone|somebody|anyone|anybody|i)(?: please)? |i(?:'m| am)? (?:just )?(?:have|need|want|would like|'d like|got|looking for) |i'd like )?(?:please )?(?:to )?(?:get |ask )?(?:you )?(?:a |an |some |your |any )?(?:quick |small )?(?:help|assist|assistance|support|question|problem|issue|trouble)(?: me)?(?: out)?(?: with (?:something|a problem|an issue|this))?(?: please)?[\s.!?]*$/;
const abilities =
  /^(?:so |and |ok |hi |hello )*(?:what (?:can|do) you do|what can you help(?: me)? with|how can you help(?: me)?|what are you able to do|what do you know)\b[^.]{0,20}$/;

export function smallTalkIn(text: string): SmallTalk | undefined {
  const plain = plainWords(text)
    .replace(/[^\p{L}\p{N}\s'.,!?-]/gu, " ")
    .replace(/\s+/g, " ")
    .trim();
  if (plain.length > 120) return undefined;
  if (identity.test(plain)) return "identity";
  if (help.test(plain)) return "help";
  if (abilities.test(plain)) return "abilities";
  const words = plain.replace(/^[^\p{L}\p{N}]+/u, "");
  // Only emoji, only marks.
  if (words === "")
    return text.trim() === "" ? undefined : /\p{Emoji_Presentation}/u.test(text) ? "assent" : "help";
  return kinds.find(([, some, all]) => some.test(words) && all.test(words))?.[0] ?? nearlyTalk(words);
}

/** Thanks or a farewell with a name or another word in it; nothing is asked. */
function nearlyTalk(words: string): SmallTalk | undefined {
  if (words.includes("?")) return undefined;
  const rest = termsOf(words.replace(anyTalk, " "));
  const few = rest.length <= 1 && rest.every((term) => !/\d/.test(term));
  if (
    few &&
    /\b(?:bye|goodbye|have an? \w+ (?:day|evening|night|weekend)|nothing (?:else|more)|thats? (?:it|all)|no thanks?|no thank you)\b/.test(
      words,
    )
  )
    return "bye";
  if (rest.length === 0 && moodOf(words) === "positive") return "thanks";
  return few && /\bthank(?:s| you| u)\b/.test(words) && route(words, []).category === "general"
    ? "thanks"
    : undefined;
}

const lines: Readonly<Record<SmallTalk, string>> = {
  greeting: "Hello! How can I help you?",
  thanks: "You're welcome! Just write here if there is anything else.",
  bye: "Thank you for writing. Have a good day!",
  assent: "All right. Just write here if there is anything else.",
  help: "Of course! What is it about?",
  abilities:
    "I answer questions from our articles, and I can ask a person to help you. What would you like to know?",
  identity: "I am an automated assistant, not a person. If you would like a person, just say so.",
};

export function smallTalkLine(talk: SmallTalk): string {
  return lines[talk];
}
