/** The policy that the bot repeats nobody's keys and cards, whatever it was shown. */
import type { Policy } from "../../policy.ts";
import { redact } from "../../redaction/redact.ts";

/** With these behind it, what stands for a secret would be the words of a link or a picture, which nobody reviewed. */
const markBeforeAddress = /(\[removed:[^\]\n]*\])(?=[([:])/g;

export const secrets: Policy = {
  name: "secrets",
  everywhere: true,
  review(draft) {
    const { text, found } = redact(draft.text);
    return found.length > 0 ? { pass: true, text: text.replace(markBeforeAddress, "$1 ") } : { pass: true };
  },
};
