/** How rows of the ledger read in an export: names written out, times in ISO 8601, JSON as JSON. Pure. */
import type { Row, SqlValue } from "../ledger.ts";

export const iso = (ms: SqlValue | undefined): string | null =>
  ms === null || ms === undefined ? null : new Date(Number(ms)).toISOString();

export const parsed = (json: SqlValue | undefined): unknown =>
  typeof json === "string" ? (JSON.parse(json) as unknown) : null;

export function messageOf(row: Row): Record<string, unknown> {
  return {
    id: row.id,
    at: iso(row.at),
    from: row.author,
    name: row.by_name,
    text: row.text,
    sources: parsed(row.sources) ?? [],
    files: parsed(row.files) ?? [],
    edited_at: iso(row.edited_at),
    deleted_at: iso(row.deleted_at),
  };
}

export function turnOf(row: Row): Record<string, unknown> {
  return {
    turn: row.turn,
    started_at: iso(row.started_at),
    ended_at: iso(row.ended_at),
    specialist: row.specialist,
    model: row.model,
    outcome: row.outcome,
    tokens_in: row.tokens_in,
    tokens_out: row.tokens_out,
    calls: parsed(row.entries),
  };
}

export function ticketOf(row: Row): Record<string, unknown> {
  return {
    number: row.number,
    state: row.state,
    ask: row.ask,
    reason: row.reason,
    priority: row.priority,
    queue: row.queue,
    language: row.language,
    brief: parsed(row.brief),
    assignee: row.assignee_name,
    opened_at: iso(row.opened_at),
    changed_at: iso(row.changed_at),
    resolved_at: iso(row.resolved_at),
  };
}

export function writeOf(row: Row): Record<string, unknown> {
  const amount = row.amount_minor === null ? null : { minor: row.amount_minor, currency: row.currency };
  return {
    id: row.id,
    customer: row.customer,
    account: row.opener,
    tool: row.tool,
    subject: row.subject,
    amount,
    state: row.state,
    input: parsed(row.input),
    preview: parsed(row.preview),
    result: parsed(row.result),
    approval: row.approval,
    created_at: iso(row.created_at),
    changed_at: iso(row.changed_at),
  };
}

export function deedOf(row: Row): Record<string, unknown> {
  return {
    at: iso(row.at),
    actor: row.actor,
    action: row.action,
    subject: row.subject,
    turn: row.turn,
    detail: parsed(row.detail),
  };
}
