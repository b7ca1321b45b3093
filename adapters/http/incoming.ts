/** A request as what it means to the desk. Pure. */
import type { Incoming, Person } from "../../src/message.ts";
import type { ThreadId } from "../../src/thread.ts";
import type { TokenCustomer } from "./customer-token.ts";
import type { Wish } from "./schemas.ts";
import { messageId, userOf } from "./thread-id.ts";

export interface Place {
  thread: ThreadId;
  by: Person;
  /** Unique over all runs; sorts by time behind the thread. */
  id: string;
  /** Milliseconds since 1970. */
  now: number;
  /** Under which the same request may come again. */
  key: string | undefined;
}

export function personOf(tenant: string, session: string, customer: TokenCustomer | undefined): Person {
  return {
    id: userOf(tenant, session, customer?.id),
    tenant,
    name: customer?.name ?? customer?.id ?? "customer",
    ...(customer ? { customer: customer.id } : {}),
    ...(customer?.locale ? { locale: customer.locale } : {}),
  };
}

export function incomingOf(wish: Wish, place: Place): Incoming {
  const id = messageId(place.thread, place.id);
  const keys: [string, ...string[]] = place.key === undefined ? [id] : [place.key, id];
  switch (wish.does) {
    case "say":
      return {
        kind: "message",
        keys,
        message: {
          id,
          thread: place.thread,
          channel: place.thread as string,
          author: place.by,
          // Half a surrogate pair has no place in UTF-8.
          text: wish.text.replace(/\p{Cs}/gu, "\uFFFD"),
          sentAt: place.now,
          order: place.id,
          visibility: "private",
          addressed: true,
          files: [],
        },
      };
    case "confirm":
    case "decline":
      return {
        kind: "action",
        keys,
        name: wish.does === "confirm" ? "intent.confirm" : "intent.cancel",
        value: wish.intent,
        interaction: id,
        // No message of ours holds a button here: the request itself stands for it, and is what the reply answers.
        message: id,
        by: place.by,
        channel: place.thread as string,
        thread: place.thread,
      };
  }
}
