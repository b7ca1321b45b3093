/**
 * The rows of `intents`: writes that wait to happen.
 *
 *   proposed ──confirm──▶ approved ──run──▶ running ──finish──▶ done
 *      │  └─confirm, above the limit─▶ awaiting_approval ──approve──▶ approved      └─fail──▶ failed
 *      └─decline─▶ declined             └─deny──▶ denied
 *   any of those that wait: ─expire─▶ expired, ─refuse─▶ refused (the policy, or the company's data, says no now)
 *
 * A state is only ever left by `moveIntent`, which succeeds once: two clicks, or two processes, cannot both have it.
 */
import { DeskError } from "../errors.ts";
import type { Reader, SqlValue, Transaction } from "../ledger.ts";
import type { ThreadId, UserId } from "../thread.ts";
import type { Preview } from "../tool.ts";

export type IntentState =
  | "proposed"
  | "awaiting_approval"
  | "approved"
  | "running"
  | "done"
  | "failed"
  | "declined"
  | "denied"
  | "expired"
  | "refused";

export type IntentMove =
  | "confirm"
  | "hold"
  | "decline"
  | "approve"
  | "deny"
  | "expire"
  | "refuse"
  | "run"
  | "finish"
  | "fail";

const moves: Readonly<Record<IntentState, Readonly<Partial<Record<IntentMove, IntentState>>>>> = {
  proposed: {
    confirm: "approved",
    hold: "awaiting_approval",
    decline: "declined",
    expire: "expired",
    refuse: "refused",
  },
  awaiting_approval: { approve: "approved", deny: "denied", expire: "expired", refuse: "refused" },
  approved: { run: "running", refuse: "refused", expire: "expired" },
  running: { run: "running", finish: "done", fail: "failed" },
  done: {},
  failed: {},
  declined: {},
  denied: {},
  expired: {},
  refused: {},
};

export type OkPreview = Extract<Preview, { ok: true }>;

export interface Intent {
  id: string;
  thread: ThreadId;
  turn: string;
  /** The account that asked for it, and alone confirms it. */
  opener: UserId;
  /** The customer it is for; empty for tools that need none. */
  customer: string;
  tool: string;
  input: unknown;
  preview: OkPreview;
  /** Of tool, customer, input and preview: what is confirmed and approved is exactly this. */
  hash: string;
  needsApproval: boolean;
  state: IntentState;
  /** The number staff know it by, once it has been put to them. */
  approval: number | undefined;
  approver: UserId | undefined;
  /** The inbox event that decided it last: the same event, dealt with again after a death, finds its own decision. */
  decidedBy: string | undefined;
  attempts: number;
  result: unknown;
  expiresAt: number;
}

export async function writeIntent(tx: Transaction, intent: Intent, now: number): Promise<void> {
  await tx.run(
    `INSERT INTO intents (id, thread, turn, opener, customer, tool, input, preview, hash, subject, amount_minor, currency,
       needs_approval, state, attempts, created_at, changed_at, expires_at)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, ?, ?, ?)`,
    intent.id,
    intent.thread,
    intent.turn,
    intent.opener,
    intent.customer,
    intent.tool,
    JSON.stringify(intent.input),
    JSON.stringify(intent.preview),
    intent.hash,
    intent.preview.subject,
    intent.preview.amount?.minor ?? null,
    intent.preview.amount?.currency ?? null,
    intent.needsApproval ? 1 : 0,
    intent.state,
    now,
    now,
    intent.expiresAt,
  );
}

export interface IntentChange {
  approver?: UserId;
  decidedBy?: string;
  expiresAt?: number;
  result?: unknown;
  /** Its run has moved nothing: it counts against no limit. */
  movedNothing?: boolean;
}

/**
 * @returns the intent in its new state; undefined when it has left its old one already
 * @throws DeskError thread_move for a move that the table does not have
 */
export async function moveIntent(
  tx: Transaction,
  intent: Intent,
  how: IntentMove,
  now: number,
  change: IntentChange = {},
): Promise<Intent | undefined> {
  const state = moves[intent.state][how];
  if (!state) throw new DeskError("thread_move", `an intent that is ${intent.state} cannot ${how}`);
  const changed = await tx.run(
    `UPDATE intents SET state = ?, changed_at = ?, attempts = attempts + ?, approver = COALESCE(?, approver),
       decided_by = COALESCE(?, decided_by), expires_at = COALESCE(?, expires_at), result = COALESCE(?, result),
       amount_minor = CASE WHEN ? = 1 THEN NULL ELSE amount_minor END WHERE id = ? AND state = ?`,
    state,
    now,
    how === "run" ? 1 : 0,
    change.approver ?? null,
    change.decidedBy ?? null,
    change.expiresAt ?? null,
    change.result === undefined ? null : JSON.stringify(change.result),
    change.movedNothing ? 1 : 0,
    intent.id,
    intent.state,
  );
  if (changed === 0) return undefined;
  return {
    ...intent,
    state,
    attempts: intent.attempts + (how === "run" ? 1 : 0),
    approver: change.approver ?? intent.approver,
    decidedBy: change.decidedBy ?? intent.decidedBy,
    expiresAt: change.expiresAt ?? intent.expiresAt,
    result: change.result ?? intent.result,
  };
}

/** The setting that holds the highest number of an approval that is not in the table: given by another copy. */
export const approvalsGiven = "approval_given_max";

/** The number under which staff find it; none that an approval has ever had. */
export async function numberApproval(tx: Transaction, id: string): Promise<number> {
  const row = await tx.get<{ approval: number }>(
    `UPDATE intents SET approval = (SELECT COALESCE(MAX(given.approval), 0) + 1 FROM (
       SELECT MAX(approval) AS approval FROM intents
       UNION ALL SELECT CAST(value AS BIGINT) FROM settings WHERE name = '${approvalsGiven}') AS given)
     WHERE id = ? AND approval IS NULL RETURNING approval`,
    id,
  );
  return Number(row?.approval);
}

export async function findIntent(tx: Reader, id: string): Promise<Intent | undefined> {
  return intentOf(await tx.get("SELECT * FROM intents WHERE id = ?", id));
}

export async function findApproval(tx: Reader, approval: number): Promise<Intent | undefined> {
  return intentOf(await tx.get("SELECT * FROM intents WHERE approval = ?", approval));
}

/** What a turn has asked of a tool so far; also before a death, when it is begun again. */
export async function askedInTurn(tx: Reader, turn: string, tool: string): Promise<Intent[]> {
  const rows = await tx.all("SELECT * FROM intents WHERE turn = ? AND tool = ? ORDER BY id", turn, tool);
  return rows.map((row) => intentOf(row) as Intent);
}

/** The first of these inbox events in whose turn something has been asked for already. */
export async function firstAsked(tx: Reader, events: readonly string[]): Promise<string | undefined> {
  for (const event of events) {
    if (await tx.get("SELECT 1 AS one FROM intents WHERE turn = ? LIMIT 1", `t_${event}`)) return event;
  }
  return undefined;
}

/** The same call in the same turn is one intent, however often the model makes it, or the turn is begun again. */
export async function sameInTurn(
  tx: Reader,
  of: { turn: string; tool: string; hash: string; subject: string },
): Promise<Intent | undefined> {
  return intentOf(
    await tx.get(
      `SELECT * FROM intents WHERE turn = ? AND tool = ?
         AND (hash = ? OR (subject = ? AND state IN ('approved', 'running', 'done'))) ORDER BY id LIMIT 1`,
      of.turn,
      of.tool,
      of.hash,
      of.subject,
    ),
  );
}

/** What an inbox event has decided already. */
export async function decidedBy(tx: Reader, event: string): Promise<Intent | undefined> {
  return intentOf(await tx.get("SELECT * FROM intents WHERE decided_by = ?", event));
}

/** The writes that an inbox event has led to: those it has decided on, and those asked for in its turn that nothing else has decided on. */
export async function writesOf(tx: Reader, event: string): Promise<Intent[]> {
  const rows = await tx.all(
    "SELECT * FROM intents WHERE decided_by = ? OR (turn = ? AND decided_by IS NULL) ORDER BY id",
    event,
    `t_${event}`,
  );
  return rows.map((row) => intentOf(row) as Intent);
}

/** An intent with this content that still waits or runs in this thread. */
export async function sameOpen(
  tx: Reader,
  thread: ThreadId,
  hash: string,
  now: number,
): Promise<Intent | undefined> {
  return intentOf(
    await tx.get(
      `SELECT * FROM intents WHERE thread = ? AND hash = ? AND (state IN ('approved', 'running')
         OR (state IN ('proposed', 'awaiting_approval') AND expires_at > ?)) ORDER BY id DESC LIMIT 1`,
      thread,
      hash,
      now,
    ),
  );
}

/** Writes of a thread that were decided or begun and of which nobody knows the end, but for those that staff have approved. */
export async function begunIn(tx: Reader, thread: ThreadId): Promise<Intent[]> {
  const rows = await tx.all(
    "SELECT * FROM intents WHERE thread = ? AND state IN ('approved', 'running') AND approval IS NULL ORDER BY id",
    thread,
  );
  return rows.map((row) => intentOf(row) as Intent);
}

/** The question is put again, in another turn, and stands as long as a new one. */
export async function askAgain(
  tx: Transaction,
  intent: Intent,
  asked: { turn: string; expiresAt: number },
  now: number,
): Promise<Intent> {
  await tx.run(
    "UPDATE intents SET turn = ?, expires_at = ?, changed_at = ? WHERE id = ? AND state = 'proposed'",
    asked.turn,
    asked.expiresAt,
    now,
    intent.id,
  );
  return { ...intent, ...asked };
}

/** The question was put in another thread of its customer: it belongs there from now on. Nothing else of it changes. */
export async function rebind(tx: Transaction, id: string, thread: ThreadId, hash: string): Promise<void> {
  await tx.run(
    "UPDATE intents SET thread = ?, hash = ? WHERE id = ? AND state = 'proposed'",
    thread,
    hash,
    id,
  );
}

/** Approvals that nobody has given in time. */
export async function overdueApprovals(tx: Reader, now: number): Promise<Intent[]> {
  const rows = await tx.all(
    "SELECT * FROM intents WHERE state = 'awaiting_approval' AND expires_at <= ?",
    now,
  );
  return rows.map((row) => intentOf(row) as Intent);
}

function intentOf(row: Record<string, SqlValue> | undefined): Intent | undefined {
  if (!row) return undefined;
  return {
    id: String(row.id),
    thread: String(row.thread),
    turn: String(row.turn),
    opener: String(row.opener),
    customer: String(row.customer),
    tool: String(row.tool),
    input: JSON.parse(String(row.input)) as unknown,
    preview: JSON.parse(String(row.preview)) as OkPreview,
    hash: String(row.hash),
    needsApproval: Number(row.needs_approval) === 1,
    state: row.state as IntentState,
    approval: row.approval == null ? undefined : Number(row.approval),
    approver: row.approver == null ? undefined : String(row.approver),
    decidedBy: row.decided_by == null ? undefined : String(row.decided_by),
    attempts: Number(row.attempts),
    result: row.result == null ? undefined : (JSON.parse(String(row.result)) as unknown),
    expiresAt: Number(row.expires_at),
  };
}
