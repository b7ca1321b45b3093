/** Tells of a write outside of a turn: in the customer's thread, where the bot still speaks there, and to staff. */
import { markDone } from "../ledger/inbox.ts";
import type { Intent } from "../ledger/intents.ts";
import { enqueue, type OutboxRow } from "../ledger/outbox.ts";
import { advanceThread, findThread, type Thread } from "../ledger/threads.ts";
import { hasJournal, writeJournal, writeMessage } from "../ledger/transcript.ts";
import type { Transaction } from "../ledger.ts";
import { approvalCard } from "./approval-card.ts";
import type { CameOf } from "./came-of.ts";
import type { IntentsParts } from "./parts.ts";
import { wording } from "./wording.ts";

type TellParts = Pick<IntentsParts, "clock" | "channel" | "harmless">;
type TellBothParts = TellParts & Pick<IntentsParts, "callPerson">;

/**
 * Into the customer's thread, otherwise to the person who has it; and onto the approval's card. Of what broke, a person
 * is told as well: the customer is promised one.
 */
export async function tellBoth(
  tx: Transaction,
  parts: TellBothParts,
  intent: Intent,
  told: Pick<CameOf, "text" | "entries" | "broke"> & { event: string | undefined },
): Promise<OutboxRow[]> {
  const { clock, harmless } = parts;
  const rows: OutboxRow[] = [];
  const thread = await findThread(tx, intent.thread);
  if (thread) {
    const record = { turn: clock.id("t"), outcome: "approval", entries: told.entries };
    const staff = parts.harmless(wording.waitedFor(told.text));
    rows.push(await say(tx, parts, thread, record, { customer: told.text, staff }));
    if (told.broke !== undefined) rows.push(...(await parts.callPerson(tx, thread, intent)));
  }
  const channel = parts.channel();
  if (channel && intent.approval !== undefined) {
    const post = approvalCard(
      { ...intent, approval: intent.approval },
      thread?.openerName ?? "customer",
      harmless,
      harmless(told.text),
    );
    const send = { does: "edit" as const, copiesOf: `approval:${intent.approval}`, post };
    const lane = `approval:${intent.approval}`;
    rows.push(await enqueue(tx, clock, { lane, author: "desk", thread: intent.thread, send }));
  }
  if (told.event) await markDone(tx, [told.event]);
  return rows;
}

/**
 * What has come of a write whose turn will not tell it, because a person has the thread, or is about to: once, however
 * often this is done. While a person is awaited the customer reads it, and staff as well.
 */
export async function tellOnce(tx: Transaction, parts: TellParts, came: CameOf): Promise<OutboxRow[]> {
  const { intent, text, entries } = came;
  const record = { turn: `told_${intent.id}`, outcome: "write", entries };
  const thread = await findThread(tx, intent.thread);
  if (!thread || (await hasJournal(tx, record.turn))) return [];
  const speaks = thread.control !== "taken_over";
  const staff = parts.harmless(wording.begunBefore(intent.preview, text, speaks));
  const rows = [await say(tx, parts, thread, record, { customer: text, staff })];
  if (speaks && thread.control === "escalated") rows.push(await toTicket(tx, parts, thread, staff));
  return rows;
}

async function say(
  tx: Transaction,
  { clock, harmless }: TellParts,
  thread: Thread,
  record: { turn: string; outcome: string; entries: CameOf["entries"] },
  text: { customer: string; staff: string },
): Promise<OutboxRow> {
  const now = clock.now();
  const seq = await advanceThread(tx, thread, { count: 2, turn: false, now });
  const id = clock.id("o");
  await writeJournal(tx, thread.id, seq + 1, {
    ...record,
    specialist: thread.specialist ?? "",
    model: "none",
    tokens: { input: 0, output: 0 },
    startedAt: now,
    endedAt: now,
  });
  const speaks = thread.control !== "taken_over";
  const said = harmless(speaks ? text.customer : text.staff);
  const author = speaks ? "bot" : "note";
  await writeMessage(tx, thread.id, seq + 2, { id, author, text: said, turn: record.turn, at: now });
  if (!speaks) return toTicket(tx, { clock }, thread, said, id);
  return enqueue(tx, clock, {
    id,
    lane: thread.id,
    author: "bot",
    thread: thread.id,
    fence: thread.version,
    send: { does: "post", to: { thread: thread.id }, post: { text: said } },
  });
}

function toTicket(
  tx: Transaction,
  { clock }: Pick<TellParts, "clock">,
  { id: thread, ticket = 0 }: Thread,
  text: string,
  id = clock.id("o"),
): Promise<OutboxRow> {
  const send = { does: "post" as const, to: { ticket }, post: { text } };
  return enqueue(tx, clock, { id, lane: `ticket:${ticket}`, author: "desk", thread, send });
}
