/** What a message says of who its writer is: a claim, or a code. By its form alone, which tells nothing of what is on file. */

/** How what a customer wrote stands in the transcript. */
export type Keep = (text: string) => string;

/** Bounded, so that a hostile text is read as quickly as another. */
const email =
  /[^\s<>"'(),;:|[\]@]{1,64}@[^\s<>"'(),;:|[\]@]{1,190}\.[^\s<>"'(),;:|[\]@]{0,62}[^\s<>"'(),;:|[\]@.!?]/;
const oneWord = /^["'`*]*([^\s"'`*](?:\S{0,62}?[^\s"'`*.!?])?)["'`*.!?]*$/;
/** Begins with a letter and has a digit in it. */
const anyId = /^(?=\D*\d)[A-Za-z][\w-]{3,40}$/;
const code = /^\D{0,40}?\b(\d{3})[\s-]?(\d{3})\b\D{0,20}$/;
/** Six digits that are the only ones. */
const codeSomewhere = /^(\D{0,40}?)\b\d{3}[\s-]?\d{3}\b(\D*)$/;

/** The mail address that stands in a message, or the id that it is nothing but. @param id what an id looks like */
export function claimIn(text: string, id: RegExp = anyId): string | undefined {
  const address = email.exec(text)?.[0];
  if (address !== undefined) return address;
  const word = oneWord.exec(text.trim())?.[1];
  // Not `test`, which goes on from where it was when the form is a global one.
  return word !== undefined && word.search(id) >= 0 ? word : undefined;
}

/** Six digits, with a few words around them at most. */
export function codeIn(text: string): string | undefined {
  const found = code.exec(inPlainDigits(text).trim());
  return found ? `${found[1]}${found[2]}` : undefined;
}

export const withoutCode: Keep = (text) => {
  const plain = inPlainDigits(text);
  return codeSomewhere.test(plain) ? plain.replace(codeSomewhere, "$1[verification code]$2") : text;
};

/** Keyboards of many languages write digits of their own. */
function inPlainDigits(text: string): string {
  return text.replace(/(?![0-9])\p{Nd}/gu, (digit) => {
    const plain = digit.normalize("NFKC");
    if (/^[0-9]$/.test(plain)) return plain;
    // Those of every script stand in a row from nought to nine.
    const code = digit.codePointAt(0) ?? 0;
    let value = 0;
    while (value < 9 && /\p{Nd}/u.test(String.fromCodePoint(code - value - 1))) value += 1;
    return String(value);
  });
}
