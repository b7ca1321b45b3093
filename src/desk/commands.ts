/** `/support`: what the words after it mean, for customers and for staff. Pure. */
export type Command =
  | { does: "help" }
  | { does: "person" }
  | { does: "status" }
  | { does: "forget" }
  | { does: "open"; question: string }
  | StaffCommand;

export type StaffCommand =
  | { does: "tickets" }
  | { does: "press"; action: string; ticket: number }
  | { does: "note"; ticket: number; text: string }
  /** Without a number: the ticket at hand. */
  | { does: "snippet"; name: string; ticket: number | undefined }
  /** `to`: a queue, or a member of staff by the platform's id. */
  | { does: "transfer"; ticket: number; to: string }
  | { does: "pause"; paused: boolean };

const fixed: Readonly<Record<string, Command>> = {
  person: { does: "person" },
  human: { does: "person" },
  status: { does: "status" },
  forget: { does: "forget" },
  "forget me": { does: "forget" },
  tickets: { does: "tickets" },
  "open tickets": { does: "tickets" },
  pause: { does: "pause", paused: true },
  unpause: { does: "pause", paused: false },
};

const presses: Readonly<Record<string, string>> = {
  take: "ticket.take",
  resolve: "ticket.resolve",
  handback: "ticket.hand_back",
};

/** What was meant; `help` for anything that is not a command. */
export function parseCommand(text: string): Command {
  const words = text.trim();
  const known = words.toLowerCase().replace(/\s+/g, " ");
  if (Object.hasOwn(fixed, known)) return fixed[known] as Command;
  const [, head = "", rest = ""] = /^(hand\s*back|[a-z]+)\b\s*([\s\S]*)$/i.exec(words) ?? [];
  const verb = head.toLowerCase().replace(/\s+/g, "");
  return verb === "open" ? { does: "open", question: rest } : (staffCommand(verb, rest) ?? { does: "help" });
}

function staffCommand(verb: string, rest: string): StaffCommand | undefined {
  const [, digits = "", tail = ""] = /^#?(\d{1,9})(?:\s+([\s\S]*))?$/.exec(rest) ?? [];
  const ticket = Number(digits);
  switch (verb) {
    case "take":
    case "resolve":
    case "handback":
      return digits && tail === "" ? { does: "press", action: presses[verb] ?? "", ticket } : undefined;
    case "note":
      return digits && tail ? { does: "note", ticket, text: tail } : undefined;
    case "transfer":
      return digits && tail ? { does: "transfer", ticket, to: tail.trim() } : undefined;
    case "snippet": {
      const [, name, number] = /^(\S{1,100})(?:\s+#?(\d{1,9}))?$/.exec(rest) ?? [];
      return name ? { does: "snippet", name, ticket: number ? Number(number) : undefined } : undefined;
    }
  }
  return undefined;
}

export const customerHelp = [
  "- `/support person` asks for a person",
  "- `/support status` shows your tickets",
  "- `/support open` goes on in a private conversation",
  "- `/support forget` asks us to delete what we know of you",
].join("\n");

export const staffHelp = [
  "- `/support tickets` lists what is not resolved",
  "- `/support take N`, `/support hand back N`, `/support resolve N`",
  "- `/support transfer N WHO` gives ticket N to a colleague, or to a queue",
  "- `/support note N TEXT` leaves a note that the customer does not see",
  "- `/support snippet NAME` sends a prepared answer to the customer of the ticket that you have",
  "- `/support pause` silences the bot everywhere, `/support unpause` ends that",
].join("\n");
