/**
 * The policy that only facts with a source go out. A draft states facts when it holds figures, addresses or the words of
 * a rule; then it must cite a passage it was shown, or rest on what a tool has said, and every figure in it must stand in
 * something the model was given.
 */
import type { TranscriptItem } from "../../language-model.ts";
import type { DraftText, Policy, Verdict } from "../../policy.ts";
import { citedIn } from "../citations.ts";

export const grounded: Policy = {
  name: "grounded",
  review(draft): Verdict {
    const figures = figuresOf(draft.text);
    const strange = figuresNotIn(draft, figures);
    if (strange.length > 0) {
      return {
        pass: false,
        objection: `These are in no article and no tool result: ${strange.slice(0, 8).join(", ")}. Leave them out, or use a tool, or ask for a person.`,
      };
    }
    const states = figures.some((figure) => !fromCustomer(draft, figure)) || rule.test(draft.text);
    if (!states || citedIn(draft.text, draft.passages.length).length > 0 || restsOnTools(draft.transcript))
      return { pass: true };
    return {
      pass: false,
      objection:
        "You state facts without a source. Cite the passage each comes from as [n], or say that you do not know, or ask for a person.",
    };
  },
};

/** Words in which a company's rules are told. */
const rule =
  /\b(you can(?:not|'t)? (?:return|exchange|cancel|get|claim|request|upgrade|downgrade)|(?:are|is|be) (?:eligible|refundable|covered|free of charge|non-refundable|guaranteed)|we (?:offer|accept|ship|deliver|refund|guarantee|charge)|our (?:policy|warranty|guarantee) (?:is|covers|allows))\b/i;

const address = /https?:\/\/[^\s)>\]"'`{}|\\,]+|[\w.+-]+@[\w-]+\.[\w.]+/g;
const number = /(?<![\w.])[$€£]?\d[\d.,]*\d%?|(?<![\w.])[$€£]?\d%?/g;
const idLike = /\b(?=\w*\d)(?=\w*[A-Za-z])[A-Za-z0-9]+(?:[-_][A-Za-z0-9]+)*\b|\b[A-Za-z]+[-_]\d[\w-]*\b/g;
const unit =
  /^\s*(?:-|–|to|and|or|\d|[.,]\d)*\s*(?:business|working|calendar)?\s*(?:days?|hours?|weeks?|months?|years?|minutes?|%|percent|dollars?|euros?|usd|eur)/i;

/** Amounts, counts with a unit, ids, addresses; not the numbers of lists and citations, nor small counts ("two things"). */
function figuresOf(text: string): string[] {
  const plain = text.replace(/\[\d{1,2}\](?![(:])/g, " ").replace(/^\s*\d{1,2}[.)]\s/gm, " ");
  const figures = new Set<string>();
  let rest = plain;
  for (const pattern of [address, idLike]) {
    rest = rest.replace(pattern, (match) => {
      figures.add(normalised(match));
      return " ";
    });
  }
  for (const match of rest.matchAll(number)) {
    const value = normalised(match[0]);
    const after = rest.slice((match.index ?? 0) + match[0].length);
    if (Number(value) < 10 && /^\d$/.test(match[0]) && !unit.test(after)) continue;
    figures.add(value);
  }
  return [...figures];
}

/** Saying the customer's own order number back states nothing. */
function fromCustomer(draft: DraftText, figure: string): boolean {
  return draft.transcript.some(
    (item) => item.role === "customer" && standsIn(item.text.toLowerCase(), figure),
  );
}

/** Figures that stand in nothing the model was given. Most stand there letter by letter; only the rest are compared as values. */
function figuresNotIn(draft: DraftText, figures: readonly string[]): string[] {
  let rest = figures;
  for (const text of givenTo(draft)) {
    if (rest.length === 0) return [];
    const lower = text.toLowerCase();
    rest = rest.filter((figure) => !standsIn(lower, figure));
  }
  if (rest.length === 0) return [];
  const known = new Set<string>();
  for (const text of givenTo(draft)) addFigures(known, text);
  return rest.filter((figure) => !known.has(figure));
}

/** As a word of its own, not as a part of another figure. */
function standsIn(lower: string, figure: string): boolean {
  for (let at = lower.indexOf(figure); at >= 0; at = lower.indexOf(figure, at + 1)) {
    if (!/[\w.]/.test(lower[at - 1] ?? "") && !/[\w]/.test(lower[at + figure.length] ?? "")) return true;
  }
  return false;
}

function* givenTo(draft: DraftText): Iterable<string> {
  yield draft.instructions;
  for (const passage of draft.passages)
    yield `${passage.title} ${passage.text} ${passage.url ?? ""} ${passage.updated ?? ""}`;
  for (const item of draft.transcript) yield textOf(item);
}

function addFigures(figures: Set<string>, text: string): void {
  for (const match of text.matchAll(address)) figures.add(normalised(match[0]));
  for (const match of text.matchAll(idLike)) figures.add(normalised(match[0]));
  for (const match of text.matchAll(/\d[\d.,]*\d|\d/g)) {
    figures.add(normalised(match[0]));
    for (const part of match[0].split(/[.,]/)) if (part) figures.add(normalised(part));
  }
}

function textOf(item: TranscriptItem): string {
  switch (item.role) {
    case "customer":
    case "bot":
    case "staff":
    case "note":
      return item.text;
    case "calls":
      return item.text;
    case "result":
      return typeof item.result === "string" ? item.result : JSON.stringify(item.result);
  }
}

/** `$1,299.00` and `1299` are one figure; an id or an address is itself in lower case. */
function normalised(figure: string): string {
  const bare = figure.replace(/^[$€£]|%$/g, "").replace(/[.,]+$/, "");
  if (/^\d{1,3}(?:,\d{3})+(?:\.\d+)?$/.test(bare) || /^\d+(?:\.\d+)?$/.test(bare)) {
    return String(Number(bare.replaceAll(",", "")));
  }
  return bare.toLowerCase().replace(/[/.:;!?]+$/, "");
}

/** A tool has said something in this conversation that did not fail. */
function restsOnTools(transcript: readonly TranscriptItem[]): boolean {
  return transcript.some((item) => item.role === "result" && !item.failed);
}
