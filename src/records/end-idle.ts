/** Conversations that nobody has gone on with: they are resolved without a word, and the next message begins anew. */
import { audit } from "../ledger/audit.ts";
import { hasUnsent, type OutboxRow } from "../ledger/outbox.ts";
import { findThread, moveThread } from "../ledger/threads.ts";
import { changeTicket, findTicket, type Ticket } from "../ledger/tickets.ts";
import type { Transaction } from "../ledger.ts";
import type { ThreadId } from "../thread.ts";
import type { Work } from "./pieces.ts";
import { walk } from "./walk.ts";

export interface EndParts {
  /** The card of a ticket that has come to its end, as it should look now. */
  cardOf?(tx: Transaction, ticket: Ticket): Promise<OutboxRow[]>;
  push?(rows: readonly OutboxRow[]): void;
}

/** Only what the bot has: what waits for a person goes on waiting. */
export async function endIdleThreads(work: Work, parts: EndParts): Promise<number> {
  const { ledger, signal, before } = work;
  let ended = 0;
  const sql = "SELECT id, control, active_at FROM threads WHERE id > ? ORDER BY id LIMIT ?";
  for await (const rows of walk<{ id: string; control: string; active_at: number }>(ledger, sql)) {
    for (const { id, control, active_at } of rows) {
      if (control !== "automated" || active_at >= before) continue;
      signal?.throwIfAborted();
      const cards = await ledger.write((tx) => endThread(tx, work, parts, id));
      if (!cards) continue;
      parts.push?.(cards);
      ended += 1;
    }
  }
  return ended;
}

/** undefined: somebody has written meanwhile, or something is still on its way to them. */
async function endThread(
  tx: Transaction,
  { clock, before }: Work,
  parts: EndParts,
  id: ThreadId,
): Promise<OutboxRow[] | undefined> {
  const row = await tx.get<{ active_at: number }>("SELECT active_at FROM threads WHERE id = ?", id);
  const thread = await findThread(tx, id);
  if (!row || !thread || row.active_at >= before || thread.control !== "automated") return undefined;
  if (await tx.get("SELECT id FROM inbox WHERE lane = ? AND state = 'waiting'", id)) return undefined;
  if (await hasUnsent(tx, id)) return undefined;
  await moveThread(tx, thread, "resolve");
  await tx.run("UPDATE threads SET turns = 0, specialist = NULL WHERE id = ?", id);
  await audit(tx, clock, { actor: "desk", action: "thread.ended", subject: "idle", thread: id });
  const ticket = thread.ticket === undefined ? undefined : await findTicket(tx, thread.ticket);
  if (!ticket || ticket.state === "resolved") return [];
  const resolved = await changeTicket(tx, ticket, { state: "resolved", assignee: "none" }, clock.now());
  return (await parts.cardOf?.(tx, resolved)) ?? [];
}
