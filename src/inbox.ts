/** The way in: one commit per event, before the platform is told that we have it. */
import type { Clock } from "./clock.ts";
import type { Manner } from "./crew.ts";
import {
  type Admitted,
  admit,
  amendWaiting,
  markDone,
  strikesAlone,
  waitingIn,
  withdrawWaiting,
} from "./ledger/inbox.ts";
import { findThread, openThread } from "./ledger/threads.ts";
import type { Ledger, Transaction } from "./ledger.ts";
import type { Incoming, Message } from "./message.ts";
import { redact } from "./redaction/redact.ts";
import type { ChannelId, UserId } from "./thread.ts";

export interface InboxParts {
  ledger: Ledger;
  /** The human channel: who writes there is not a customer. */
  deskChannel(): ChannelId | undefined;
  /** Longer messages are cut, and say so. */
  messageCharactersMax: number;
  /** Platforms where each message has its own reply. */
  turnPerMessage(lane: string): boolean;
  clock: Clock;
}

/** A backlog is taken in pieces, and a turn is made of so many messages at most. */
const waitingMax = 200;

export type Inbox = ReturnType<typeof createInbox>;

export function createInbox(parts: InboxParts) {
  const { ledger, clock } = parts;

  /** Resolves when the event is durable; undefined when it has been here before, or is nothing for the desk. */
  async function take(event: Incoming): Promise<Admitted | undefined> {
    const [admitted] = await takeAll([event]);
    return admitted;
  }

  /** Resolves when all are durable, to those that are new and for the desk; rejects when none is. */
  function takeAll(events: readonly Incoming[]): Promise<Admitted[]> {
    const clean = events.map((event) => cleanEvent(event, parts.messageCharactersMax));
    return ledger.write(async (tx) => {
      const all: Admitted[] = [];
      for (const event of clean) {
        const admitted = await takeIn(tx, event);
        if (admitted) all.push(admitted);
      }
      return all;
    });
  }

  async function takeIn(tx: Transaction, event: Incoming): Promise<Admitted | undefined> {
    const words = event.kind === "message" || event.kind === "edit" ? event.message : undefined;
    if (words && !(await concernsDesk(tx, words))) return undefined;
    const admitted = await admit(tx, laneOf(event), event, clock);
    if (!admitted) return undefined;
    if (event.kind === "message" && event.message.channel !== parts.deskChannel()) {
      await openThread(tx, event.message, clock.now());
    }
    await changeQuestion(tx, admitted);
    return admitted;
  }

  /** Who does not speak to the bot goes on with a conversation that it is in, or talks to others: of that nothing is kept. */
  async function concernsDesk(tx: Transaction, { addressed, channel, thread }: Message): Promise<boolean> {
    return addressed || channel === parts.deskChannel() || (await findThread(tx, thread)) !== undefined;
  }

  /** An edit or a deletion before the answer changes the question itself. */
  async function changeQuestion(tx: Transaction, { id, event }: Admitted): Promise<void> {
    const changed =
      (event.kind === "edit" && (await amendWaiting(tx, event.message))) ||
      (event.kind === "deletion" && (await withdrawWaiting(tx, event.message)));
    if (changed) await markDone(tx, [id]);
  }

  /** The first of what waits; when that has been dealt with, there may be more. */
  const waiting = (lane: string): Promise<Admitted[]> => ledger.read((tx) => waitingIn(tx, lane, waitingMax));

  /** The messages at the head of what waits that become one turn: of one person, up to the next thing that they do. */
  function burst(all: readonly Admitted[]): Admitted[] {
    const messages: Admitted[] = [];
    for (const one of all) {
      const { event } = one;
      if (follows(event)) continue;
      const [first] = messages;
      if (event.kind !== "message" || (first && authorOf(first) !== event.message.author.id)) break;
      messages.push(one);
      if (parts.turnPerMessage(one.lane) || one.strikes >= strikesAlone) break;
    }
    return messages;
  }

  /** A customer's messages gather for a moment, and a newer one makes the answer to the older void. */
  function mannerOf(event: Incoming): Manner {
    const gathers =
      (event.kind === "message" || event.kind === "edit" || event.kind === "deletion") &&
      !parts.turnPerMessage(laneOf(event)) &&
      (event.kind === "deletion" ? event.channel : event.message.channel) !== parts.deskChannel();
    return { settle: gathers, supersede: gathers };
  }

  return { take, takeAll, waiting, burst, mannerOf };
}

/** What only changes earlier messages, and is dealt with in its own time. */
const follows = ({ kind }: Incoming): boolean =>
  kind === "edit" || kind === "deletion" || kind === "reaction";

/** Undefined for what is no message. */
export const authorOf = ({ event }: Admitted): UserId | undefined =>
  event.kind === "message" ? event.message.author.id : undefined;

/** Where an event waits its turn: its thread; what belongs to none, its person or place. */
export function laneOf(event: Incoming): string {
  switch (event.kind) {
    case "message":
    case "edit":
      return event.message.thread;
    case "deletion":
    case "reaction":
      return event.thread;
    case "action":
      return event.thread ?? event.channel;
    case "command":
    case "home":
      return event.by.id;
    case "trouble":
      return event.thread ?? event.channel ?? "trouble";
  }
}

/**
 * No message is longer than the limit, none holds control characters, and what nobody should have pasted, keys and
 * cards, is taken out before anything is kept.
 */
function cleanEvent(event: Incoming, max: number): Incoming {
  switch (event.kind) {
    case "message":
    case "edit":
      return { ...event, message: cleanMessage(event.message, max) };
    case "command": {
      const { about } = event;
      return {
        ...event,
        // The long number of an account is no card.
        text: /^\s*transfer\b/i.test(event.text) ? event.text.slice(0, max) : cleanText(event.text, max),
        ...(about ? { about: cleanMessage(about, max) } : {}),
      };
    }
    case "action": {
      const { reason } = event;
      return reason === undefined ? event : { ...event, reason: cleanText(reason, max) };
    }
    case "deletion":
    case "home":
    case "reaction":
    case "trouble":
      return event;
  }
}

function cleanMessage(message: Message, max: number): Message {
  const files = message.files.map((file) => ({ ...file, name: redact(file.name).text }));
  return { ...message, text: cleanText(message.text, max), files };
}

/** Of what is longer than that, and than what is taken, the rest is not even looked at. */
const redactedMax = 100_000;

function cleanText(text: string, max: number): string {
  const plain = text.replace(/[\u0000-\u0008\u000B-\u001F\u007F-\u009F\u202A-\u202E\u2066-\u2069]/g, "");
  // Redacted first: half a key at the end of what is cut would pass for none.
  const looked = plain.slice(0, Math.max(max, redactedMax));
  const { text: clean } = redact(looked);
  if (clean.length <= max && looked.length === plain.length) return clean;
  // Half a character is none, and servers of models refuse it.
  const kept = clean.slice(0, max).replace(/\p{Cs}$/u, "");
  return `${kept}\n[cut: ${text.length - kept.length} characters more]`;
}
