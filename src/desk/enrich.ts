/**
 * A ticket is opened at once, with what rules can say. A moment later a model has read the conversation, and what it says
 * better is written into the ticket, and its card shows it: the ask, a summary, what it is about, the mood; the queue
 * only where nobody has named one or chosen another, and nobody has taken the ticket.
 *
 * All of it happens in the background, and nothing waits for it: a process that dies leaves the ticket as rules have it.
 * So does a model that has just failed, and a conversation that no model has had a part in.
 */
import type { Clock } from "../clock.ts";
import type { TranscriptItem } from "../language-model.ts";
import { audit } from "../ledger/audit.ts";
import { historyOf } from "../ledger/history.ts";
import type { OutboxRow } from "../ledger/outbox.ts";
import { findThread } from "../ledger/threads.ts";
import { changeTicket, findTicket, type Ticket } from "../ledger/tickets.ts";
import { modelSpokeIn } from "../ledger/transcript.ts";
import type { Ledger, Reader, Transaction } from "../ledger.ts";
import type { Log } from "../log.ts";
import type { ChannelId } from "../thread.ts";
import { enqueueCard } from "./open-ticket.ts";
import type { Route, Routing } from "./routing.ts";

export interface EnrichmentParts {
  ledger: Ledger;
  routing: Routing;
  channel(): ChannelId | undefined;
  queues: readonly string[];
  push(rows: readonly OutboxRow[]): void;
  clock: Clock;
  log: Log;
}

export interface Enrichment {
  /** Committed rows, as they go to the sender: those with a card say which tickets may want it. */
  notice(rows: readonly OutboxRow[]): void;
  /** Resolves when nothing is under way. */
  idle(): Promise<void>;
  /** Aborts what is under way. */
  close(): Promise<void>;
}

/** At once, and waiting; what is too much is left as rules have it. */
const runningMax = 2;
const waitingMax = 100;
const itemsMax = 40;
const askedMax = 1_000;

export function createEnrichment(parts: EnrichmentParts): Enrichment {
  const { ledger, log } = parts;
  const waiting = new Set<number>();
  const running = new Map<number, Promise<void>>();
  const closing = new AbortController();
  /** The words of the customer with which a ticket was last asked about: nobody asks twice, whatever came of it. */
  const asked = new Map<number, string>();

  function notice(rows: readonly OutboxRow[]): void {
    for (const { send } of rows) {
      if (send.does !== "card" || waiting.size >= waitingMax || closing.signal.aborted) continue;
      waiting.add(send.ticket);
    }
    advance();
  }

  function advance(): void {
    for (const number of waiting) {
      if (running.size >= runningMax || closing.signal.aborted) return;
      // A card that comes while its ticket is read again is looked at afterwards.
      if (running.has(number)) continue;
      waiting.delete(number);
      const work = enrich(number).finally(() => {
        running.delete(number);
        advance();
      });
      running.set(number, work);
    }
  }

  /** Never throws. */
  async function enrich(number: number): Promise<void> {
    try {
      const seen = await ledger.read((tx) => conversationOf(tx, number));
      if (!seen || asked.get(number) === seen.ticket.brief.lastWords) return;
      if (asked.size >= askedMax) asked.delete(asked.keys().next().value ?? 0);
      asked.set(number, seen.ticket.brief.lastWords);
      const route = await parts.routing.route(seen.conversation, {}, closing.signal);
      if (route.by === "rules") return;
      parts.push(await ledger.write((tx) => enrichTicket(tx, parts, seen.ticket, route)));
    } catch (error) {
      if (!closing.signal.aborted) log.warn("ticket.not_enriched", { ticket: number, error });
    }
  }

  async function idle(): Promise<void> {
    while (running.size > 0) await Promise.all(running.values());
  }

  return {
    notice,
    idle,
    async close() {
      closing.abort(new Error("the desk is stopping"));
      waiting.clear();
      await idle();
    },
  };
}

/** A ticket that nobody has told the story of yet, with its conversation. */
async function conversationOf(
  tx: Reader,
  number: number,
): Promise<{ ticket: Ticket; conversation: string } | undefined> {
  const ticket = await findTicket(tx, number);
  if (!ticket || ticket.state === "resolved" || ticket.brief.summary !== undefined) return undefined;
  if (ticket.brief.modelDown) return undefined;
  const thread = await findThread(tx, ticket.thread);
  if (!thread || !(await modelSpokeIn(tx, thread.id, thread.since))) return undefined;
  const items = await historyOf(tx, thread.id, itemsMax, thread.since);
  const lines = items.flatMap(({ item }) => lineOf(item) ?? []);
  // What was asked for by a command is no message.
  if (lines.length === 0) lines.push(`Customer: ${flat(ticket.brief.lastWords)}`);
  return { ticket, conversation: lines.join("\n") };
}

function lineOf(item: TranscriptItem): string | undefined {
  switch (item.role) {
    case "customer":
      return `Customer: ${flat(item.text)}`;
    case "bot":
      return `Bot: ${flat(item.text)}`;
    case "staff":
      return `Staff: ${flat(item.text)}`;
    case "note":
    case "calls":
    case "result":
      return undefined;
  }
}

const flat = (text: string): string => text.replace(/\s+/g, " ").trim();

/**
 * @param seen the ticket as it was when its conversation was read
 * @returns the card's row; none when the ticket is another by now: resolved, erased, asked for again
 */
async function enrichTicket(
  tx: Transaction,
  parts: Pick<EnrichmentParts, "channel" | "queues" | "clock">,
  seen: Ticket,
  route: Route,
): Promise<OutboxRow[]> {
  const { clock } = parts;
  const ticket = await findTicket(tx, seen.number);
  if (!ticket || ticket.state === "resolved" || ticket.brief.summary !== undefined) return [];
  if (ticket.brief.lastWords !== seen.brief.lastWords || ticket.thread !== seen.thread) return [];
  const mayMove = ticket.state === "open" && ticket.queue === ticket.brief.ruledQueue;
  const { ask, category, sentiment, language } = route;
  const change = {
    ask,
    language,
    queue: mayMove ? route.queue : ticket.queue,
    brief: {
      ...ticket.brief,
      category,
      sentiment,
      ...(route.summary === undefined ? {} : { summary: route.summary }),
    },
  };
  const enriched = await changeTicket(tx, ticket, change, clock.now());
  await audit(tx, clock, {
    actor: "bot",
    action: "ticket.enriched",
    subject: String(ticket.number),
    thread: ticket.thread,
    detail: { queue: enriched.queue, sentiment },
  });
  return enqueueCard(tx, parts, enriched);
}
