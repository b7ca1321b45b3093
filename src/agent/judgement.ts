/** Drafts before the policies: all of them before a reply is sent, some before anything is seen by anybody. Pure. */
import type { DraftText, Policy } from "../policy.ts";

export interface Judgement {
  /** A text as every policy leaves it, or what the first of them has against it. */
  judged(draft: DraftText): { text: string } | { policy: string; objection: string };
  /** Without what could harm whoever reads it; undefined when that cannot be had. */
  harmless(draft: DraftText): string | undefined;
}

export function createJudgement(policies: readonly Policy[]): Judgement {
  const everywhere = policies.filter((policy) => policy.everywhere);

  function judgedBy(some: readonly Policy[], draft: DraftText): ReturnType<Judgement["judged"]> {
    let text = draft.text.trim();
    for (const policy of some) {
      const verdict = policy.review({ ...draft, text });
      if (!verdict.pass) return { policy: policy.name, objection: verdict.objection };
      if ("text" in verdict) text = verdict.text;
    }
    return { text };
  }

  return {
    judged: (draft) => judgedBy(policies, draft),
    harmless(draft) {
      const verdict = judgedBy(everywhere, draft);
      return "text" in verdict ? verdict.text : undefined;
    },
  };
}

/**
 * Makes the store's own words harmless, in which words of models and backends stand: what these name counts as known, so
 * that links to allowed hosts stay. What cannot be made so is said without its signs.
 */
export function harmlessWords({ harmless }: Judgement): (text: string) => string {
  return (text) =>
    harmless({ text, passages: [], transcript: [{ role: "bot", text }], instructions: "" }) ??
    text.replace(/[^\p{L}\p{N}\s,;!?%$€£¥'’“”–.-]/gu, " ").replace(/\.(?=\S)/g, ". ");
}
