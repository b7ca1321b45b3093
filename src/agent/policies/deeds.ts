/**
 * The policy that nothing is promised, and nothing is said to be done, in the company's name unless there is proof of it.
 * That the bot has done something is proved by a tool that does such things and did not fail; that something has
 * happened, by what any tool or colleague has said; a promise, by these or by a passage that the draft cites.
 */
import type { TranscriptItem } from "../../language-model.ts";
import type { DraftText, Policy, Verdict } from "../../policy.ts";
import { saysDone } from "../../tool.ts";
import { citedIn } from "../citations.ts";
import { sentencesOf } from "../sentences.ts";
import { type Action, actionsIn } from "./actions.ts";

export const deeds: Policy = {
  name: "deeds",
  review(draft): Verdict {
    for (const sentence of sentencesOf(draft.text)) {
      const claim = claimIn(sentence);
      if (claim && !proofOf(draft).covers(claim, actionsIn(claim.words)))
        return sentBack(claim.kind, sentence);
    }
    return { pass: true };
  },
};

function sentBack(kind: Claim["kind"], sentence: string): Verdict {
  const quoted = `“${sentence.length > 160 ? `${sentence.slice(0, 160)}…` : sentence}”`;
  return {
    pass: false,
    objection:
      kind === "promised"
        ? `You promise something in the company's name that no tool and no passage you cite says: ${quoted}. Cite where it stands, or leave it out, or ask for a person.`
        : `No tool has done what you say has been done: ${quoted}. Use the tool, or say what its result says, or ask for a person.`,
  };
}

interface Claim {
  /** `done`: by us, now; `happened`: to an order or an account; `promised`: still to come. */
  kind: "done" | "happened" | "promised";
  words: string;
}

const adverbs =
  "(?:(?:now|already|just|also|successfully|fully|bereits|soeben|gerade|jetzt|déjà|bien|ya|yet) )*";
const verbs =
  "refunded|reimbursed|cancell?ed|upgraded|downgraded|switched|changed|updated|modified|credited|waived|reset|replaced|exchanged|extended|unlocked|unblocked|reactivated|deactivated|deleted|closed|compensated|shipped|dispatched|corrected|adjusted";
/** These mean it only together with what they were done to. */
const weakVerbs =
  "issued|processed|applied|initiated|started|arranged|scheduled|approved|placed|sent|added|given|granted|made";
const weakObjects =
  "[^.!?]{0,40}?\\b(?:refund|credit|discount|cancellation|return|exchange|replacement|payment|upgrade|downgrade|coupon|voucher|compensation|change)s?\\b(?! (?:policy|request|form|page|department|team))";
const things =
  "(?:refund|order|plan|account|subscription|card|payment|address|password|item|package|parcel|charge|fee|credit|booking|reservation|replacement|return|bestellung|erstattung|rückerstattung|konto|abo|tarif|zahlung|adresse|commande|remboursement|compte|abonnement|forfait|pedido|reembolso|cuenta|suscripción)";
const foreignDone =
  "erstattet|storniert|gekündigt|geändert|aktualisiert|gutgeschrieben|ersetzt|zurückgesetzt|hochgestuft|herabgestuft|entsperrt|gelöscht|verschickt|rembours[ée]+e?s?|annul[ée]+e?s?|modifi[ée]+e?s?|crédit[ée]+e?s?|remplac[ée]+e?s?|réinitialis[ée]+e?s?|supprim[ée]+e?s?|reembolsad[oa]s?|cancelad[oa]s?|cambiad[oa]s?|actualizad[oa]s?|reemplazad[oa]s?|restablecid[oa]s?|eliminad[oa]s?";

const done = pattern(
  // The store's own word for it; from a draft it would be taken for that later on.
  "^done\\b[:!,.]",
  `\\b(?:I|we)(?:'ve| have)? ${adverbs}(?:${verbs})\\b(?! nothing\\b| (?:my|the|this|your) (?:notes?|tickets?|requests?|case|message))`,
  `\\b(?:I|we)(?:'ve| have)? ${adverbs}(?:${weakVerbs})${weakObjects}`,
  `(?<!\\p{L})(?:ich habe|wir haben|habe ich|haben wir|j'ai|nous avons|he|hemos) [^.!?]{0,60}?(?<!\\p{L})(?:${foreignDone})(?!\\p{L})`,
);
const happened = pattern(
  `\\b(?:your|the|this|that) [^.!?]{0,30}?${things}s?\\b[^.!?]{0,40}? (?:has|have|was|were|is|are)(?: been| being)? ${adverbs}(?:been )?(?:${verbs}|issued|processed|applied|approved|activated)\\b`,
  `\\byour (?:plan|subscription|account) is now\\b`,
  `(?<!\\p{L})(?:wurden?|ist|sind|a été|ont été|est|ha sido|han sido|fue) [^.!?]{0,40}?(?<!\\p{L})(?:${foreignDone})(?!\\p{L})`,
);
const gifts =
  "(?:full |partial |complete |free |new |store |[\\d.,]+ ?%? )*(?:refund|discount|credit|compensation|replacement|voucher|coupon|money back|upgrade)";
const someone = "(?:I|we|they|a colleague|someone|our \\w+|the team)";
const promised = pattern(
  `\\b(?:I|we)(?:'ll| can| will| do)? (?:guarantee|promise)\\b(?! to (?:look|check|pass))`,
  "\\b(?:is|are|it's) guaranteed\\b|\\byou have my word\\b|\\byou are entitled to\\b",
  `\\b${someone}(?:'ll| will|'m going to| am going to|'re going to| are going to| is going to) ${adverbs}(?:refund|credit|compensate|reimburse|waive|replace|cancel|upgrade|extend|exchange)\\b`,
  `\\b${someone}(?:'ll| will| can|'m going to| am going to| are going to)? (?:give|offer|grant|send|issue|arrange|process)s? (?:you |your |to you )?(?:with )?(?:a |an |the |your |another )?${gifts}\\b`,
  `\\byou(?:'ll| will|'re going to| are going to) (?:get|receive|be given|have) (?:a |an |the |your |another )?${gifts}\\b`,
  `\\byou(?:'ll| will) be (?:refunded|reimbursed|credited|compensated|upgraded)\\b`,
  `\\b(?:your|the) [^.!?]{0,30}?${things}s? will (?:definitely |certainly |surely )?be (?:refunded|credited|reimbursed|waived|cancell?ed|replaced|upgraded|extended|approved)\\b`,
  "\\bwill (?:definitely|certainly|surely|for sure) (?:arrive|be (?:delivered|shipped|fixed|resolved))\\b",
  "(?<!\\p{L})(?:ich|wir) (?:garantieren?|verspreche[n]?)(?!\\p{L})|(?<!\\p{L})(?:garantiere|verspreche) ich",
  "(?<!\\p{L})(?:ich|wir) (?:werden? [^.!?]{0,60}?(?:erstatten|stornieren|gutschreiben|ersetzen|erlassen|schenken)|erstatten?|ersetzen?)(?!\\p{L})",
  "(?<!\\p{L})sie (?:erhalten|bekommen) (?:eine?n? |ihr |ihre |die |den )?[^.!?]{0,20}?(?:erstattung|rückerstattung|gutschrift|rabatt|gutschein|ersatz|geld zurück)",
  "(?<!\\p{L})(?:je|nous) (?:vous )?(?:garanti[st]\\p{L}*|promet\\p{L}*|rembourse\\p{L}*|offr\\p{L}+ (?:un|une) (?:remise|réduction|avoir))",
  "(?<!\\p{L})vous (?:recevrez|obtiendrez|aurez|serez|allez recevoir) (?:un |une |votre |intégralement )?(?:remboursement|remboursé\\p{L}*|avoir|remise|réduction|remplacement|bon d'achat)",
  "(?<!\\p{L})(?:garantizamos|garantizo|prometo|prometemos|(?:le|te|les) (?:reembolsaremos|devolveremos|reembolsaré|devolveré))(?!\\p{L})",
  "(?<!\\p{L})recibirás? (?:un |una |su |tu |el )?(?:reembolso|descuento|crédito|reemplazo|vale|compensación)",
);

/** Before the claim these make it a rule, a question or a denial. */
const conditional =
  /\b(?:if|once|when|after|until|unless|whether|before|as soon as|in case|would you|may|might|could|should)\b|(?<!\p{L})(?:wenn|sobald|falls|nachdem|ob|si|lorsque|quand|dès que|une fois|cuando|una vez)(?!\p{L})/iu;
const denial =
  /\b(?:no|not|never|nothing|neither|nor|cannot|without)\b|n't\b|(?<!\p{L})(?:nicht|kein\p{L}*|nie|ne|pas|aucune?|nunca|ningun\p{L}*)(?!\p{L})/iu;

const clauseEnd = /[,;:–—()!]|(?<!\p{L})(?:and|but|so|und|aber|et|mais|y|pero)(?!\p{L})/iu;
/** How far behind the verb one looks for what it was done to. */
const objectMax = 60;

function pattern(...parts: string[]): RegExp {
  return new RegExp(parts.map((part) => `(?:${part})`).join("|"), "iu");
}

function claimIn(sentence: string): Claim | undefined {
  const plain = sentence.replace(/[’‘]/g, "'").replace(/[*_~`]/g, "");
  if (/\?["')\]]*$/.test(plain.replace(/(?: ?\[\d{1,2}\])+$/, ""))) return undefined;
  return (
    matched(plain, "done", done) ??
    matched(plain, "happened", happened) ??
    matched(plain, "promised", promised)
  );
}

function matched(sentence: string, kind: Claim["kind"], claims: RegExp): Claim | undefined {
  const match = claims.exec(sentence);
  if (!match) return undefined;
  const before = sentence.slice(0, match.index);
  const clause = before.split(clauseEnd).at(-1) ?? "";
  if (denial.test(clause) || denial.test(match[0])) return undefined;
  // "Once it arrives, we refund you" is still a promise; "once it has been refunded" says nothing of now.
  if (kind === "done" && conditional.test(clause)) return undefined;
  if (kind === "happened" && conditional.test(before)) return undefined;
  return { kind, words: sentence.slice(match.index, match.index + match[0].length + objectMax) };
}

interface Proof {
  covers(claim: Claim, about: readonly Action[]): boolean;
}

const proofs = new WeakMap<DraftText, Proof>();

function proofOf(draft: DraftText): Proof {
  let proof = proofs.get(draft);
  if (!proof) {
    proof = gather(draft);
    proofs.set(draft, proof);
  }
  return proof;
}

function gather(draft: DraftText): Proof {
  const results = draft.transcript.flatMap((item) => resultOf(item, draft.transcript));
  const deedsDone = results.filter((one) => one.acts && !one.pending).map(({ text }) => text);
  deedsDone.push(...draft.transcript.flatMap(doneByUs));
  const told = [...results.map(({ text }) => text), ...draft.transcript.flatMap(saidByUs)];
  const cited = citedIn(draft.text, draft.passages.length).map((number) => {
    const passage = draft.passages[number - 1];
    return `${passage?.title ?? ""} ${passage?.text ?? ""}`.toLowerCase();
  });
  return {
    covers({ kind, words }, about) {
      const spokenOf = (texts: readonly string[], speaks: (one: Action) => RegExp) =>
        texts.some((text) => about.some((one) => speaks(one).test(text)));
      if (spokenOf(deedsDone, (one) => one.named) || (about.length === 0 && deedsDone.length > 0))
        return true;
      switch (kind) {
        case "done":
          return false;
        case "happened":
          return spokenOf(told, (one) => one.happened);
        case "promised":
          return /guarant|promis|garant|versprech|promet|entitled|my word/i.test(words)
            ? [...told, ...cited].some((text) =>
                /guarant|promis|garant|warrant|versprech|entitled/.test(text),
              )
            : spokenOf([...told, ...cited], (one) => one.named);
      }
    },
  };
}

interface Result {
  text: string;
  /** By its name, the tool does something. */
  acts: boolean;
  /** Waits for somebody's word. */
  pending: boolean;
}

const builtIn = /^(?:search_knowledge$|transfer_to_|escalate_to_human$)/;
const reads =
  /^(?:lookup|look_up|get|find|search|list|check|read|fetch|show|view|calculate|estimate|preview|is|has)_|_(?:status|lookup|history|info|details)$/;

/** What a tool said that did not fail and was not refused. */
function resultOf(item: TranscriptItem, transcript: readonly TranscriptItem[]): Result[] {
  if (item.role !== "result" || item.failed || builtIn.test(item.name)) return [];
  const { result } = item;
  const fields = typeof result === "object" && result !== null ? (result as Record<string, unknown>) : {};
  if (fields.ok === false || fields.success === false || typeof fields.error === "string") return [];
  const acts = !reads.test(item.name);
  const did = fields.ok === true || saysDone(item.name, fields);
  const refused = typeof fields.reason === "string" && Object.values(fields).includes(false);
  if (acts && refused && !did) return [];
  const said = typeof result === "string" ? result : (JSON.stringify(result, withoutNothings) ?? "");
  const text = `${item.name.replaceAll("_", " ")} ${argumentsOf(item.id, transcript)} ${said}`.toLowerCase();
  return [{ text, acts, pending: typeof fields.pending === "string" }];
}

/** `"refunded": false` says nothing of a refund, whatever its name. */
function withoutNothings(_name: string, value: unknown): unknown {
  const nothing = value === false || value === null || value === 0 || value === "";
  return nothing || (typeof value === "string" && /^0+(?:[.,]0+)?$/.test(value)) ? undefined : value;
}

function argumentsOf(id: string, transcript: readonly TranscriptItem[]): string {
  for (const item of transcript) {
    if (item.role !== "calls") continue;
    const call = item.calls.find((one) => one.id === id);
    if (call) return call.arguments;
  }
  return "";
}

/** The store's own word that an intent was carried out. */
function doneByUs(item: TranscriptItem): string[] {
  return item.role === "bot" && /^Done: /.test(item.text) ? [item.text.toLowerCase()] : [];
}

/** What colleagues have told this customer, and the bot itself in earlier turns, which was reviewed then. */
function saidByUs(item: TranscriptItem): string[] {
  return item.role === "bot" || item.role === "staff" ? [item.text.toLowerCase()] : [];
}
