/** Text made plain for matching rules: lower case, no accents, straight quotes, single spaces. */

/** What is longer decides nothing more; rules stay quick on a pasted novel. */
const charactersMax = 4000;

export function plainText(text: string): string {
  return text
    .slice(0, charactersMax)
    .normalize("NFKD")
    .replace(/\p{M}+/gu, "")
    .replace(/[\u2018\u2019\u02BC`\u00B4]/g, "'")
    .replace(/[\u201C\u201D]/g, '"')
    .replace(/\u00DF/g, "ss")
    .toLowerCase()
    .replace(/\s+/g, " ")
    .trim();
}

/** The clauses of a plain text: what stands between full stops, question marks, commas and "but". */
export function clausesOf(plain: string): string[] {
  return plain
    .split(/[.!?;\n]+(?=\s|$)|,\s|\s-+\s|\s\(|\)\s|\bbut\b|\baber\b|\bmais\b|\bpero\b/)
    .map((clause) => clause.trim())
    .filter((clause) => clause !== "");
}
