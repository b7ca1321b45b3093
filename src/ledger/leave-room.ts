/**
 * What makes a copy of a ledger fit to be started on. The original goes on after the copy was made, and the numbers that it
 * gives meanwhile stand on cards in front of staff: the copy leaves them out, as many as there have been, and a thousand
 * at least. Ids need nothing: they are made of the time and of chance.
 */
import { approvalsGiven } from "./intents.ts";
import { ticketsGiven } from "./tickets.ts";

const leaveOut = (name: string, given: string): string =>
  `INSERT INTO settings (name, value, changed_at)
  SELECT '${name}', CAST(CASE WHEN last < 1000 THEN last + 1000 ELSE 2 * last END AS TEXT), 0 FROM (
    SELECT COALESCE(MAX(number), 0) AS last FROM (
      ${given} UNION ALL SELECT CAST(value AS BIGINT) FROM settings WHERE name = '${name}') AS given) AS known
  WHERE TRUE ON CONFLICT (name) DO UPDATE SET value = excluded.value`;

/** The same on every database. */
export const leaveRoom: readonly string[] = [
  leaveOut(ticketsGiven, "SELECT MAX(number) AS number FROM tickets"),
  leaveOut(approvalsGiven, "SELECT MAX(approval) AS number FROM intents"),
];
