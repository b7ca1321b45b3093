/** `/support`: what a word means, for customers and for staff. Pure. */
export type Command =
  | { does: "help" }
  | { does: "person" }
  | { does: "status" }
  | { does: "tickets" }
  | { does: "press"; action: string; ticket: number };

const presses: Readonly<Record<string, string>> = {
  take: "ticket.take",
  resolve: "ticket.resolve",
  "hand back": "ticket.hand_back",
  handback: "ticket.hand_back",
};

/** What was meant; `help` for anything that is not a command. */
export function parseCommand(text: string): Command {
  const words = text.trim().replace(/\s+/g, " ");
  const lower = words.toLowerCase();
  switch (lower) {
    case "person":
    case "human":
      return { does: "person" };
    case "status":
      return { does: "status" };
    case "tickets":
    case "open tickets":
      return { does: "tickets" };
  }
  const pressed = /^(take|resolve|hand ?back) #?(\d+)$/.exec(lower);
  if (pressed) return { does: "press", action: presses[pressed[1] ?? ""] ?? "", ticket: Number(pressed[2]) };
  return { does: "help" };
}

export const customerHelp = "`/support person` asks for a person · `/support status` shows your tickets";

export const staffHelp =
  "`/support tickets` · `/support take N` · `/support hand back N` · `/support resolve N`";
