/** What staff can do with a ticket by a button or a command, and when it does not fit any more. */
import type { Thread } from "../ledger/threads.ts";
import type { Ticket } from "../ledger/tickets.ts";
import { type Move, moves } from "../thread.ts";
import { toCustomer, toStaff } from "./notices.ts";

/** What staff can do with a ticket. */
export interface TicketMove {
  how: Move;
  action: string;
  state: Ticket["state"];
  toStaff(name: string): string;
  toCustomer?(number: number): string;
}

export const ticketMoves: Readonly<Record<string, TicketMove>> = {
  "ticket.take": { how: "take_over", action: "ticket.taken", state: "taken", toStaff: toStaff.taken },
  "ticket.hand_back": {
    how: "hand_back",
    action: "ticket.handed_back",
    state: "handed_back",
    toStaff: toStaff.handedBack,
    toCustomer: toCustomer.handedBack,
  },
  "ticket.resolve": {
    how: "resolve",
    action: "ticket.resolved",
    state: "resolved",
    toStaff: toStaff.resolved,
    toCustomer: toCustomer.resolved,
  },
};

/** Why a ticket's thread is not moved, in words for the person who asked; undefined when it can be. */
export function refusalOf(ticket: Ticket, thread: Thread, how: Move): string | undefined {
  if (thread.ticket !== undefined && thread.ticket !== ticket.number) return toStaff.isNow(thread.ticket);
  if (how === "take_over" && thread.control === "taken_over")
    return toStaff.alreadyTaken(thread.assigneeName ?? "Somebody");
  // What its customer has come back to is the bot's again, and no part of a ticket that is over.
  const isOver = ticket.state === "resolved" && how !== "take_over";
  const fits = thread.ticket !== undefined && !isOver && moves[thread.control][how] !== undefined;
  return fits ? undefined : toStaff.notNow(ticket.state);
}
