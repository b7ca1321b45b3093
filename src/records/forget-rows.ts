/**
 * What becomes of a thread's rows when its customer is forgotten. What was said and shown is deleted. What was done
 * stays, without who and whom: the row of a write with its tool, amount and time, so that limits go on counting it, and
 * the row of the audit.
 */
import type { Clock } from "../clock.ts";
import { isPseudonym, type Pseudonym } from "../ledger/pseudonyms.ts";
import { deleteTicket } from "../ledger/tickets.ts";
import type { Transaction } from "../ledger.ts";
import type { ThreadId, UserId } from "../thread.ts";

export interface ForgetParts {
  pseudonym: Pseudonym;
  /** Whose deeds lose their name, too. */
  isTheirs(actor: string): boolean;
  clock: Clock;
}

/** People's ids have a colon; `bot`, `desk`, `operator` and pseudonyms of the ledger's own have no name to lose. */
export const isPerson = (actor: string): boolean => actor.includes(":") && !isPseudonym(actor);

/** How many rows are gone; of audit and writes, how many have lost their name. */
export interface Forgotten {
  threads: number;
  messages: number;
  turns: number;
  tickets: number;
  writes: number;
  posts: number;
  audit: number;
}

export const nothingForgotten = (): Forgotten => ({
  threads: 0,
  messages: 0,
  turns: 0,
  tickets: 0,
  writes: 0,
  posts: 0,
  audit: 0,
});

/** Everything that hangs on a thread, and the thread. */
export async function forgetThread(
  tx: Transaction,
  parts: ForgetParts,
  thread: ThreadId,
): Promise<Forgotten> {
  const done = nothingForgotten();
  done.messages = await tx.run("DELETE FROM messages WHERE thread = ?", thread);
  done.turns = await tx.run("DELETE FROM journal WHERE thread = ?", thread);
  done.posts = await tx.run("DELETE FROM outbox WHERE thread = ?", thread);
  await tx.run("DELETE FROM inbox WHERE lane = ? AND state = 'waiting'", thread);
  const tickets = await tx.all<{ number: number }>("SELECT number FROM tickets WHERE thread = ?", thread);
  for (const { number } of tickets) await deleteTicket(tx, Number(number), parts.clock.now());
  done.tickets = tickets.length;
  const writes = await tx.all<{ id: string }>("SELECT id FROM intents WHERE thread = ?", thread);
  for (const { id } of writes) await forgetWrite(tx, parts, id);
  done.writes = writes.length;
  const deeds = await tx.all<AuditRow>(`SELECT ${auditColumns} FROM audit WHERE thread = ?`, thread);
  for (const row of deeds) await forgetDeed(tx, parts, row);
  done.audit = deeds.length;
  done.threads = await tx.run("DELETE FROM threads WHERE id = ?", thread);
  return done;
}

interface WriteRow {
  thread: string;
  turn: string;
  opener: string;
  customer: string;
  tool: string;
  hash: string;
  subject: string;
  state: string;
  approval: number | null;
  approver: string | null;
}

/**
 * Nothing of a write is kept that has moved nothing and was put to nobody. What still waits will not happen; what is in
 * doubt counts as failed.
 */
export async function forgetWrite(tx: Transaction, parts: ForgetParts, id: string): Promise<void> {
  const row = await tx.get<WriteRow>(
    "SELECT thread, turn, opener, customer, tool, hash, subject, state, approval, approver FROM intents WHERE id = ?",
    id,
  );
  if (!row) return;
  const tried = ["done", "failed", "running"].includes(row.state);
  if (!tried && row.approval === null) {
    await tx.run("DELETE FROM intents WHERE id = ?", id);
    return;
  }
  const { pseudonym } = parts;
  const subject = pseudonym(row.subject);
  const over = ["proposed", "awaiting_approval", "approved"].includes(row.state) ? "refused" : row.state;
  await tx.run(
    `UPDATE intents SET thread = ?, turn = ?, opener = ?, customer = ?, input = '{}', preview = ?, hash = ?,
       subject = ?, state = ?, approver = ?, decided_by = NULL, result = NULL WHERE id = ?`,
    pseudonym(row.thread),
    pseudonym(row.turn),
    pseudonym(row.opener),
    pseudonym(row.customer),
    JSON.stringify({ ok: true, subject, text: "" }),
    pseudonym(row.hash),
    subject,
    over === "running" ? "failed" : over,
    row.approver !== null && parts.isTheirs(row.approver) ? pseudonym(row.approver) : row.approver,
    id,
  );
}

export interface AuditRow {
  id: string;
  actor: string;
  action: string;
  subject: string;
  thread: string | null;
  turn: string | null;
  detail: string;
}

export const auditColumns = "id, actor, action, subject, thread, turn, detail";

/** A deed in a thread of theirs, or one that names them: what was done and how much stays. */
export async function forgetDeed(tx: Transaction, parts: ForgetParts, row: AuditRow): Promise<void> {
  const { pseudonym } = parts;
  await tx.run(
    "UPDATE audit SET actor = ?, subject = ?, thread = ?, turn = ?, detail = ? WHERE id = ?",
    parts.isTheirs(row.actor) ? pseudonym(row.actor) : row.actor,
    subjectOf(row, pseudonym),
    row.thread === null ? null : pseudonym(row.thread),
    row.turn === null ? null : pseudonym(row.turn),
    JSON.stringify(factsOf(row.detail)),
    row.id,
  );
}

/** A deed of theirs in somebody else's thread: it keeps all but its name. */
export async function forgetDoer(
  tx: Transaction,
  { pseudonym }: ForgetParts,
  id: string,
  actor: UserId,
): Promise<void> {
  await tx.run("UPDATE audit SET actor = ? WHERE id = ?", pseudonym(actor), id);
}

/** Kinds of outcome, ratings and the desk itself are nobody's. */
const plainSubjects = new Set([
  "turn.ended",
  "feedback.given",
  "thread.ended",
  "desk.paused",
  "desk.unpaused",
]);

/** A write keeps the name of its tool. */
function subjectOf({ action, subject }: AuditRow, pseudonym: Pseudonym): string {
  if (plainSubjects.has(action)) return subject;
  const [, tool, rest] = /^(\w{1,64})(?: (.+))?$/s.exec(subject) ?? [];
  if (!action.startsWith("intent.") || !tool) return pseudonym(subject);
  return rest ? `${tool} ${pseudonym(rest)}` : tool;
}

/** Texts whose words are the desk's own. */
const plainFacts = new Set(["currency", "priority", "queue", "method"]);

function factsOf(detail: string): Record<string, unknown> {
  const facts = Object.entries(JSON.parse(detail) as Record<string, unknown>);
  return Object.fromEntries(
    facts.filter(
      ([name, value]) => typeof value === "number" || typeof value === "boolean" || plainFacts.has(name),
    ),
  );
}
