/**
 * The policy of links: what a customer can click leads to a host that the company has allowed, over https, to a place
 * that the company itself has named, or to a mailbox there that it has named. An address of ours that leads elsewhere is
 * shown as text that no program makes clickable; pictures go, for they are fetched unasked; HTML is taken off. A text
 * whose links are in order stays as it is, byte for byte.
 */
import type { DraftText, Policy, Verdict } from "../../policy.ts";
import { createAddresses, createHostList } from "./addresses.ts";
import { type Edit, linkEdits } from "./link-edits.ts";

/** Each round takes one wrapping off; nobody who means well needs more. */
const roundsMax = 6;
/** Whatever has none of these holds no link, picture or tag. */
const mayHoldLinks = /[<@&\\]|:\/|\]\s?[([:]|[\p{L}\d]\.\p{L}{2}|www\./iu;

/** @param parts.allow hosts that may be clickable, exactly or as `*.example.com` */
export function createLinksPolicy(parts: { allow: readonly string[] }): Policy {
  const allowed = createHostList(parts.allow);

  function review(draft: DraftText): Verdict {
    const first = withCitations(draft.text, draft.passages.length);
    if (!mayHoldLinks.test(first)) return { pass: true };
    const addresses = createAddresses(draft, allowed);
    let text = first;
    for (let round = 0; round < roundsMax; round++) {
      const edits = linkEdits(text, addresses);
      if (!edits) break;
      if (edits.length === 0) return verdictOn(text, draft.text);
      text = withCitations(applied(text, edits), draft.passages.length);
    }
    return {
      pass: false,
      objection:
        "The links of this answer cannot be made safe. Write it in plain words, without links and without HTML.",
    };
  }

  return { name: "links", everywhere: true, review };
}

const code = /(```[\s\S]*?(?:```|$)|`[^`\n]*`)/;
const citations = /(?:[ \t]?\[\d{1,2}\](?![(:]))+/g;

/**
 * Without the citations that stand for nothing: they would be dropped later on, and what they keep apart would come
 * together unseen. The others keep their distance from an address, which would take them in. Code has no citations.
 */
function withCitations(text: string, shown: number): string {
  let settled = text.trim();
  for (let round = 0; round < roundsMax; round++) {
    const dropped = outsideCode(settled, citations, (chain) =>
      (chain.match(/[ \t]?\[\d{1,2}\]/g) ?? []).filter((mark) => isShown(mark, shown)).join(""),
    );
    const spaced = outsideCode(dropped, citations, (chain, at, part) => {
      const before =
        part
          .slice(Math.max(0, at - 200), at)
          .split(/\s/)
          .at(-1) ?? "";
      return /:\/|www\.|@/i.test(before) ? chain.replace(/[ \t]?\[/g, " [") : chain;
    }).trim();
    if (spaced === settled) break;
    settled = spaced;
  }
  return settled;
}

function outsideCode(
  text: string,
  pattern: RegExp,
  put: (found: string, at: number, part: string) => string,
): string {
  return text
    .split(code)
    .map((part, position) => (position % 2 === 1 ? part : part.replace(pattern, put)))
    .join("");
}

function isShown(mark: string, shown: number): boolean {
  const number = Number(/\d+/.exec(mark)?.[0]);
  return number >= 1 && number <= shown;
}

function verdictOn(text: string, before: string): Verdict {
  if (text === before.trim()) return { pass: true };
  if (text !== "") return { pass: true, text };
  return { pass: false, objection: "Pictures and links alone are no answer. Say it in words." };
}

function applied(text: string, edits: readonly Edit[]): string {
  let rest = 0;
  let changed = "";
  for (const { from, to, put } of [...edits].sort((a, b) => a.from - b.from)) {
    if (from < rest) continue;
    changed += text.slice(rest, from) + put;
    rest = to;
  }
  return changed + text.slice(rest);
}
