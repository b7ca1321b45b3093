/** What intents have moved, or are about to: what limits are counted by. */
import type { Reader } from "../ledger.ts";
import type { Money } from "../tool.ts";
import { knownPseudonyms } from "./pseudonyms.ts";

/** One that has failed counts: nobody knows whether it was done. */
const counted = `(state IN ('approved', 'running', 'done', 'failed')
  OR (state IN ('proposed', 'awaiting_approval') AND expires_at > ?))`;

/**
 * Minor units that a tool has moved, or is about to, for a subject; without one intent.
 * @param of `settledSince`: what was done, or failed, earlier is left out
 */
export async function movedForSubject(
  tx: Reader,
  of: { tool: string; subject: string; except: string; settledSince: number },
  now: number,
): Promise<number> {
  const row = await tx.get<{ sum: number }>(
    `SELECT COALESCE(SUM(amount_minor), 0) AS sum FROM intents WHERE tool = ? AND subject IN (?, ?) AND id <> ? AND ${counted}
       AND (state NOT IN ('done', 'failed') OR changed_at >= ?)`,
    of.tool,
    of.subject,
    await formerly(tx, of.subject),
    of.except,
    now,
    of.settledSince,
  );
  return Number(row?.sum ?? 0);
}

/**
 * Minor units that a tool has moved for a customer since a moment, whenever that was asked for, or is about to; without
 * one intent.
 */
export async function movedForCustomer(
  tx: Reader,
  of: { tool: string; customer: string; except: string; since: number; currency: string },
  now: number,
): Promise<Money> {
  const row = await tx.get<{ sum: number }>(
    `SELECT COALESCE(SUM(amount_minor), 0) AS sum FROM intents
     WHERE tool = ? AND customer IN (?, ?) AND id <> ? AND currency = ? AND ${counted}
       AND (state NOT IN ('done', 'failed') OR changed_at >= ?)`,
    of.tool,
    of.customer,
    await formerly(tx, of.customer),
    of.except,
    of.currency,
    now,
    of.since,
  );
  return { minor: Number(row?.sum ?? 0), currency: of.currency };
}

/** What it is called in the records of a customer who has been erased: an erasure does not make limits begin anew. */
async function formerly(tx: Reader, id: string): Promise<string> {
  return (await knownPseudonyms(tx))?.(id) ?? id;
}
