/** One line of the console, as what it means. Pure. */
import type { Incoming, Person } from "../../src/message.ts";
import type { ThreadId } from "../../src/thread.ts";
import { plain } from "./plain-text.ts";
import { deskChannel, staffUser, ticketThread } from "./thread-id.ts";

/** What the line's place and time are. */
export interface Place {
  thread: ThreadId;
  customer: Person;
  /** Unique over all runs, sorts by time. */
  id: string;
  now: number;
}

/** A staff line, before it is known which ticket it is about. */
export type StaffLine =
  | { does: "press"; action: string; ticket: string | undefined }
  | { does: "decide"; action: string; approval: string | undefined; reason?: string }
  | { does: "write"; text: string };

const staffPrefix = /^\s*@staff\b[:,]?\s*/i;
const command = /^(take|hand[ -]?back|resolve|approve|deny)(?: (?:ticket )?#?(\d+))?(?: (.+))?$/i;

const presses: Readonly<Record<string, string>> = {
  take: "ticket.take",
  handback: "ticket.hand_back",
  resolve: "ticket.resolve",
};
const decisions: Readonly<Record<string, string>> = { approve: "intent.approve", deny: "intent.deny" };

/** @returns undefined for a customer's line */
export function staffLine(line: string): StaffLine | undefined {
  if (!staffPrefix.test(line)) return undefined;
  const text = plain(line.replace(staffPrefix, ""));
  const match = command.exec(text.replace(/\s+/g, " ").trim());
  const [, word = "", number, rest] = match ?? [];
  const verb = word.toLowerCase().replace(/[ -]/, "");
  const press = presses[verb];
  const decision = decisions[verb];
  // `@staff take the blue cable` is a sentence, `@staff deny 3 no receipt` is not.
  if (press && rest === undefined) return { does: "press", action: press, ticket: number };
  if (decision && (rest === undefined || (verb === "deny" && number !== undefined))) {
    return { does: "decide", action: decision, approval: number, ...(rest ? { reason: rest } : {}) };
  }
  return { does: "write", text };
}

const answerCharactersMax = 30;
const answerWordsMax = 4;

/**
 * So short that it may be a yes or a no. It waits until what stands before it has been dealt with: a yes counts for a
 * question that was put before it came, and in a script the question is what the line before leads to.
 */
export function mayAnswer(line: string): boolean {
  const text = plain(line).trim();
  const words = text.split(/\s+/).length;
  return text.length <= answerCharactersMax && words <= answerWordsMax && !/[\d?@]/.test(text);
}

export function customerSaid(line: string, place: Place): Incoming {
  const id = `console:local:${place.id}`;
  return {
    kind: "message",
    keys: [id],
    message: {
      id,
      thread: place.thread,
      channel: place.thread as string,
      author: place.customer,
      text: plain(line),
      sentAt: place.now,
      order: place.id,
      visibility: "private",
      addressed: true,
      files: [],
    },
  };
}

const staff: Person = { id: staffUser, tenant: "local", name: "staff" };

/** @param number of the ticket, or of the approval, that the line is about; undefined: none, it is for the channel */
export function staffSaid(line: StaffLine, number: string | undefined, place: Place): Incoming {
  const id = `console:local:${place.id}`;
  const thread = number === undefined ? String(deskChannel) : ticketThread(number);
  switch (line.does) {
    case "press":
    case "decide":
      return {
        kind: "action",
        keys: [id],
        name: line.action,
        value: number ?? "",
        interaction: id,
        by: staff,
        channel: deskChannel,
        ...(line.does === "press" ? { thread } : {}),
        ...(line.does === "decide" && line.reason ? { reason: line.reason } : {}),
      };
    case "write":
      return {
        kind: "message",
        keys: [id],
        message: {
          id,
          thread,
          channel: deskChannel,
          author: staff,
          text: line.text,
          sentAt: place.now,
          order: place.id,
          visibility: "shared",
          addressed: true,
          files: [],
        },
      };
  }
}
