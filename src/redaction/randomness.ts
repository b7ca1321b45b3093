/** Whether characters were made by a machine, as keys are, or by a person, as names are. */

/** Letters and digits, and not a word with a number behind it. */
export function looksRandom(value: string): boolean {
  return /\d/.test(value) && /[a-z]/i.test(value) && (changes(value) >= 2 || value.length >= 20);
}

/** The same, with less doubt: for characters that nobody has called a key. */
export function looksVeryRandom(value: string): boolean {
  return looksRandom(value) && changes(value) >= 3;
}

/** How often letters follow digits, digits letters, or a capital a small letter. */
function changes(value: string): number {
  return value.match(/[A-Za-z](?=[^A-Za-z\d]?\d)|\d(?=[^A-Za-z\d]?[A-Za-z])|[a-z](?=[A-Z])/g)?.length ?? 0;
}
