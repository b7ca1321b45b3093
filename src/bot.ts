/**
 * The road every message takes.
 *
 *   platform ─▶ receive ─▶ inbox ─▶ lane of its thread ─▶ who has the thread?
 *               committed before       one turn              the bot ─▶ agent ─▶ outcome ─▶ one commit ─▶ sender
 *               it is acknowledged     at a time             a person ─▶ the desk relays
 */
import type { Agent } from "./agent/agent.ts";
import { wordsOfCustomer } from "./agent/toolbox.ts";
import type { Desk } from "./desk/desk.ts";
import type { Service } from "./desk/service.ts";
import { codeOf } from "./errors.ts";
import type { Inbox } from "./inbox.ts";
import type { Intents } from "./intents/intents.ts";
import type { Control, Lanes } from "./lanes.ts";
import { type Admitted, strikesMax } from "./ledger/inbox.ts";
import type { Incoming } from "./message.ts";
import type { Replies } from "./replies.ts";
import type { ThreadId } from "./thread.ts";
import type { Trouble } from "./trouble.ts";
import { outcomeOf, type Turns } from "./turns.ts";

export interface BotParts {
  inbox: Inbox;
  lanes: Lanes;
  agent: Agent;
  intents: Intents;
  desk: Desk;
  service: Service;
  trouble: Trouble;
  turns: Turns;
  replies: Replies;
}

export function createBot({
  inbox,
  lanes,
  agent,
  intents,
  desk,
  service,
  trouble,
  turns,
  replies,
}: BotParts) {
  /** Called by the adapters. When it resolves the event is durable, and the platform may be told so. */
  async function receive(event: Incoming): Promise<void> {
    const admitted = await inbox.take(event);
    if (admitted) lanes.wake(admitted.lane, inbox.mannerOf(event));
  }

  /** Takes what waits in a lane, oldest first. True: there may be more. */
  async function run(lane: string, control: Control): Promise<boolean> {
    const waiting = await inbox.waiting(lane);
    const first = waiting[0];
    if (!first) return false;
    if (first.strikes >= strikesMax) {
      await trouble.park(first);
      return true;
    }
    switch (first.event.kind) {
      case "message":
        if (desk.hosts(first.event.message)) await desk.hear(first, first.event.message);
        else await converse(lane, inbox.burst(waiting), control);
        break;
      case "edit":
      case "deletion":
      case "reaction":
        await desk.follow(first, first.event);
        break;
      case "action":
        if (isCustomers(first.event)) await converse(lane, [first], control);
        else if (first.event.name.startsWith("intent.")) await intents.decide(first, first.event);
        else await desk.act(first, first.event);
        break;
      case "command":
      case "home":
        await service.serve(first, first.event);
        break;
      case "trouble":
        await desk.warn(first, first.event);
        break;
    }
    return waiting.length > 1;
  }

  /** A customer has written. */
  async function converse(id: ThreadId, messages: readonly Admitted[], control: Control): Promise<void> {
    const thread = await turns.threadOf(id);
    switch (thread.control) {
      case "automated": {
        const open = await turns.begin(thread, messages, control);
        const show = replies.open(open);
        try {
          const settled = await intents.answer({ ...open.turn, said: wordsOfCustomer(open.turn) });
          const outcome = settled ? outcomeOf(settled, thread) : await agent.answer({ ...open.turn, show });
          replies.send(open, await turns.end(open, outcome));
        } catch (error) {
          await replies.abandon(open);
          // Somebody took the thread while the bot was thinking: what it thought is void, and the words are relayed.
          if (codeOf(error) !== "ledger_conflict") throw error;
          return converse(id, messages, control);
        }
        return;
      }
      case "escalated":
      case "taken_over":
        return desk.relay(thread, messages);
      case "resolved":
        await turns.reopen(thread);
        return converse(id, messages, control);
    }
  }

  return { receive, run };
}

/** The buttons of a question to the customer; all others are staff's. */
function isCustomers(action: Extract<Incoming, { kind: "action" }>): boolean {
  return action.name === "intent.confirm" || action.name === "intent.cancel";
}
