/** One line of the console, as what it means. Pure. */
import type { Incoming, Person } from "../../src/message.ts";
import type { ThreadId } from "../../src/thread.ts";
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
  | { does: "press"; action: string; ticket: string | undefined; reason?: string }
  | { does: "write"; text: string };

const staffPrefix = /^@staff\b\s*/;
const press = /^(take|hand back|resolve|approve|deny)(?:\s+#?(\d+))?(?:\s+(.+))?$/i;

const actions: Readonly<Record<string, string>> = {
  take: "ticket.take",
  "hand back": "ticket.hand_back",
  resolve: "ticket.resolve",
  approve: "intent.approve",
  deny: "intent.deny",
};

/** @returns undefined for a customer's line */
export function staffLine(line: string): StaffLine | undefined {
  if (!staffPrefix.test(line)) return undefined;
  const text = line.replace(staffPrefix, "");
  const match = press.exec(text.replace(/\s+/g, " ").trim());
  const verb = match?.[1]?.toLowerCase() ?? "";
  // `@staff take the blue cable` is a sentence, `@staff deny 3 no receipt` is not.
  if (!match || (match[3] && verb !== "deny")) return { does: "write", text };
  return {
    does: "press",
    action: actions[verb] ?? "",
    ticket: match[2],
    ...(match[3] ? { reason: match[3] } : {}),
  };
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
      text: line,
      sentAt: place.now,
      order: place.id,
      visibility: "private",
      addressed: true,
      files: [],
    },
  };
}

const staff: Person = { id: staffUser, tenant: "local", name: "staff" };

export function staffSaid(line: StaffLine, ticket: string, place: Place): Incoming {
  const id = `console:local:${place.id}`;
  switch (line.does) {
    case "press":
      return {
        kind: "action",
        keys: [id],
        name: line.action,
        value: line.ticket ?? ticket,
        interaction: id,
        by: staff,
        channel: deskChannel,
        thread: ticketThread(line.ticket ?? ticket),
        ...(line.reason ? { reason: line.reason } : {}),
      };
    case "write":
      return {
        kind: "message",
        keys: [id],
        message: {
          id,
          thread: ticket === "" ? String(deskChannel) : ticketThread(ticket),
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
