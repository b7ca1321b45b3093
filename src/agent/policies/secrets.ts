/** The policy that the bot repeats nobody's keys and cards, whatever it was shown. */
import type { Policy } from "../../policy.ts";
import { redact } from "../../redaction/redact.ts";

export const secrets: Policy = {
  name: "secrets",
  everywhere: true,
  review(draft) {
    const { text, found } = redact(draft.text);
    return found.length > 0 ? { pass: true, text } : { pass: true };
  },
};
