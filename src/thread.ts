/**
 * A thread is one conversation: the unit of memory, of order and of control.
 *
 * Who has a thread is one of four states:
 *
 *   automated   the bot answers
 *   escalated   the bot has asked for a person; nobody has come yet, the bot only relays
 *   taken_over  a person has it; the bot says nothing and does nothing until hand-back
 *   resolved    finished; the customer's next message reopens it
 *
 * A transfer puts it before other staff: nobody has it until one of them comes.
 *
 * `moves` is the only list of changes between them; `move` throws on any other.
 */

/** Opaque outside its adapter, e.g. `slack:T1:C2:1712.3`; begins with the platform's name and a colon. */
export type ThreadId = string & { readonly __brand?: "ThreadId" };
/** A place that holds threads or messages, e.g. `slack:T1:C2`; begins with the platform's name and a colon. */
export type ChannelId = string & { readonly __brand?: "ChannelId" };
/** One account on one platform in one tenant, e.g. `discord:0:80351110224678912`. Never a customer's id. */
export type UserId = string & { readonly __brand?: "UserId" };
/** One posted or received message, unique over all platforms. */
export type MessageId = string & { readonly __brand?: "MessageId" };

export type Control = "automated" | "escalated" | "taken_over" | "resolved";
export type Move = "escalate" | "take_over" | "transfer" | "hand_back" | "resolve" | "reopen";

export const moves: Readonly<Record<Control, Readonly<Partial<Record<Move, Control>>>>> = {
  automated: { escalate: "escalated", take_over: "taken_over", transfer: "escalated", resolve: "resolved" },
  escalated: { take_over: "taken_over", transfer: "escalated", hand_back: "automated", resolve: "resolved" },
  taken_over: { take_over: "taken_over", transfer: "escalated", hand_back: "automated", resolve: "resolved" },
  resolved: { reopen: "automated", take_over: "taken_over" },
};

/** The state after a move. @throws RangeError when the table has no such move. */
export function move(from: Control, how: Move): Control {
  const to = moves[from][how];
  if (!to) throw new RangeError(`a thread that is ${from} cannot ${how}`);
  return to;
}

/** The platform's name in any of the ids above: what stands before the first colon. */
export function platformOf(id: ThreadId | ChannelId | UserId | MessageId): string {
  return id.slice(0, id.indexOf(":"));
}
