/** A text as terms that can be compared: content words, stemmed, with light synonyms made one. Pure. */
import { stemmer } from "stemmer";
import { functionWords } from "../routing/language.ts";

const charactersMax = 20_000;

/** Turns of phrase that stand for one word, on plain lower-case text. */
const phrases: readonly (readonly [RegExp, string])[] = [
  [/\b(?:send|sending|sent|give|bring|ship)\b((?: \w+){0,3}?) back\b/g, "return $1"],
  [/\b(?:my |the |your )?money[ -]back\b/g, "refund"],
  [/\b(?:log|sign)(?:ging|ned|ged|s|ning)?[ -]?(?:in|on)(?:to)?\b/g, "login"],
  [/\b(?:2fa|mfa|two[ -]step|two[ -]factor)(?: auth(?:entication)?| verification)?\b/g, "twofactor"],
  [/\be-mail/g, "email"],
  [
    /\b(?:does(?: not|n't)|do(?: not|n't)|is(?: not|n't)|stopped|not|never) work(?:ing|s|ed)?\b/g,
    "defective",
  ],
  [/\b(?:opening|business|office|working) (?:hours|times)\b/g, "openinghours"],
  [/\b(?:business|working) days?\b/g, "workday"],
  [/\b(?:end|ending|terminate|quit)(?: \w+)? (?=(?:subscription|plan|membership|contract)\b)/g, "cancel "],
  [/\bhow (?:much|many|long|fast|soon|quick(?:ly)?|often|far)\b/g, " "],
];

/** Words that mean the same to a shop; the first stands for all. */
const synonyms: readonly string[] = [
  "shipping ship ships shipped shipment shipments deliver delivers delivered delivery deliveries delivering parcel parcels package packages dispatch dispatched arrive arrives arrived arriving arrival",
  "refund reimburse reimbursed reimbursement refunding",
  "exchange swap swapped replace replaced replacing replacement replacements",
  "price prices pricing cost costs",
  "buy buying buys bought purchase purchases purchased purchasing",
  "defective defect broken damaged faulty damage broke",
  "change changes changed changing update updates updated updating modify modified modifying edit editing alter",
  "reset resetting forgot forget forgotten recover recovering",
  "discount discounts coupon coupons voucher vouchers promo promotion",
  "warranty warranties guarantee guarantees",
  "plan plans subscription subscriptions membership memberships",
  "account accounts profile profiles",
  "international internationally abroad overseas",
  "shop shops store stores",
  "delete deleting deleted remove removing removed erase erased",
  "pay pays paying paid payment payments",
  "invoice invoices bill bills billing billed",
  "delay delayed delays late",
  "phone telephone",
  "twofactor authenticator",
  "cancel cancelled canceled cancelling canceling cancellation cancellations",
  "colour color colours colors",
  "workday workdays",
];

const heads = new Map(
  synonyms.flatMap((line) => {
    const words = line.split(" ");
    return words.map((word) => [word, words[0] as string] as const);
  }),
);

/** What people say around what they want. */
const fillers =
  "i'm i've i'd i'll it's that's what's where's who's can't don't doesn't isn't didn't won't im ive id dont cant doesnt am pm via per get got getting gets give gives given go going goes gone make makes made making take takes taking took taken let lets keep keeps put try trying tried use using used uses know knows knowing knew tell tells told say says said ask asks asked asking want wants wanted need needs needed needing help helps helping like able possible please kindly question questions policy policies rule rules issue issues problem problems trouble matter matters thing things something anything someone anyone everything nothing stuff way ways one ones much many long more most less lot lots long soon fast quickly still already again yet now today currently really actually maybe perhaps even ever never always usually often sometimes back out up down off over under onto through during before after since until while because however though whether other another each every both either such same own rather quite almost around away hey dear team sir madam guys folks everyone morning afternoon evening night ok okay yeah yep nope sure right well oh um hmm cheers regards thank thanks thx ty good great nice perfect awesome amazing excellent usual normally typically generally hope hoping wonder wondering wondered think thinking thought guess seem seems seemed look looking looks find finding see seeing seen show shows check checking happen happens happened happening come comes coming came work works working worked allow allowed allows able unable exactly mean means meant else instead pls plz pleas hi hello hiya howdy yo lol btw asap u ur r im gonna wanna gotta folks mate pal bro".split(
    " ",
  );

const stopWords: ReadonlySet<string> = new Set(
  [...Object.values(functionWords).flat(), ...fillers].flatMap((word) => [word, word.replaceAll("'", "")]),
);

/** Lower case, no accents, straight apostrophes. */
export function plainWords(text: string): string {
  return text
    .slice(0, charactersMax)
    .normalize("NFKD")
    .replace(/\p{M}+/gu, "")
    .replace(/[\u2018\u2019\u02BC`\u00B4]/g, "'")
    .toLowerCase();
}

/** Links and mail addresses say where, not what. */
const address =
  /\bhttps?:\S+|(?<![\w.-])[\w-]{1,63}(?:\.[\w-]{1,63}){1,6}\/\S*|(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,6}/g;

/** The terms of a text, each once, in order of first use. */
export function termsOf(text: string): string[] {
  let plain = plainWords(text).replace(address, " ");
  for (const [pattern, replacement] of phrases) plain = plain.replace(pattern, replacement);
  const terms = new Set<string>();
  for (const [word] of plain.matchAll(/[\p{L}\p{N}]+(?:'[\p{L}]+)?/gu)) {
    if (word.length === 1 && !/\d/.test(word)) continue;
    if (stopWords.has(word)) continue;
    terms.add(termOf(word));
  }
  return [...terms];
}

/** One word as a term. */
export function termOf(word: string): string {
  const bare = word.replace(/'s?$/, "");
  return stemmer(heads.get(bare) ?? bare);
}

/** How many of `wanted` are in `terms`. */
export function shared(wanted: Iterable<string>, terms: ReadonlySet<string>): string[] {
  return [...wanted].filter((term) => terms.has(term));
}

/**
 * Other words for the same, for another search: the synonyms of the terms a text uses in its own way.
 * Undefined when the text says it in the usual words already.
 */
export function reworded(text: string): string | undefined {
  const plain = plainWords(text);
  const extra = new Set<string>();
  for (const [pattern, replacement] of phrases.slice(0, 2)) {
    if (plain.search(pattern) >= 0) extra.add(replacement.replace(/ ?\$1/, ""));
  }
  for (const [word] of plain.matchAll(/[a-z]+/g)) {
    const head = heads.get(word);
    if (head && head !== word && !stopWords.has(word) && stemmer(head) !== stemmer(word)) extra.add(head);
  }
  if (extra.size === 0) return undefined;
  const own = (plain.match(/[\p{L}\p{N}]+/gu) ?? []).filter(
    (word) => word.length > 1 && !stopWords.has(word),
  );
  return [...new Set([...extra, ...own])].join(" ").slice(0, 300);
}
