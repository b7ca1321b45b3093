/** A text in sentences, for rules that judge one at a time. Pure. */

/** Also each line is one at least; "3.5", "e.g. this" and "[1]." do not end one. */
export function sentencesOf(text: string): string[] {
  return text
    .split(/\n+|(?<=[.!?…](?:["')\]*_]{0,3})(?: ?\[\d{1,2}\]){0,4})\s+(?=[^\p{Ll}\s])|(?<=[。！？])/u)
    .map((sentence) => sentence.replace(/^[\s>#*+-]+/, "").trim())
    .filter((sentence) => sentence !== "");
}
