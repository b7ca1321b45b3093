/** Finding again, in what was made of a conversation, what one of several people has said in it. Pure. */

/** Shorter words are everybody's: yes, thanks, hello. */
const lengthMin = 8;
/** What is cut somewhere is still known by its beginning. */
const beginning = 60;

/**
 * Whether a text, or the JSON of one, repeats any of these texts or names any of these people.
 * @param said what they wrote
 * @param ids of accounts, as they stand in JSON: between quotes
 */
export function repeats(said: readonly string[], ids: readonly string[]): (text: string) => boolean {
  const needles = said
    .map(flat)
    .filter((text) => text.length >= lengthMin)
    .map((text) => text.slice(0, beginning));
  const quoted = ids.map((id) => JSON.stringify(id));
  return (text) => {
    if (quoted.some((id) => text.includes(id))) return true;
    const plain = flat(text);
    return needles.some((needle) => plain.includes(needle));
  };
}

/** The same for a text and for its JSON: what JSON escapes is left out, and so are case and space. */
function flat(text: string): string {
  return text
    .replace(/\\[nrtbf]/g, "")
    .replace(/["\\\s]/g, "")
    .toLowerCase();
}
