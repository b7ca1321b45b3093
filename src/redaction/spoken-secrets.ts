/** Secrets that are ordinary words or digits, and are told by what they are called: a card's PIN, a wallet's phrase. */
import { type Find, findAll } from "./find.ts";

/** Four digits and no more: a "pin code" of six is a place in India, and one-time codes must get through. */
const pin =
  /(?<![\p{L}\d])(?:(?:card|atm|bank|debit|credit|sim)[ -]pin|pin[ -]?(?:number|nr|nummer)|geheimzahl|pin)(?![\p{L}\d])[ \t]{0,2}(?:[:=#]|is|ist|est|es|was)?[ \t]{0,3}["'`]?(\d{4})(?![\d\p{L}]|[.,/-]\d)/dgiu;
const phrase =
  /(?:seed|recovery|mnemonic|secret|backup|wallet)[ -](?:recovery )?(?:phrase|words?)\b[^\n:]{0,40}?(?:[:=]|\bis\b)\s{0,5}["'`]?((?:\d{0,2}\.?[ ]?[a-z]{3,8}[ ,\n]{1,3}){11,23}[a-z]{3,8})\b/dgi;

export function findSpokenSecrets(text: string): Find[] {
  return [
    ...(/pin|geheimzahl/i.test(text) ? findAll(text, pin, "PIN") : []),
    ...(/phrase|words?\b/i.test(text) ? findAll(text, phrase, "recovery phrase") : []),
  ];
}
