/** The rows of `claims`: which process of a desk has which lane, until when by the database's clock. */
import type { Reader, Transaction } from "../ledger.ts";

export interface StoredClaim {
  name: string;
  /** The process that has it. */
  member: string;
  /** Milliseconds since 1970. */
  until: number;
}

export async function findClaim(tx: Reader, name: string): Promise<StoredClaim | undefined> {
  return tx.get<{ name: string; member: string; until: number }>(
    "SELECT name, member, held_until AS until FROM claims WHERE name = ?",
    name,
  );
}

export async function putClaim(tx: Transaction, claim: StoredClaim): Promise<void> {
  await tx.run(
    `INSERT INTO claims (name, member, held_until) VALUES (?, ?, ?)
     ON CONFLICT (name) DO UPDATE SET member = excluded.member, held_until = excluded.held_until`,
    claim.name,
    claim.member,
    claim.until,
  );
}

/** @returns the names of what this process still has */
export async function prolongClaims(tx: Transaction, member: string, until: number): Promise<string[]> {
  const rows = await tx.all<{ name: string }>(
    "UPDATE claims SET held_until = ? WHERE member = ? RETURNING name",
    until,
    member,
  );
  return rows.map(({ name }) => name);
}

export async function dropClaim(tx: Transaction, name: string, member: string): Promise<void> {
  await tx.run("DELETE FROM claims WHERE name = ? AND member = ?", name, member);
}

/** All that a process has. */
export async function dropClaims(tx: Transaction, member: string): Promise<void> {
  await tx.run("DELETE FROM claims WHERE member = ?", member);
}

/** How long a claim is good that is not prolonged. */
export const claimLastsMs = 10_000;

/** What waits in a lane of the inbox is not to be looked for before this moment: it is not due. */
export async function putOff(tx: Transaction, lane: string, until: number): Promise<void> {
  await putClaim(tx, { name: `later:${lane}`, member: "", until });
}

/** What was not due before this moment is. */
export async function forgetPutOff(tx: Transaction, now: number): Promise<void> {
  await tx.run("DELETE FROM claims WHERE member = '' AND held_until <= ?", now);
}

/** Lanes of the inbox in which something has waited since before a moment, is due, and which nobody has. */
export async function lanesLeft(tx: Reader, before: number, now: number, limit: number): Promise<string[]> {
  const rows = await tx.all<{ lane: string }>(
    `SELECT DISTINCT inbox.lane AS lane FROM inbox
     WHERE inbox.state = 'waiting' AND inbox.received_at <= ?
       AND NOT EXISTS (SELECT 1 FROM claims
         WHERE claims.name IN ('work:' || inbox.lane, 'later:' || inbox.lane) AND claims.held_until > ?)
     LIMIT ?`,
    before,
    now,
    limit,
  );
  return rows.map(({ lane }) => lane);
}

/** Lanes of the outbox with rows from before a moment that are due, like those before them, and that nobody is about to send. */
export async function sendsLeft(tx: Reader, before: number, now: number, limit: number): Promise<string[]> {
  const rows = await tx.all<{ lane: string }>(
    `SELECT DISTINCT outbox.lane AS lane FROM outbox
     WHERE outbox.state IN ('drafting', 'waiting', 'sending') AND outbox.created_at <= ? AND outbox.due_at <= ?
       AND NOT EXISTS (SELECT 1 FROM claims WHERE claims.name = 'send:' || outbox.lane AND claims.held_until > ?)
       AND NOT (outbox.state = 'drafting'
         AND EXISTS (SELECT 1 FROM claims WHERE claims.name = 'work:' || outbox.lane AND claims.held_until > ?))
       AND NOT EXISTS (SELECT 1 FROM outbox AS first WHERE first.lane = outbox.lane AND first.id < outbox.id
         AND first.state IN ('drafting', 'waiting', 'sending') AND first.due_at > ?)
     LIMIT ?`,
    before,
    now,
    now,
    now,
    now,
    limit,
  );
  return rows.map(({ lane }) => lane);
}

/** The rows of claims that ran out long ago, of lanes that nobody has taken since. */
export async function forgetClaims(tx: Transaction, before: number): Promise<void> {
  await tx.run("DELETE FROM claims WHERE held_until < ?", before);
}
