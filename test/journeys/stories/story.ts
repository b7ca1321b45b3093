/**
 * A story: a conversation as people have it, told once and played on every platform. It reads like a support transcript:
 *
 *   customer: Where is ORD-1002?            what they write
 *      model: lookup_order {"order_id": …}  what a scripted model then does, one line a step; several calls in one line
 *      model: “It is on its way.”           … or says; `the result` repeats what the tool said
 *      faulty: 30 × lookup_order {…}        the same step again and again
 *        bot: … on its way … Shipping       what the customer then reads; every part between … must be there
 *      never: USB-C … 12.99                 nothing of this may have been read
 *   customer: (Confirm)                     a button; where there are none, the word
 *      proof: cust_001                      the customer is asked who they are and proves it, where they are not known yet
 *        who: billing                       the specialist of that turn
 *      staff: (Take)                        a button of the card; otherwise what is written in the card's thread
 *       desk: … Taken by …                  what staff can then see
 *        bot: (silence)                     the customer has read nothing
 *  meanwhile: the desk is killed            and started again
 */
import type { Shop } from "../../fixtures/workspace.ts";

export interface Story {
  title: string;
  /** Who is behind the account, for those who can prove it. */
  customer?: string;
  told: string;
}

/** Stories that belong together: one desk, one customer after the other. */
export interface Chapter {
  name: string;
  workspace: { shop: Shop } | { example: (settings: string) => string };
  /** Without a model the lines of `model` are passed over, and `offline` is played in place of `stories` where it is given. */
  stories: readonly Story[];
  offline?: readonly Story[];
}

const roles = [
  "customer",
  "model",
  "faulty",
  "told",
  "bot",
  "never",
  "proof",
  "who",
  "staff",
  "desk",
  "meanwhile",
] as const;
export type Role = (typeof roles)[number];

export interface Line {
  role: Role;
  text: string;
}

export function linesOf(told: string): Line[] {
  return told
    .split("\n")
    .filter((line) => line.trim() !== "")
    .map((line) => {
      const [, role = "", text = ""] = /^\s*(\w+): (.+)$/.exec(line) ?? [];
      if (!isRole(role)) throw new Error(`not a line of a story: ${line}`);
      return { role, text: text.trim() };
    });
}

/** `… a … b` */
export const partsOf = (text: string): string[] =>
  text
    .split("…")
    .map((part) => part.trim())
    .filter((part) => part !== "");

/** `(Take)` is a button. */
export const buttonIn = (text: string): string | undefined => /^\((.+)\)$/.exec(text)?.[1];

function isRole(text: string): text is Role {
  return (roles as readonly string[]).includes(text);
}
