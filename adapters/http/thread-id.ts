/**
 * Ids of the HTTP API. A tenant is an API key, a thread is a session: `http:TENANT:SESSION`; a message is
 * `http:TENANT:SESSION/ID`. A verified customer is one user in all sessions, an unverified one is only their session.
 */
import type { Clock } from "../../src/clock.ts";
import { type MessageId, platformOf, type ThreadId, type UserId } from "../../src/thread.ts";

export const platformName = "http";

/** The tenant of everybody where no API key is configured. */
export const openTenant = "open";

const sessionForm = /^[0-9A-Za-z_-]{1,64}$/;

/**
 * A session's id that nobody can guess: it is all that an unverified customer has to show. An id of the clock brings 32
 * random bits at its end; four of them are put together.
 */
export function newSession(clock: Clock): string {
  const chance = Array.from({ length: 3 }, () => clock.id("s").slice(-8));
  return `${clock.id("s")}${chance.join("")}`.slice(-64);
}

/** undefined: no session was ever called that. */
export function threadOf(tenant: string, session: string): ThreadId | undefined {
  return sessionForm.test(session) ? `${platformName}:${tenant}:${session}` : undefined;
}

export function isSession(thread: ThreadId): boolean {
  return platformOf(thread) === platformName && thread.split(":").length === 3;
}

export function messageId(thread: ThreadId, id: string): MessageId {
  return `${thread}/${id}`;
}

export function threadOfMessage(message: MessageId): ThreadId {
  return message.slice(0, message.lastIndexOf("/"));
}

/** A message's own id, without its thread. */
export function bareId(message: MessageId): string {
  return message.slice(message.lastIndexOf("/") + 1);
}

export function userOf(tenant: string, session: string, customer: string | undefined): UserId {
  const who = customer === undefined ? `session/${session}` : `customer/${encodeURIComponent(customer)}`;
  return `${platformName}:${tenant}:${who}`;
}
