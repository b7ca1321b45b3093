/**
 * What bot or staff have promised a customer: sentences that say what somebody will do for them, or by when something
 * happens. They are kept for the next turns and for the ticket. Pure.
 */
import { sentencesOf } from "./sentences.ts";

const word = (list: string) => new RegExp(`(?<!\\p{L})(?:${list})(?!\\p{L})`, "iu");

/** Somebody will. */
const future = word(
  "(?:I|we|you|they|he|she|it|that|this)(?:'ll| will| shall| won't)|(?:I'm|I am|we're|we are) going to|I promise|we promise|(?:I|we) guarantee|(?:you can|please) expect|(?:should|will) (?:be (?:refunded|sent|shipped|delivered|credited|replaced|fixed|resolved|processed|paid|back)|arrive|reach you|get back|call|write|receive)" +
    "|(?:our|your|the|a|an) (?:[\\p{L}'-]+ ){0,4}(?:will|won't)" +
    "|(?:ich|wir) (?:werden?|verspreche[n]?|melden? (?:mich|uns)|schicken?|senden?|erstatten?|kümmern?|rufen?|schreiben?|garantieren?)|(?:sie|du) (?:erhalten|erhältst|bekommen|bekommst|hören|hörst)|wird (?:ihnen|dir|sich)|melde[nt]? sich" +
    "|je vais|nous allons|on va|je m'engage|vous (?:recevrez|aurez|serez)|(?:je|nous|on) (?:vous|te) \\p{L}+(?:rai|rons|ra)" +
    "|(?:voy|vamos|va|van) a \\p{L}+[aei]r(?:le|te|les|lo|la)?|(?:le|te|les|lo) \\p{L}+(?:remos|ré|rá)|recibirás?|prometo|prometemos",
);
/** Something happens by a time. */
const deadline = word(
  "(?:by|before|no later than|within|in) (?:the (?:end|close|next)\\b[^.!?]{0,30}|tomorrow|today|tonight|noon|(?:mon|tues|wednes|thurs|fri|satur|sun)day|next \\p{L}+|(?:the )?\\d[\\d –-]*(?:to \\d+ )?(?:business |working |calendar )?(?:minutes?|hours?|days?|weeks?|months?)|(?:january|february|march|april|may|june|july|august|september|october|november|december)\\b[^.!?]{0,8})|tomorrow|tonight|later today|as soon as" +
    "|(?:bis|innerhalb|binnen|in) (?:morgen|heute|spätestens|\\p{L}+tag|mittwoch|\\d[^.!?]{0,20}(?:stunden?|tagen?|wochen?))|morgen|d'ici|demain|sous \\d+|dans (?:les )?\\d+|mañana|en (?:las próximas )?\\d+|antes del?",
);
/** What everybody says, and what is done as it is said: no promise of anything, unless a time is given. */
const idle = word(
  "(?:I|we)(?:'ll| will| shall) (?:be (?:happy|glad|here|able)|gladly|try|need|have to|want|ask|look|check|see|help|assist|explain|wait|do (?:my|our) best|transfer|pass|hand|connect|forward|find|go|start|walk|guide|show|take a|make a note)" +
    "|you(?:'ll| will) (?:find|see|need|have to|be (?:asked|able|prompted|taken)|want|notice|then)|you(?:'ll| will) be asked" +
    "|ich (?:werde )?(?:schaue|prüfe|sehe)|je vais (?:vérifier|regarder|voir)|voy a (?:ver|revisar|comprobar)",
);
/** Words of a promise even where nothing is said of when. */
const weighty = word(
  "get back|call you|write (?:to )?you|e-?mail you|contact you|let you know|refund|replac\\p{L}+|send you|ship|credit|guarantee|promise|melden? (?:mich|uns|sich)|erstatt\\p{L}+|rembours\\p{L}+|recontact\\p{L}+|reembols\\p{L}+|contactar\\p{L}+",
);
/** Offers: nothing follows before the customer says so. */
const offer = word(
  "if you(?:'d)? (?:like|want|wish|prefer|agree|confirm|tell|give|send me|let)|would you like|shall I|let me know|just say|wenn (?:sie|du) (?:möchten|möchtest|wollen|willst)|si vous (?:voulez|souhaitez)|si (?:quiere|quieres|desea)",
);
const sentenceMax = 240;

/** The sentences, without citations, on one line and at most 240 characters long each. */
export function promisesIn(text: string): string[] {
  return sentencesOf(text)
    .map((sentence) =>
      sentence
        .replace(/ ?\[\d{1,2}\]/g, "")
        .replace(/[*`]+|(?<!\w)_+|_+(?!\w)/g, "")
        .replace(/\s+/g, " ")
        .trim(),
    )
    .filter(isPromise)
    .map((sentence) => (sentence.length > sentenceMax ? `${sentence.slice(0, sentenceMax - 1)}…` : sentence));
}

function isPromise(sentence: string): boolean {
  const plain = sentence.replace(/[’‘]/g, "'");
  if (/\?["')]*$/.test(plain) || !future.test(plain)) return false;
  if (offer.test(plain)) return false;
  return !idle.test(plain) || deadline.test(plain) || weighty.test(plain);
}
