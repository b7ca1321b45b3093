/** The policy that nothing is promised or said to be done in the company's name unless a tool has said so. */
import type { DraftText, Policy, Verdict } from "../../policy.ts";
import { citedIn } from "../citations.ts";

const done =
  /\bI(?:'ve| have) (?:now |already |just |successfully )?(?:refunded|cancell?ed|issued|upgraded|downgraded|changed|updated|credited|processed|applied|waived|reset|shipped|replaced|sent you)\b|\b(?:your|the) (?:refund|order|plan|account|subscription|card|payment)[^.!?]{0,40} (?:has been|have been|was|is now) (?:refunded|cancell?ed|issued|upgraded|downgraded|changed|credited|processed|waived)\b/i;
const committed =
  /\b(?:I|we) (?:guarantee|promise)\b|\b(?:I|we)(?:'ll| will| can| am going to| are going to) (?:refund|credit|compensate|reimburse|give you|offer you|waive|replace)\b|\byou(?:'ll| will) (?:get|receive|be given) (?:a |an )?(?:full |partial |free )?(?:refund|discount|credit|compensation|replacement|voucher|coupon)\b/i;

export const deeds: Policy = {
  name: "deeds",
  review(draft): Verdict {
    const claims = done.test(draft.text) && !somethingWasDone(draft);
    const promises =
      committed.test(draft.text) &&
      !somethingWasDone(draft) &&
      citedIn(draft.text, draft.passages.length).length === 0;
    if (!claims && !promises) return { pass: true };
    return {
      pass: false,
      objection: claims
        ? "No tool has done what you say has been done. Use the tool, or say what you can do."
        : "You promise something in the company's name that no article and no tool says. Leave it out, or cite where it stands, or ask for a person.",
    };
  },
};

/** A tool of the company's has answered in this conversation, and not with a failure. */
function somethingWasDone({ transcript }: DraftText): boolean {
  return transcript.some(
    (item) =>
      item.role === "result" &&
      !item.failed &&
      !/^(?:search_knowledge|transfer_to_|escalate_to_human)/.test(item.name),
  );
}
