/** What a rule of the judge says when it is violated. */
import type { Said } from "./record.ts";

export interface Violation {
  /** I1 … I15, or the name of a limit. */
  rule: string;
  what: string;
  /** The thread whose story it is. */
  thread?: string;
}

export const nameOf = (said: Said) => said.marker || brief(said.text);
export const brief = (text: string) => JSON.stringify(text.length > 120 ? `${text.slice(0, 120)}…` : text);
export const violation = (rule: string, what: string, said: Said): Violation => ({
  rule,
  what,
  thread: said.thread,
});
export const about = (rule: string, what: string, thread: string | undefined): Violation => ({
  rule,
  what,
  ...(thread === undefined ? {} : { thread }),
});
