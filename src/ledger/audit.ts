/** The rows of `audit`: one for each effect, never changed. */
import type { Clock } from "../clock.ts";
import type { Reader, Transaction } from "../ledger.ts";
import type { ThreadId } from "../thread.ts";

export interface Deed {
  /** `bot`, `desk`, or the UserId of a person. */
  actor: string;
  /** `noun.verb` */
  action: string;
  /** What it was done to: a tool's name, a ticket's number, a message. */
  subject: string;
  thread?: ThreadId;
  turn?: string;
  /** Facts without customers' texts. */
  detail?: Record<string, unknown>;
}

export async function audit(tx: Transaction, clock: Clock, deed: Deed): Promise<void> {
  await tx.run(
    "INSERT INTO audit (id, at, actor, action, subject, thread, turn, detail) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
    clock.id("au"),
    clock.now(),
    deed.actor,
    deed.action,
    deed.subject,
    deed.thread ?? null,
    deed.turn ?? null,
    JSON.stringify(deed.detail ?? {}),
  );
}

/** Everything that was done in a thread, oldest first. */
export async function auditOf(tx: Reader, thread: ThreadId): Promise<(Deed & { at: number })[]> {
  const rows = await tx.all<{
    at: number;
    actor: string;
    action: string;
    subject: string;
    turn: string | null;
    detail: string;
  }>("SELECT at, actor, action, subject, turn, detail FROM audit WHERE thread = ? ORDER BY id", thread);
  return rows.map(({ turn, detail, ...row }) => ({
    ...row,
    thread,
    ...(turn === null ? {} : { turn }),
    detail: JSON.parse(detail) as Record<string, unknown>,
  }));
}
