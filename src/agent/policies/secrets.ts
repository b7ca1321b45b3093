/** The policy that the bot repeats nobody's keys and cards, whatever it was shown. */
import type { Policy } from "../../policy.ts";
import { redact } from "../../redaction/redact.ts";

export const secrets: Policy = {
  name: "secrets",
  review: ({ text }) => ({ pass: true, text: redact(text).text }),
};
