/**
 * Payment cards: 13 to 19 digits, grouped as people group them, that begin like an issuer's numbers and end in the right
 * check digit (ISO/IEC 7812); and the code from the back of the card beside one.
 */
import { type Find, findAll } from "./find.ts";

const number = "card number";
const securityCode = "card security code";

/** Thirteen digits with no more than spaces, dots and dashes between them. */
const enoughDigits = /\d(?:[ .-]{0,2}\d){12}/;
const run = /\d+(?:[ .-]{1,2}\d+)*/g;
/** As it is printed on cards, with the same other signs between all groups. */
const printed =
  /(?<!\d[\t |/_·•*.-]{0,3})(\d{4})([\t |/_·•*.-]{1,3})(?:\d{4}\2\d{4}\2\d{4}|\d{6}\2\d{5})(?!\2?\d)/g;

/** Who issues what: the beginning of the number, and its lengths. */
const issuers: readonly (readonly [RegExp, readonly number[]])[] = [
  // Visa
  [/^4/, [13, 16, 19]],
  // Mastercard
  [/^(?:5[1-5]|2(?:22[1-9]|2[3-9]\d|[3-6]\d\d|7[01]\d|720))/, [16]],
  // American Express
  [/^3[47]/, [15]],
  // Discover, RuPay, Troy
  [/^(?:6011|64[4-9]|65)/, [16, 19]],
  [/^(?:60|508|82|9792)/, [16]],
  // Diners Club
  [/^(?:30[0-5]|309|36|38|39)/, [14, 16]],
  // JCB
  [/^35(?:2[89]|[3-8]\d)/, [16, 19]],
  // UnionPay
  [/^(?:62|81)/, [16, 17, 18, 19]],
  // Maestro, Dankort, Bancontact
  [
    /^(?:50(?:18|19|20|38)|5893|6304|6331|6333|670[369]|6759|676[1-37]|6771|0604)/,
    [13, 14, 15, 16, 17, 18, 19],
  ],
  // Mir
  [/^220[0-4]/, [16, 19]],
  // Elo, Verve
  [/^(?:504175|506|509|6362|6363)/, [16, 18, 19]],
];

const cardWord =
  /card|visa|master|amex|maestro|kreditkarte|karte|carte|tarjeta|cart[ãa]o|carta|kaart|kort|karta|карт|カード|卡|\bcc\b/i;
/** The digits that follow are called a card's number. */
const calledCard =
  /(?:credit|debit|bank|visa|master|amex|payment)?[ -]?card(?:[ -]?(?:number|num|no|nr)\b\.?|[ ]?#)[^\p{L}\d\n]{0,3}(?:is|was|ist)?[^\p{L}\d\n+]{0,4}$/iu;
const attachedWord = /(?:card|visa|amex|mastercard|cc|no|nr|num|number|karte|carte|tarjeta)$/i;

export function findCards(text: string): Find[] {
  const finds = [...(enoughDigits.test(text) ? findNumbers(text) : []), ...findPrinted(text)];
  return [...finds, ...findCodes(text, finds)];
}

function findPrinted(text: string): Find[] {
  return Array.from(text.matchAll(printed), ({ index, 0: whole }) => ({
    kind: number,
    from: index,
    to: index + whole.length,
  })).filter(({ from, to }) => isCard(text.slice(from, to).replace(/\D/g, ""), ""));
}

function findNumbers(text: string): Find[] {
  const finds: Find[] = [];
  for (const match of text.matchAll(run)) {
    if (match[0].length < 13) continue;
    const end = match.index + match[0].length;
    if (/^(?!exp|cv[vc]|valid)[A-Za-z_]/i.test(text.slice(end, end + 5)) || belongsToWord(text, match.index))
      continue;
    const before = text.slice(Math.max(0, match.index - 60), match.index);
    finds.push(...numbersIn(match[0], match.index, before));
  }
  return finds;
}

/** Letters stand right before it, and they are not a word for a card. */
function belongsToWord(text: string, at: number): boolean {
  if (!/[\p{L}_]/u.test(text[at - 1] ?? "")) return false;
  return !attachedWord.test(text.slice(Math.max(0, at - 12), at));
}

interface Group {
  digits: string;
  from: number;
  to: number;
}

function numbersIn(digits: string, at: number, before: string): Find[] {
  const groups = Array.from(
    digits.matchAll(/\d+/g),
    (match): Group => ({
      digits: match[0],
      from: at + match.index,
      to: at + match.index + match[0].length,
    }),
  );
  const whole = groups.map((group) => group.digits);
  if (calledCard.test(before) && lengthOf(whole) >= 13 && lengthOf(whole) <= 19) {
    return [{ kind: number, from: at, to: at + digits.length }];
  }
  const telephone = /(?:\+|\(|\b00)$/.test(before);
  const finds: Find[] = [];
  for (let first = 0; first < groups.length; first++) {
    const last = endOfCard(groups, first, telephone && first === 0, before);
    if (last === undefined) continue;
    finds.push({ kind: number, from: (groups[first] as Group).from, to: (groups[last] as Group).to });
    first = last;
  }
  return finds;
}

/** The last group of the longest card number that begins with this group. */
function endOfCard(
  groups: readonly Group[],
  first: number,
  telephone: boolean,
  before: string,
): number | undefined {
  const beginning = groups.slice(first, first + 6).reduce((digits, group) => digits + group.digits, "");
  if (!issuers.some(([prefix]) => prefix.test(beginning))) return undefined;
  const taken: string[] = [];
  let found: number | undefined;
  for (let last = first; last < groups.length; last++) {
    taken.push((groups[last] as Group).digits);
    const length = lengthOf(taken);
    if (length > 19) break;
    if (length < 13 || (telephone && length <= 15)) continue;
    const all = first === 0 && last === groups.length - 1;
    if (!(groupedLikeCard(taken) || (all && !groupedLikeDates(taken)))) continue;
    if (isCard(taken.join(""), before)) found = last;
  }
  return found;
}

function isCard(digits: string, before: string): boolean {
  if (!issuers.some(([prefix, lengths]) => prefix.test(digits) && lengths.includes(digits.length)))
    return false;
  if (!luhn(digits)) return false;
  // Accounts on Discord have numbers of such a length, and hardly a card has.
  if (digits.length === 17 || digits.length === 18) return cardWord.test(before);
  // The barcodes of goods and some telephone numbers have thirteen digits, too; cards have them no more.
  return digits.length > 13 || cardWord.test(before) || !(/^491[5-7]/.test(digits) || isBarcode(digits));
}

/** All groups of one size, a shorter one at the end; or as American Express and Diners print theirs. */
function groupedLikeCard(groups: readonly string[]): boolean {
  const sizes = groups.map((group) => group.length);
  const size = sizes[0] as number;
  const even = sizes.every((one, at) => one === size || (at === sizes.length - 1 && one < size));
  return even || /^4,6,[45]$|^6,(?:10|13)$/.test(sizes.join());
}

function groupedLikeDates(groups: readonly string[]): boolean {
  return /(?:^|,)(?:2,2,4|4,2,2)(?:,|$)/.test(groups.map((group) => group.length).join());
}

function lengthOf(groups: readonly string[]): number {
  return groups.reduce((sum, group) => sum + group.length, 0);
}

export function luhn(digits: string): boolean {
  let sum = 0;
  for (let at = 0; at < digits.length; at++) {
    const digit = digits.charCodeAt(digits.length - 1 - at) - 48;
    const doubled = at % 2 === 1 ? digit * 2 : digit;
    sum += doubled > 9 ? doubled - 9 : doubled;
  }
  return sum % 10 === 0;
}

function isBarcode(digits: string): boolean {
  let sum = 0;
  for (let at = 0; at < digits.length; at++) sum += (digits.charCodeAt(at) - 48) * (at % 2 === 1 ? 3 : 1);
  return sum % 10 === 0;
}

const fill = "[\\s\"':=#.()-]{0,4}(?:(?:code|number|no|nr|is|ist|est|es|was)\\b[\\s\"':=#.-]{0,4}){0,3}";
const named = new RegExp(`\\bcv[vcn]2?(?!\\p{L})${fill}(\\d{3,4})(?!\\d)`, "dgiu");
/** These words mean it only where a card is spoken of. */
const nearCard = new RegExp(
  `(?:\\bc(?:sc|id)(?!\\p{L})|security code|verification (?:code|value)|pr[üu]fnummer|pr[üu]fziffer|sicherheitscode|cryptogramme|code de s[ée]curit[ée]|c[óo]digo de seguran?[çc]?(?:idad|a)|codice di sicurezza|beveiligingscode)${fill}(\\d{3,4})(?!\\d)`,
  "dgiu",
);
const expiry =
  "(?:(?:exp(?:iry|ires|iration|\\.)?|valid|g[üu]ltig)[^\\d\\n]{0,14})?(?:\\d{1,2} ?[/-] ?\\d{2,4}|\\d{4}(?=\\D{1,3}\\d{3}))";
/** Right behind the number: perhaps when it expires, then the code. */
const behind = new RegExp(
  `^[\\s,;:|/-]{1,4}(?:${expiry}[\\s,;:|/-]{1,4})?(?:c[vsi][vcd]2?\\W{0,3})?(\\d{3,4})(?![\\d/.-])`,
  "diu",
);

function findCodes(text: string, cards: readonly Find[]): Find[] {
  const finds = /cv[vcn]/i.test(text) ? findAll(text, named, securityCode) : [];
  if (cards.length > 0 || (/\d/.test(text) && cardWord.test(text))) {
    finds.push(...findAll(text, nearCard, securityCode));
  }
  for (const card of cards) {
    const match = behind.exec(text.slice(card.to, card.to + 60));
    const [from, to] = match?.indices?.[1] ?? [0, 0];
    if (to > 0) finds.push({ kind: securityCode, from: card.to + from, to: card.to + to });
  }
  return finds;
}
