/** What bot or staff have promised a customer: sentences that say what somebody will do. Pure. */
const promise =
  /\b(?:I|we|our (?:team|colleagues?|staff)|a colleague|you)(?:'ll| will| shall| am going to| are going to| promise| guarantee)\b|\b(?:by|before|within|no later than) (?:tomorrow|today|tonight|monday|tuesday|wednesday|thursday|friday|saturday|sunday|the end of|\d+ (?:minutes?|hours?|days?|weeks?|business days?))/i;
/** What everybody says: no promise of anything. */
const idle =
  /\b(?:I|we)(?:'ll| will) (?:be (?:happy|glad)|gladly|try|need|have to|ask you)\b|\byou(?:'ll| will) (?:find|see|need|have to)\b|\?\s*$/i;
const sentenceMax = 200;

export function promisesIn(text: string): string[] {
  return text
    .replace(/\s+/g, " ")
    .split(/(?<=[.!?])\s+/)
    .map((sentence) => sentence.trim().slice(0, sentenceMax))
    .filter((sentence) => promise.test(sentence) && !idle.test(sentence));
}
