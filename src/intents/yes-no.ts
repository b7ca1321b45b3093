/** A message that is nothing but yes or no. Anything more is a message like any other. Pure. */
const yes =
  /^(?:y|yes|yep|yeah|yup|sure|ok|okay|confirm|confirmed|i confirm|yes please|please do|do it|go ahead|yes,? go ahead|correct|that'?s right|ja|ja bitte|jawohl|oui|si|sí|sim|da|tak|hai)$/;
const no =
  /^(?:n|no|nope|nah|cancel|cancel it|stop|don'?t|do not|no thanks|no,? thank you|never ?mind|nein|nein danke|non|nao|não|nie|iie)$/;

export function yesOrNo(text: string): "yes" | "no" | undefined {
  const bare = text
    .toLowerCase()
    .replace(/(?:\p{P}|\p{S}|\u200d|\ufe0f)+$/u, "")
    .replace(/^[\p{P}\p{S}\s]+/gu, "")
    .replace(/’/g, "'")
    .replace(/\s+/g, " ")
    .trim();
  if (/^\s*(?:👍|✅|👌)\s*$/u.test(text) || yes.test(bare)) return "yes";
  if (/^\s*(?:👎|❌|🚫)\s*$/u.test(text) || no.test(bare)) return "no";
  return undefined;
}
