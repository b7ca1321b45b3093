/** Whether a reason is the customer's, or only the model's. Pure. */
import { stemmer } from "stemmer";

const empty =
  /^(?:the|a|an|and|or|but|for|with|from|this|that|it|its|is|was|are|be|been|has|have|had|not|no|yes|please|want|wants|wanted|would|like|need|needs|asked|asks|ask|request|requests|requested|requesting|customer|customers|user|they|them|their|he|she|my|me|you|your|to|of|in|on|at|as|by|do|does|did|can|could|will|refund|refunds|refunded|money|back|return|returns|cancel|cancels|order|orders|item|items|reason|because|i'd|i'm|i|ok|okay|thanks|hello|hi)$/;

/** True when at least one word that says something stands both in the reason and in what the customer wrote. */
export function inOwnWords(reason: string, said: readonly string[]): boolean {
  const theirs = new Set(said.flatMap(tellingWords));
  return tellingWords(reason).some((word) => theirs.has(word));
}

/** Words that say why: without the words of every refund, and without numbers and ids. */
function tellingWords(text: string): string[] {
  const words = text.toLowerCase().match(/[\p{L}][\p{L}'’-]*/gu) ?? [];
  const ids = new Set(
    (text.toLowerCase().match(/[\p{L}]+[_-]?\d+/gu) ?? []).map((id) => id.replace(/[_-]?\d+$/, "")),
  );
  return words
    .filter((word) => word.length > 2 && !empty.test(word) && !ids.has(word))
    .map((word) => stemmer(word));
}
