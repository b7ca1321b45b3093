/** What the desk itself says, to customers and to staff: every sentence of it in one place. */

/** A moment in the office's own week. */
export interface Back {
  day: "today" | "tomorrow" | keyof typeof dayNames;
  /** Since midnight. */
  minute: number;
  /** Whose midnight: `Europe/Berlin`. */
  zone: string;
}

const dayNames = {
  mon: "Monday",
  tue: "Tuesday",
  wed: "Wednesday",
  thu: "Thursday",
  fri: "Friday",
  sat: "Saturday",
  sun: "Sunday",
} as const;

/** What follows a notice that a person will answer, where nobody is at the desk. */
export function awayNotice(outside: string, back: Back | undefined): string {
  if (!back) return outside;
  const day = back.day === "today" || back.day === "tomorrow" ? back.day : `on ${dayNames[back.day]}`;
  const time = `${Math.floor(back.minute / 60)}:${String(back.minute % 60).padStart(2, "0")}`;
  return `${outside} Our team is back ${day} at ${time} (${back.zone}).`;
}

/** @param away what is to be said of when somebody will be there; nothing when somebody is */
const behind = (notice: string, away: string): string => (away === "" ? notice : `${notice} ${away}`);

export const toCustomer = {
  escalated: (ticket: number, away = "") =>
    behind(
      `I have asked a colleague to help you: your ticket is #${ticket}. A person will answer you right here.`,
      away,
    ),
  waiting: (ticket: number, away = "") =>
    behind(`Thank you, I have added this to ticket #${ticket}. A person will answer you right here.`, away),
  handedBack: () => "You are back with the assistant. Ask away, or say that you want a person.",
  resolved: (ticket: number) => `Your ticket #${ticket} is resolved. Write here whenever you need us again.`,
  slow: () => "This takes longer than usual. I am still on it.",
  broken: (ticket: number, away = "") =>
    behind(
      `I am sorry: something on our side broke while I was working on your message. A colleague has it now, your ticket is #${ticket}.`,
      away,
    ),
  toForget: (ticket: number, away = "") =>
    behind(
      `I have passed on that you want to be forgotten: your ticket is #${ticket}. A person will take care of it and tell you here.`,
      away,
    ),
  goesPrivate: (way: "direct" | "private_thread") =>
    way === "direct"
      ? "This is about your account, and others can read here. I have written to you in a direct message; let us go on there."
      : "This is about your account, and others can read here. I have opened a private thread for the two of us; let us go on there.",
  goesToPerson: () =>
    "This is about your account, and others can read here. I have passed it on to our private conversation: a person will answer you there.",
  noPrivateWay: () =>
    "This is about your account, and others can read here, but I cannot write to you in private. Send me a direct message, or say that you want a person.",
  greeting: () => "Hello! Only you and our desk can read this. How can I help you?",
  wroteToYou: () => "I have written to you in private.",
  writeThere: () => "Our private conversation is open: write to us there.",
  writeFirst: () => "Write to me in a direct message first; then a person can answer you there.",
  nothingKept: () => "There is no conversation with you here, so there is nothing to forget.",
} as const;

export const toStaff = {
  taken: (name: string) => `Taken by ${name}. The bot is silent until hand-back.`,
  handedBack: (name: string) => `Handed back to the bot by ${name}.`,
  resolved: (name: string) => `Resolved by ${name}.`,
  again: (reason: string) => `The bot asks for a person again: ${reason}`,
  waitsAgain: (ticket: number, ask: string) =>
    `Ticket #${ticket} waits for a person again: ${ask}\n\nTake it on its card, or with \`/support take ${ticket}\`, and answer below the card: what is written below this message reaches nobody.`,
  takeFirst: (notePrefix: string) =>
    `Not sent to the customer: take the ticket first. (A note begins with ${notePrefix}.)`,
  isOver: (ticket: number) =>
    `Not sent to the customer: this ticket is resolved. \`/support take ${ticket}\` takes it again.`,
  goesOnIn: (ticket: number) =>
    `Not sent to the customer: this conversation is ticket #${ticket} now. Write in its thread.`,
  notYours: (name: string) =>
    `Kept as a note: ${name} has this ticket, so only their words reach the customer.`,
  notAmongStaff: () => "Kept as a note: only the words of the desk's staff reach the customer.",
  notStaff: () => "Only the desk's staff can do this.",
  unknownAction: () => "This button is not known any more.",
  noTicket: (number: number) => `There is no ticket #${number}.`,
  alreadyTaken: (name: string) => `${name} has this ticket already.`,
  notNow: (state: string) => `That does not fit any more: the ticket is ${state.replace("_", " ")}.`,
  isNow: (ticket: number) => `That does not fit any more: this conversation is ticket #${ticket} now.`,
  notFailed: () => "This has been sent, or is on its way already.",
  changedHands: () => "Not sent: this was the bot's answer, and the conversation has changed hands since.",
  nothingToSend: () => "Nothing was sent: this is not there any more.",
  untold: (text: string) =>
    `Something was done in the customer's name, and they have not been told; please tell them. The bot was about to say: “${text}”`,
  undelivered: (why: string) => `This did not reach the customer: ${why}`,
  broke: () =>
    "The program failed on this message again and again: nothing came of it. If it is for the customer, write it again.",
  unchanged: (why: string) =>
    `What you have changed did not reach the customer, who still reads what was there before: ${why}`,
  unshown: (why: string) =>
    `Something that the customer has written, or changed, could not be shown here: ${why}`,
  transferred: (to: string, by: string) => `Transferred to ${to} by ${by}.`,
  alreadyIn: (queue: string) => `It waits in ${queue} already.`,
  noReceiver: (queues: readonly string[]) =>
    `Give it to a colleague of the desk's staff, or to one of the queues: ${queues.join(", ")}.`,
  noted: (name: string, text: string) => `Note by ${name}: ${text}`,
  noSnippet: (names: readonly string[]) =>
    names.length > 0 ? `There is no such snippet. There are: ${names.join(", ")}.` : "There are no snippets.",
  whichTicket: () => "Say for which ticket: `/support snippet NAME N`.",
  takeItFirst: (number: number) => `Take ticket #${number} first: nothing was sent to the customer.`,
  snippetSent: (name: string, text: string) => `${name} has sent the customer:\n\n${text}`,
  wantsPerson: () => "The customer asks for a person.",
  wantsToBeForgotten: () => "The customer asks to be forgotten.",
  ticketOfMessage: (ticket: number) => `The conversation of this message is ticket #${ticket}.`,
  ticketAbout: (name: string) => `${name} has opened a ticket about this message.`,
  paused: () => "The bot answers nobody now. `/support unpause` ends that.",
  unpaused: () => "The bot answers again.",
  wentPrivate: (way: "direct" | "private_thread") =>
    way === "direct"
      ? "Others can read the customer's thread, so the conversation goes on in a direct message."
      : "Others can read the customer's thread and they take no direct messages, so the conversation goes on in a private thread.",
  detoured: (way: "direct" | "private_thread", why: string) =>
    `A direct message did not reach the customer: ${why}. The conversation goes on in a ${way === "direct" ? "direct message" : "private thread"}, and what did not arrive is posted there.`,
  done: () => "Done.",
  notFromHere: () => "This message is no customer's.",
  pressed: (yes: boolean, question?: string) =>
    `(has pressed “${yes ? "Confirm" : "Cancel"}” below the bot's question${question === undefined ? "" : `: “${question}”`})`,
  edited: (text: string) => `The customer has edited a message; it now reads:\n\n${text}`,
  deleted: () => "The customer has deleted a message.",
} as const;
