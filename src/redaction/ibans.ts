/** International bank account numbers (ISO 13616), by the length of each country's and their check digits. */
import type { Find } from "./find.ts";

const candidate = /(?:(?<![A-Za-z0-9])|(?<=\biban))[A-Z]{2}[\s.-]{0,2}\d{2}(?:[\s.-]{0,2}[A-Z0-9]){11,30}/gi;

/** From the registry of SWIFT, release 99; the last four rows are in use without it. */
const countries: readonly (readonly [number, string])[] = [
  [15, "NO"],
  [16, "BE"],
  [18, "DK FI FK FO GL NL SD"],
  [19, "MK SI"],
  [20, "AT BA EE KZ LT LU MN XK"],
  [21, "CH HR LI LV"],
  [22, "BG BH CR DE GB GE IE ME RS VA"],
  [23, "AE GI IL IQ OM SO TL"],
  [24, "AD CZ ES MD PK RO SA SE SK TN VG"],
  [25, "LY PT ST"],
  [26, "IS TR"],
  [27, "BI DJ FR GR IT MC MR SM"],
  [28, "AL AZ BY CY DO GT HN HU LB NI PL SV"],
  [29, "BR EG PS QA UA"],
  [30, "JO KW MU YE"],
  [31, "MT SC"],
  [32, "LC"],
  [33, "RU"],
  [25, "AO CV GW MZ"],
  [26, "DZ IR"],
  [27, "CF CG CM GA GQ KM MG TD"],
  [28, "BF BJ CI MA ML NE SN TG"],
];
const lengths: ReadonlyMap<string, number> = new Map(
  countries.flatMap(([length, codes]) => codes.split(" ").map((code) => [code, length] as const)),
);

export function findIbans(text: string): Find[] {
  const finds: Find[] = [];
  candidate.lastIndex = 0;
  for (let match = candidate.exec(text); match; match = candidate.exec(text)) {
    const to = endOf(text, match.index, match[0]);
    if (to === undefined) {
      // The next one may begin within what looked like one.
      candidate.lastIndex = match.index + 2;
      continue;
    }
    finds.push({ kind: "IBAN", from: match.index, to });
    candidate.lastIndex = to;
  }
  return finds;
}

/** Where the account number ends that these characters begin with; undefined when they are none. */
function endOf(text: string, from: number, characters: string): number | undefined {
  const length = lengths.get(characters.slice(0, 2).toUpperCase());
  if (length === undefined) return undefined;
  let account = "";
  let at = 0;
  for (; at < characters.length && account.length < length; at++) {
    const character = characters[at] as string;
    if (/[A-Za-z0-9]/.test(character)) account += character.toUpperCase();
  }
  if (account.length < length || /[A-Za-z0-9]/.test(text[from + at] ?? "")) return undefined;
  return mod97(account.slice(4) + account.slice(0, 4)) === 1 ? from + at : undefined;
}

function mod97(characters: string): number {
  let rest = 0;
  for (const character of characters) {
    const value = Number.parseInt(character, 36);
    rest = (rest * (value > 9 ? 100 : 10) + value) % 97;
  }
  return rest;
}
