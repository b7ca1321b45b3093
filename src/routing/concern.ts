/** Matters that a person decides, by rules: charges somebody disputes, an account in danger, law, danger to people. */
import { clausesOf, plainText } from "./plain-text.ts";

export type Concern = "billing" | "security" | "legal" | "safety";

const rules: readonly (readonly [Concern, RegExp])[] = [
  [
    "safety",
    /\b(?:caught|catch|on|set) fire\b|\b(?:exploded|electrocuted|electric shock|burn(?:ed|t) (?:my|me|his|her|our)|smoke (?:is )?(?:coming|came)|allergic reaction|poisoned|(?:was|got|been|is|am) injured|(?:hurt|injured|cut|burned) (?:me|myself|my (?:child|son|daughter|baby|wife|husband|hand|finger|head|eye|foot|face|dog|cat))|kill (?:myself|me)|suicid\w*|self-harm)\b/,
  ],
  [
    "security",
    /\b(?:account|profile|e-?mail|password|card|login|identity|phone|data) (?:(?:has|have|was|were|is|got|been|may|might|could|be|just|apparently|probably|possibly) ){1,4}(?:hacked|compromised|stolen|breached|hijacked|taken over|accessed by)\b|\b(?:hacked|hijacked|broke|breaking|hacking|broken) (?:into )?my (?:account|profile|e-?mail|phone)\b|\b(?:i(?:'ve| have| was| am|'m)?(?: been)?|we(?:'ve| have| were)?(?: been)?|got) (?:hacked|phished)\b|\b(?:someone|somebody|stranger|hackers?|person|they)\b[^.!?]{0,30}\b(?:logged|log|got|broke|accessed|signed|changed|using|used|has access|have access)\b[^.!?]{0,20}\b(?:my (?:account|password|e-?mail|card|profile)|without my (?:permission|consent|knowledge))\b|\bunauthori[sz]ed (?:access|log-?ins?|transactions?|purchases?|orders?|person|use|activity)\b|\b(?:suspicious|strange|unknown) (?:log-?ins?|activity|sign-?ins?|device)\b|\bidentity theft\b|\b(?:my|our) (?:credit |debit )?card (?:was|has been|got|is) stolen\b|\bi (?:did(?:n'?t| not)|never) (?:make|made|place|placed|authori[sz]ed?) (?:this|that|the|these|any) (?:orders?|purchases?|transactions?)\b|\b(?:konto|account) (?:wurde|ist) gehackt\b|\bcompte (?:a ete )?pirate\b|\bcuenta (?:ha sido |fue )?hackead[ao]\b/,
  ],
  [
    "billing",
    /\b(?:you|you've|you have|was|were|been|got|am|being|have|has|card|account|me|shop|store)\b(?: just| also| now| apparently| still| wrongly| all)? (?:over|double|wrongly |incorrectly )?-?\s?(?:charged|billed|debited|charging|billing)\b(?! (?:for (?:\d+ )?(?:hours?|days?)|fully|up|my (?:phone|headphones?|battery|device|laptop)|the (?:battery|phone|device|headphones?)|overnight))|\b(?:charged|billed|debited|deducted|taken|paid) (?:\w+ ){0,4}(?:twice|two times|three times|3 times|2 times|double|multiple times|several times|too much|again|wrongly|incorrectly|by mistake|without (?:my )?(?:permission|consent|authori[sz]ation|reason))\b|\b(?:double|duplicate|extra|wrong|incorrect|unknown|unauthori[sz]ed|unrecogni[sz]ed|unexpected|mysterious|strange|fraudulent|surprise|hidden) (?:charges?|billing|payments?|debits?|withdrawals?|fees)\b|\bovercharged\b|\b(?:do(?:n'?t| not)|did(?:n'?t| not)|never) (?:recogni[sz]e|know|authori[sz]ed?|approved?|agreed? to|make|made) (?:this|that|the|these|a|any|of )?\s?(?:charges?|payments?|debits?|transactions?|subscription charge)\b|\b(?:dispute|disputing|contest) (?:a |the |this |that |my |these )?(?:charges?|payments?|bill|invoice|transactions?)\b|\bmoney (?:was|has been|is|got) (?:taken|deducted|debited|withdrawn|gone)\b|\b(?:took|taken|withdrew|withdrawn) (?:the |my |our )?money\b|\b(?:zweimal|doppelt|dreimal|zu viel) (?:abgebucht|belastet|berechnet)\b|\b(?:debite|facture|preleve)e? (?:deux|trois) fois\b|\b(?:cobraron|cobrado|cobro) (?:dos|tres|doble)\b/,
  ],
  [
    "legal",
    /\b(?:my|our) (?:lawyers?|attorneys?|solicitors?|legal (?:team|department|counsel))\b|\b(?:take|taking|pursue|threaten\w*|start|considering|face) legal (?:action|steps|proceedings)\b|\b(?:lawsuit|subpoena|court order|cease and desist|small claims|class action)\b|\b(?:sue|suing) (?:you|your|the company|this company)\b|\b(?:see you in|take you to|go to) court\b|\b(?:gdpr|data protection|ccpa) (?:request|complaint|violation|breach)\b|\bviolat\w+ (?:of )?(?:the |my |our )?(?:law|gdpr|consumer rights|rights)\b|\b(?:copyright|trademark|patent) infring\w+\b|\bmein(?:en|em)? anwalt\b|\brechtsanwalt\b|\bmon avocat\b|\bmi abogado\b/,
  ],
];

/** What may happen, what a product does, how things are in general: no matter for a person. */
const hypothetical =
  /^(?:(?:hi|hello|hey|so|and|ok)\b[\s,]*)?(?:when|will|would|how|what (?:happens|if|is|are)|do|does|can|could|should|if|am|is there|are there|is (?:my|the)|are (?:my|the)|which)\b(?![^?]*\b(?:i|my \w+) (?:was|were|have been|has been|got)\b)/;

export function concernOf(text: string): Concern | undefined {
  const plain = plainText(text);
  const sentences = plain.split(/(?<=[.!?;\n])\s+/).flatMap((sentence) => clausesWithMark(sentence));
  for (const [concern, rule] of rules) {
    if (sentences.some((sentence) => rule.test(sentence) && !isHypothetical(sentence, concern)))
      return concern;
  }
  return undefined;
}

function isHypothetical(sentence: string, concern: Concern): boolean {
  if (concern === "safety") return false;
  return (
    hypothetical.test(sentence) ||
    /\b(?:if|whether|in case|when) (?:i|my|someone|you)\b/.test(sentence.slice(0, 40))
  );
}

/** The sentence itself, and its clauses where it has several. */
function clausesWithMark(sentence: string): string[] {
  const clauses = clausesOf(sentence);
  return clauses.length > 1 && !hypothetical.test(sentence) ? [sentence, ...clauses] : [sentence];
}
