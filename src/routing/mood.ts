/**
 * A customer's mood by rules: whether they are angry enough for a person, and the sentiment for a ticket. Words that are
 * strong in praise as well ("ridiculous value", "insanely good") count only where nothing is praised.
 */
import { clausesOf, plainText } from "./plain-text.ts";

export type Mood = "angry" | "negative" | "neutral" | "positive";

/** Anger whatever stands beside it. */
const plainAnger = [
  "unacceptable|inacceptable|outrageous|disgraceful|appalling|atrocious|despicable|shameful|shambles|abysmal",
  "fed up|had enough|sick (?:and tired )?of (?:this|you|your|waiting|being)|lost (?:my )?patience|at my wit'?s end|last straw",
  "(?:worst|terrible|horrible|horrendous|awful|dreadful|pathetic|lousy|useless|disgusting) (?:\\w+ )?(?:service|support|experience|company|store|shop|people|customer|bot|team|business|treatment)",
  "(?:you|you're|you are|this is|it's|it is|bot is|support is|service is|are all) (?:\\w+ ){0,2}(?:useless|pathetic|worthless|incompetent|disgusting|a disgrace|(?:garbage|trash|rubbish)(?! (?:bag|bin|can|chute|collection|compactor|container|dispos|liner|sack|truck)))",
  "(?:this|it|that|what|you)(?:'s| is| are| guys are| was)? (?:all )?(?:an? |some kind of |just a )(?:sick |bad |big |absolute |complete |total |utter )?(?:joke|scam|rip-?off|nightmare|disgrace|farce|fraud)",
  "are you (?:kidding|joking|serious|stupid|deaf|dumb)|you (?:must|have got to|'ve got to) be (?:kidding|joking)",
  "(?:you|you're|your|bunch of|are|these|such) (?:\\w+ )?(?:scammers?|fraudsters?|crooks|thieves|liars?)|(?:you|they|you're|company) (?:are )?(?:steal|stealing|stole|robbed|robbing) (?:from )?(?:my|our|me|people'?s?)\\b|ripped (?:me |us )?off|ripping (?:me|us|people) off",
  "waste of (?:my )?(?:time|money)|wast(?:ed|ing) my time",
  "idiots?|morons?|imbeciles?|clowns|assholes?|arseholes?|bastards?|wtf|bullshit|fuck\\w*|f\\*+\\w*|fck\\w*|screw you|piss(?:ed)? off|go to hell|shut up",
  "(?:no ?one|nobody|none of you|no person)(?: ever| has| is| even| will|'s)? (?:answer|respon|repl|help|car|call|listen|bother|pick)\\w*",
  "(?:still|yet) no (?:answer|response|reply|word|solution|help)|keeps? (?:ignoring|lying)|(?:being|been|are) ignor(?:ed|ing me)|you(?:'re| are)? ignor(?:e|ed|ing) (?:me|my|us)",
  "how many (?:more )?times (?:(?:do|will) i (?:have|need) to|must i|should i|have i (?:asked|told|written|called|emailed|contacted|said|got))|how much longer (?:do|must|will|should) i",
  "(?:(?:i'm|i am|i'll|i will|we'll|we will|going to|gonna) )(?:\\w+ ){0,3}(?:report|sue|expose) (?:you|your|this company)",
  "never (?:again|buying|ordering|shopping|using|buy|order)(?: \\w+){0,3} (?:from you|here again|with you|again)",
  "demand (?:a|an|my|to|that|answers|compensation|immediate)",
  "frechheit|unverschamt|unverschamtheit|inakzeptabel|unmoglich(?:er|e)? (?:service|firma|laden)|betruger|saftladen|sauerei|unfassbar|zum (?:dritten|vierten|funften|x-ten) mal|schlechteste\\w* (?:service|firma)",
  "honteux|scandaleux|une honte|arnaqueurs?|arnaque|c'est ridicule|inadmissible|ras le bol|foutage|pour la (?:troisieme|quatrieme) fois",
  "inaceptable|verguenza|indignante|estafadores|una estafa|es ridiculo|por (?:tercera|cuarta) vez|harto de|harta de|pesimo servicio",
  "vergogna|vergognoso|inaccettabile|truffatori|una truffa|inaceitavel|absurdo isso|vergonha|belachelijk|schandalig|onacceptabel|oplichters",
];

/** Anger unless something is praised beside it. */
const mixedAnger = [
  "ridiculous|absurd|insane|unbelievable|unreal|infuriating|lacherlich|ridicule",
  "(?:third|fourth|fifth|sixth|tenth|hundredth|millionth|3rd|4th|5th|6th|10th|100th|nth) time",
  "(?:second|2nd) time (?:i|i'm|i've|this|now)\\b",
  "again and again|over and over|time and (?:time )?again",
  "(?:waiting|waited) (?:for )?(?:\\w+ ){0,3}(?:weeks|months|days|hours|ages|forever|an hour)\\b",
  "what the (?:hell|heck|fuck)|damn|bloody|crap|shitty|shit|wth|for (?:god|christ|heaven)'?s sake|sucks",
  "(?:i'm|i am|im|we're|we are|i feel|so|very|really|extremely|getting|absolutely|totally|beyond|this is|most) (?:\\w+ ){0,2}(?:frustrat(?:ed|ing)|annoy(?:ed|ing)|upset|disappoint(?:ed|ing)|unhappy|dissatisfied|angry|furious|livid|mad|pissed|outraged|disgusted|disgusting)",
  "terrible|horrible|horrendous|awful",
];

const threat = [
  "(?:my|our) (?:lawyers?|attorneys?|solicitors?) (?:will|is|are|says?|said|has|have|would)|(?:contact|call|calling|hear from|talk to|talking to|speak to|speak with|consult|get|hire|hiring|involve|inform|through|via|seeing) (?:\\w+ )?(?:my|our|an?) (?:lawyers?|attorneys?|solicitors?)|legal action|lawsuit|take you to court|see you in court|small claims|\\bsue\\b (?:you|your|this)|sueing you|suing you",
  "(?:i'll|i will|i'm|i am|going to|gonna|want to|have to|file|filing|filed|start|initiate|request|do) (?:\\w+ ){0,4}charge-?\\s?backs?",
  "(?:dispute|disputing) (?:\\w+ ){0,3}(?:with|at|through) my (?:bank|card)",
  "(?:report|complain|complaint) (?:\\w+ ){0,4}(?:consumer protection|trading standards|ombudsman|better business bureau|bbb|authorities|police|regulator)",
  "mein(?:en|em)? anwalt|rechtsanwalt|anzeige erstatten|mon avocat|porter plainte|mi abogado|denunciar|avvocato|advogado|advocaat",
];

const anger = patternOf(plainAnger);
const mixed = patternOf(mixedAnger);
const threats = patternOf(threat);

const praise =
  /\b(?:love|loving|loved|awesome|great|amazing|fantastic|perfect|excellent|brilliant|wonderful|best|happy|thank you|thanks|good (?:value|deal|price|job|work)|cheap|low prices?|value|fast|comfy|well done|kudos|glad|lucky|pleased|(?:ridiculous|insane|unbelievable|damn|absurd|bloody)(?:ly)? (?:good|great|nice|cheap|fast|comfortable|easy|value|low|helpful|well))\b/;
const unpraised =
  /\b(?:not|isn'?t|wasn'?t|no|nothing|never|hardly|don'?t|would have been) (?:\w+ ){0,2}(?:love|great|awesome|amazing|perfect|happy|good|fast|best|excellent|pleased|glad|value)\b/;
/** Somebody else's anger, or a question about the word. */
const notTheirs =
  /\b(?:i'm not|not|isn'?t|aren'?t|wasn'?t|never|no longer|without|avoid|my (?:customers?|users?|clients?|boss) (?:is|are|was|were|get|gets))(?: \w+){0,2}$/;

export function isAngry(text: string): boolean {
  const plain = plainText(text);
  if (threats.test(plain) && !isQuestionAbout(plain)) return true;
  const clauses = clausesOf(plain);
  if (clauses.some((clause) => says(clause, anger))) return true;
  const praised = praise.test(plain) && !unpraised.test(plain);
  if (!praised && clauses.some((clause) => says(clause, mixed))) return true;
  return isShouted(text) && !praised;
}

export function moodOf(text: string): Mood {
  const plain = plainText(text);
  if (isAngry(text)) return "angry";
  if (negative.test(plain)) return "negative";
  return praise.test(plain) ? "positive" : "neutral";
}

const negative =
  /\b(?:disappoint\w*|unhappy|annoy\w*|frustrat\w*|upset|broken|defective|damaged|faulty|wrong|missing|late|delayed|lost|worse|bad|poor|fail(?:s|ed|ing|ure)?|errors?|crash\w*|bugs?|problems?|trouble|complain\w*|complaint|confus\w+|sorry to say|not (?:working|happy|good|arrived|received)|does(?:n'?t| not) work|(?:has|have|did)(?: not|n'?t) (?:arrive|arrived|receive|received|work|worked|come)|never (?:arrived|came|received|got)|stuck|cannot|can'?t|unable)\b/;

function says(clause: string, pattern: RegExp): boolean {
  const found = pattern.exec(clause);
  if (!found) return false;
  // The pattern itself may begin with "I'm" or "this is", before the "not".
  const upTo = clause.slice(0, found.index + found[0].lastIndexOf(" ") + 1).trim();
  return !notTheirs.test(clause.slice(0, found.index).trim()) && !/\bnot(?: \w+)?$/.test(upTo);
}

/** "Do you sell to lawyers?", "What is your chargeback policy?": no threat. */
function isQuestionAbout(plain: string): boolean {
  return (
    /^(?:hi |hello |hey )?(?:what|how|do|does|is|are|can|could|would|should|which|where|if)\b/.test(plain) &&
    plain.endsWith("?")
  );
}

/** Four words and more in capitals, ids and abbreviations apart, with nothing polite among them. */
function isShouted(text: string): boolean {
  const words = text.slice(0, 2000).match(/(?<![\w-])\p{L}{2,}(?![\w-])/gu) ?? [];
  const letters = words.join("");
  if (words.length < 4 || letters.length < 14) return false;
  const capitals = letters.match(/\p{Lu}/gu)?.length ?? 0;
  return capitals / letters.length > 0.9 && !/\b(?:please|thanks?|thank you|hi|hello|dear)\b/i.test(text);
}

function patternOf(sources: readonly string[]): RegExp {
  return new RegExp(`(?<![\\w-])(?:${sources.join("|")})(?![\\w-])`);
}
