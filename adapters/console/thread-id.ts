/** Ids of the console: `console:local:NAME` for a customer's thread, `console:local:desk` and its tickets' threads for staff. */
import type { ChannelId, ThreadId, UserId } from "../../src/thread.ts";

const prefix = "console:local:";

export const deskChannel: ChannelId = `${prefix}desk`;
export const staffUser: UserId = `${prefix}staff`;

/** The thread of a name given with --thread: the name itself or the whole id. */
export function customerThread(name: string): ThreadId {
  return name.startsWith(prefix) ? name : `${prefix}${name}`;
}

export function customerUser(customer: string | undefined): UserId {
  return `${prefix}${customer === undefined ? "customer" : `as/${customer}`}`;
}

export function ticketThread(number: string): ThreadId {
  return `${deskChannel}/${number}`;
}

/** Whether an id is on the staff's side. */
export function isDesk(id: ThreadId | ChannelId): boolean {
  return id === deskChannel || id.startsWith(`${deskChannel}/`);
}
