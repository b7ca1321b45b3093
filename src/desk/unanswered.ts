/** What a customer had asked and the bot was about to answer when a person came; and what that would have told of a write. */
import type { Clock } from "../clock.ts";
import { isCopied } from "../ledger/copies.ts";
import type { Admitted } from "../ledger/inbox.ts";
import type { OutboxRow } from "../ledger/outbox.ts";
import { wordsOfQuestion } from "../ledger/questions.ts";
import type { Thread } from "../ledger/threads.ts";
import type { Ticket } from "../ledger/tickets.ts";
import { type Asked, askedBefore, toldOfWrites } from "../ledger/transcript.ts";
import type { Transaction } from "../ledger.ts";
import type { ChannelId } from "../thread.ts";
import { postOf } from "./files.ts";
import { toStaff } from "./notices.ts";
import { enqueueForTicket, type ToStaffParts } from "./open-ticket.ts";

export interface UnansweredParts {
  channel(): ChannelId | undefined;
  filesFolder: string;
  clock: Clock;
}

/**
 * The replies will never be shown, so whoever has the ticket now sees the questions: nobody else is going to answer them.
 * @param replies outbox ids of replies that were cancelled
 */
export async function relayUnanswered(
  tx: Transaction,
  parts: UnansweredParts,
  ticket: Pick<Ticket, "number" | "thread">,
  replies: readonly string[],
): Promise<OutboxRow[]> {
  if (!parts.channel()) return [];
  const rows: OutboxRow[] = [];
  for (const reply of replies) {
    rows.push(...(await relayAsked(tx, parts, ticket, await askedBefore(tx, reply))));
    rows.push(...(await relayUntold(tx, parts, ticket, [reply])));
  }
  return rows;
}

/** What a customer has asked, for staff to read in the ticket's thread, each message once. */
export async function relayAsked(
  tx: Transaction,
  parts: UnansweredParts,
  ticket: Pick<Ticket, "number" | "thread">,
  messages: readonly Asked[],
): Promise<OutboxRow[]> {
  if (!parts.channel()) return [];
  const rows: OutboxRow[] = [];
  for (const asked of messages) {
    if (await isCopied(tx, asked.id)) continue;
    rows.push(
      await enqueueForTicket(tx, parts.clock, ticket, {
        author: "customer",
        source: asked.id,
        send: {
          does: "post",
          to: { ticket: ticket.number },
          post: { ...postOf(asked, parts.filesFolder), as: asked.name },
        },
      }),
    );
  }
  return rows;
}

/** The customer will not read there what came of a write in their name: staff are shown what they would have read. */
export async function relayUntold(
  tx: Transaction,
  parts: ToStaffParts,
  ticket: Pick<Ticket, "number" | "thread">,
  replies: readonly string[],
): Promise<OutboxRow[]> {
  if (!parts.channel()) return [];
  const rows: OutboxRow[] = [];
  for (const reply of replies) {
    const text = await toldOfWrites(tx, reply);
    if (text === undefined || (await isCopied(tx, reply))) continue;
    const post = { text: toStaff.untold(text) };
    const send = { does: "post" as const, to: { ticket: ticket.number }, post };
    rows.push(await enqueueForTicket(tx, parts.clock, ticket, { author: "desk", source: reply, send }));
  }
  return rows;
}

/** A customer has pressed the button of a question that the bot had put to them: as good as a word. */
export async function relayPresses(
  tx: Transaction,
  parts: ToStaffParts,
  thread: Thread,
  admitted: readonly Admitted[],
): Promise<OutboxRow[]> {
  const rows: OutboxRow[] = [];
  for (const { event } of admitted) {
    if (event.kind !== "action" || thread.ticket === undefined || !parts.channel()) continue;
    const asked = await wordsOfQuestion(tx, thread.id, event.value);
    const post = { text: toStaff.pressed(event.name === "intent.confirm", asked), as: event.by.name };
    const send = { does: "post" as const, to: { ticket: thread.ticket }, post };
    const ticket = { number: thread.ticket, thread: thread.id };
    rows.push(await enqueueForTicket(tx, parts.clock, ticket, { author: "customer", send }));
  }
  return rows;
}
