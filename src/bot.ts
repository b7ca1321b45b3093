/**
 * The road every message takes.
 *
 *   platform ─▶ receive ─▶ inbox ─▶ lane of its thread ─▶ who has the thread?
 *               committed before       one turn              the bot ─▶ agent ─▶ outcome ─▶ one commit ─▶ sender
 *               it is acknowledged     at a time             a person ─▶ the desk relays
 */
import type { Desk } from "./desk/desk.ts";
import type { Service } from "./desk/service.ts";
import { codeOf } from "./errors.ts";
import type { Files } from "./files.ts";
import { authorOf, type Inbox } from "./inbox.ts";
import type { Intents } from "./intents/intents.ts";
import type { Control, Lanes, Next } from "./lanes.ts";
import { type Admitted, strikesMax } from "./ledger/inbox.ts";
import type { Thread } from "./ledger/threads.ts";
import type { Incoming } from "./message.ts";
import type { Reception } from "./reception.ts";
import type { Replies } from "./replies.ts";
import { tellAlso } from "./tell-also.ts";
import type { ThreadId } from "./thread.ts";
import type { Trouble } from "./trouble.ts";
import type { Turns } from "./turns.ts";

export interface BotParts {
  inbox: Inbox;
  files: Files;
  lanes: Pick<Lanes, "wake">;
  reception: Reception;
  intents: Intents;
  desk: Desk;
  service: Service;
  trouble: Trouble;
  turns: Turns;
  replies: Replies;
}

export function createBot({
  inbox,
  files,
  lanes,
  reception,
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

  /** The same for several: all of them, or none. */
  async function receiveAll(events: readonly Incoming[]): Promise<void> {
    const admitted = await inbox.takeAll(events);
    // Each lane once: a newer event does not make void what nobody has begun with.
    const newest = new Map(admitted.map(({ lane, event }) => [lane, event]));
    for (const [lane, event] of newest) lanes.wake(lane, inbox.mannerOf(event));
  }

  /** Takes what waits in a lane, oldest first. */
  async function run(lane: string, control: Control): Promise<Next> {
    const waiting = await inbox.waiting(lane);
    const first = waiting[0];
    if (!first) return "done";
    try {
      return (await deal(first, waiting, control)) ?? (waiting.length > 1 ? "more" : "done");
    } catch (error) {
      // Somebody took the thread meanwhile: what was done for it is void, and it is dealt with as it is now.
      if (codeOf(error) === "ledger_conflict") return "more";
      throw error;
    }
  }

  async function deal(
    first: Admitted,
    waiting: readonly Admitted[],
    control: Control,
  ): Promise<Next | undefined> {
    const { event } = first;
    if (first.strikes >= strikesMax) {
      // A company's program is asked once more, unless that is what we die of.
      await intents.giveUp(first.id, first.strikes === strikesMax);
      await trouble.park(first);
      return "more";
    }
    switch (event.kind) {
      case "message":
        return hear(await asked(inbox.burst(waiting)), waiting, control);
      case "action":
        if (event.thread && isCustomers(event)) {
          const known = await turns.find(event.thread);
          return known ? converse(known.id, [first], waiting, control) : desk.turnAway(first, event);
        }
        if (event.name.startsWith("intent.")) await intents.decide(first, event);
        else if (event.name === "feedback") await service.rate(first, event);
        else await desk.act(first, event);
        return undefined;
      case "edit":
      case "deletion":
      case "reaction":
        await desk.follow(first, event);
        return undefined;
      case "command":
      case "home":
        await service.serve(first, event);
        return undefined;
      case "trouble":
        await desk.warn(first, event);
        return undefined;
    }
  }

  /** A yes or no that has decided already is answered by itself: what was written since is the next turn's. */
  async function asked(burst: readonly Admitted[]): Promise<readonly Admitted[]> {
    const [first, newer] = burst;
    return first && newer && (await intents.hasDecided(first.id)) ? [first] : burst;
  }

  /** Somebody has written: their files are copied first. */
  async function hear(
    burst: readonly Admitted[],
    waiting: readonly Admitted[],
    control: Control,
  ): Promise<Next | undefined> {
    const said = await files.copied(burst, control.signal);
    const [first] = said;
    if (first?.event.kind !== "message") return undefined;
    const { message } = first.event;
    if (desk.hosts(message)) await desk.hear(first, message);
    else if (await desk.isStaffIn(message)) await desk.stepIn(first, message, []);
    else return converse(message.thread, said, waiting, control);
    return undefined;
  }

  /** A customer has written, or pressed a button of a question that was put to them. */
  async function converse(
    id: ThreadId,
    said: readonly Admitted[],
    waiting: readonly Admitted[],
    control: Control,
  ): Promise<Next | undefined> {
    const thread = await turns.threadOf(id);
    if (thread.control !== "taken_over" && (await aPersonAnswers(said, waiting))) return "more";
    switch (thread.control) {
      case "automated":
        return answer(thread, said, control);
      case "escalated":
      case "taken_over":
        await intents.handOver(id, idsOf(said));
        await desk.relay(thread, said);
        return undefined;
      case "resolved":
        await turns.reopen(thread);
        return "more";
    }
  }

  /** Staff have answered while the question still waits: theirs is the word, and the question goes to them. */
  async function aPersonAnswers(said: readonly Admitted[], waiting: readonly Admitted[]): Promise<boolean> {
    const known = new Set(said.map(authorOf));
    for (const one of waiting) {
      const { event } = one;
      if (event.kind !== "message" || known.has(authorOf(one))) continue;
      known.add(authorOf(one));
      if (!(await desk.isStaffIn(event.message))) continue;
      await desk.stepIn(one, event.message, said);
      return true;
    }
    return false;
  }

  /** The bot has the thread. */
  async function answer(
    thread: Thread,
    said: readonly Admitted[],
    control: Control,
  ): Promise<Next | undefined> {
    const afterMs = await reception.waitFor(thread, said);
    if (afterMs > 0) return { afterMs };
    const open = await turns.begin(thread, said, control);
    const show = replies.open(open);
    try {
      const outcome = await reception.answer(open, show);
      const whole = tellAlso(outcome, await intents.carryThrough(thread.id, idsOf(said)));
      replies.send(open, await turns.end(open, whole));
      if (outcome.goesTo) lanes.wake(outcome.goesTo.thread, { settle: false, supersede: false });
      return undefined;
    } catch (error) {
      await replies.abandon(open);
      throw error;
    }
  }

  return { receive, receiveAll, run };
}

const idsOf = (admitted: readonly Admitted[]): string[] => admitted.map((one) => one.id);

/** The buttons of a question to the customer; all others are staff's. */
function isCustomers(action: Extract<Incoming, { kind: "action" }>): boolean {
  return action.name === "intent.confirm" || action.name === "intent.cancel";
}
