/** A message that is nothing but yes or no. Anything more, a question too, is a message like any other. Pure. */
const yes =
  /^(?:y|yes|yep|yeah|yup|sure|ok|okay|confirm|confirmed|i confirm|(?:yes|ok|okay|sure) (?:please|thanks|thank you|go ahead|do it)|please do|do it|go ahead|correct|that'?s right|ja|ja bitte|jawohl|oui|si|sí|sim|da|tak|hai)$/;
const no =
  /^(?:n|no|nope|nah|cancel|cancel it|stop|don'?t|do not|no (?:thanks|thank you|don'?t|please don'?t|stop)|please don'?t|never ?mind|nein|nein danke|non|nao|não|nie|iie)$/;
const thumbUp = /^(?:👍|✅|👌)\p{Emoji_Modifier}?$/u;
const thumbDown = /^(?:👎|❌|🚫)\p{Emoji_Modifier}?$/u;
const signOfNo = /[👎❌🚫⛔🛑❎🙅✋]/u;
const signOfQuestion = /[?？؟⁇⁈⁉‽❓❔]/u;
/** What is struck through is taken back, and what is quoted was said before. */
const notSaid = /~~|^>/;
/** Longer texts are never one. */
const lengthMax = 60;

export function yesOrNo(text: string): "yes" | "no" | undefined {
  const trimmed = text.trim().normalize("NFC");
  if (trimmed.length > lengthMax || signOfQuestion.test(trimmed) || notSaid.test(trimmed)) return undefined;
  if (thumbUp.test(trimmed)) return "yes";
  if (thumbDown.test(trimmed)) return "no";
  const words = trimmed
    .toLowerCase()
    .replace(/’/g, "'")
    .replace(/[^\p{L}\p{N}']+/gu, " ")
    .trim();
  if (yes.test(words)) return signOfNo.test(trimmed) ? undefined : "yes";
  return no.test(words) ? "no" : undefined;
}
