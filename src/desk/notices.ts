/** The sentences that customers and staff read from the desk itself, in one place. */
export const toCustomer = {
  escalated: (ticket: number) =>
    `I have asked a colleague to help you: your ticket is #${ticket}. A person will answer you right here.`,
  waiting: (ticket: number) =>
    `Thank you, I have added this to ticket #${ticket}. A person will answer you right here.`,
  handedBack: () => "You are back with the assistant. Ask away, or say that you want a person.",
  resolved: (ticket: number) => `Your ticket #${ticket} is resolved. Write here whenever you need us again.`,
  slow: () => "This takes longer than usual. I am still on it.",
  broken: (ticket: number) =>
    `I am sorry: something on our side broke while I was working on your message. A colleague has it now, your ticket is #${ticket}.`,
} as const;

export const toStaff = {
  taken: (name: string) => `Taken by ${name}. The bot is silent until hand-back.`,
  handedBack: (name: string) => `Handed back to the bot by ${name}.`,
  resolved: (name: string) => `Resolved by ${name}.`,
  again: (reason: string) => `The bot asks for a person again: ${reason}`,
  takeFirst: () => "Not sent to the customer: take the ticket first. (A note begins with //.)",
  notYours: (name: string) =>
    `Kept as a note: ${name} has this ticket, so only their words reach the customer.`,
  notStaff: () => "Only the desk's staff can do this.",
  unknownAction: () => "This button is not known any more.",
  noTicket: (number: number) => `There is no ticket #${number}.`,
  alreadyTaken: (name: string) => `${name} has this ticket already.`,
  notNow: (control: string) =>
    `That does not fit any more: the conversation is ${control.replace("_", " ")}.`,
  undelivered: (why: string) => `This did not reach the customer: ${why}`,
  cardFailed: (number: number) => `The card of ticket #${number} could not be posted.`,
  edited: (text: string) => `The customer has edited a message; it now reads:\n\n${text}`,
  deleted: () => "The customer has deleted a message.",
} as const;
