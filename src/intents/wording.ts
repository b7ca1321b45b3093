/** What customers and staff read of intents. */
import type { OkPreview } from "../ledger/intents.ts";
import { saysDone } from "../tool.ts";

export const wording = {
  ask: (text: string) => `${sentence(text)} Shall I do this? Please answer yes or no.`,
  declined: () => "All right, nothing was done.",
  expired: () => "That question has expired, so nothing was done. Ask again if you still want it.",
  over: () => "That has been decided already.",
  unchecked: () =>
    "I could not look up what this would do now, so nothing was decided. Please press it again in a moment.",
  notYours: () => "Only the customer who asked can confirm this.",
  changed: (text: string) =>
    `This has changed since I showed it to you. It is now: ${sentence(text)} Shall I do this? Please answer yes or no.`,
  refused: (why: string) => `I can't do that: ${why}`,
  verifyAgain: () => "Please verify again who you are before I do this.",
  held: () =>
    "This needs the approval of a colleague. I have asked for it, and you will hear the result right here.",
  underWay: () =>
    "A colleague has approved this. It is being done now, and you will hear the result right here.",
  done: (preview: OkPreview, result: unknown) =>
    [`Done: ${sentence(preview.text)}`, told(result)].filter(Boolean).join(" "),
  notDone: (reason: string) => `This could not be done: ${reason}`,
  failed: () => "I could not make sure that this was done. A colleague will look at it and answer you here.",
  begunBefore: (preview: OkPreview, text: string, heard: boolean) =>
    `Begun in the customer's name before: ${sentence(preview.text)} ${heard ? "They are told" : "They have not been told; please tell them"}: “${text}”`,
  waitedFor: (text: string) =>
    `What the customer has been promised to hear, and has not been told; please tell them: “${text}”`,
  denied: (reason: string | undefined) =>
    `A colleague has decided against it${reason ? `: ${sentence(reason)}` : "."} Nothing was done.`,
  approvalExpired: () =>
    "Nobody has approved this in time, so nothing was done. Say that you want a person if you would like to talk to us.",
  person: () => "A colleague has this conversation now; please tell them.",
} as const;

/** What a result says to people, beside what it says to programs. */
function told(result: unknown): string {
  if (typeof result !== "object" || result === null) return "";
  const { message, text, arrives_within: within } = result as Record<string, unknown>;
  const said = [message, text].find((one): one is string => typeof one === "string" && one.trim() !== "");
  if (said) return sentence(said);
  return typeof within === "string" ? `It arrives within ${within}.` : "";
}

/**
 * Why a run has done nothing, in its own words; undefined when it did something.
 * @param tool whose run it was: beside its `refunded: true` a reason is why it was done, and what is false something else
 */
export function reasonIn(result: unknown, tool = ""): string | undefined {
  if (typeof result !== "object" || result === null) return undefined;
  const { reason, error, ok, ...rest } = result as Record<string, unknown>;
  if (ok === true) return undefined;
  const said = [reason, error].find((one): one is string => typeof one === "string" && one.trim() !== "");
  if (ok === false) return said ?? "no reason was given.";
  const denied = said === error || (Object.values(rest).includes(false) && !saysDone(tool, rest));
  return said !== undefined && denied ? said : undefined;
}

/** Whether a run says beyond doubt that it has done nothing: something was not, and nothing was. */
export function didNothing(result: unknown): boolean {
  if (reasonIn(result) === undefined) return false;
  const said = Object.values(result as object);
  return said.includes(false) && !said.includes(true);
}

function sentence(text: string): string {
  const trimmed = text.trim();
  return /[.!?…]$/.test(trimmed) ? trimmed : `${trimmed}.`;
}
