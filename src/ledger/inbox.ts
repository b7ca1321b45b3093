/**
 * The rows of `inbox`: everything that has come in and has not been dealt with. An event is admitted once, under all
 * the keys it may come again with; it waits in its lane until the turn that took it has ended.
 */
import type { Clock } from "../clock.ts";
import { DeskError } from "../errors.ts";
import type { Reader, Transaction } from "../ledger.ts";
import type { FileRef, Incoming, Message } from "../message.ts";

export interface Admitted {
  id: string;
  lane: string;
  event: Incoming;
  receivedAt: number;
  /** What its message said when it was read: the event may have been completed since. */
  written: string | undefined;
  /** Trouble so far, see `strikesMax`. */
  strikes: number;
}

const writtenIn = (event: Incoming): string | undefined =>
  event.kind === "message" ? event.message.text : undefined;

/** @returns undefined when it has been here before */
export async function admit(
  tx: Transaction,
  lane: string,
  event: Incoming,
  clock: Clock,
): Promise<Admitted | undefined> {
  const now = clock.now();
  for (const [position, key] of event.keys.entries()) {
    const fresh = await tx.run(
      "INSERT INTO inbox_keys (key, seen_at) VALUES (?, ?) ON CONFLICT (key) DO NOTHING",
      key,
      now,
    );
    if (fresh > 0) continue;
    // Known under a later key only: the earlier ones must be remembered all the same.
    for (const other of event.keys.slice(position + 1)) {
      await tx.run(
        "INSERT INTO inbox_keys (key, seen_at) VALUES (?, ?) ON CONFLICT (key) DO NOTHING",
        other,
        now,
      );
    }
    return undefined;
  }
  const written = writtenIn(event);
  const admitted: Admitted = { id: clock.id("in"), lane, event, receivedAt: now, written, strikes: 0 };
  await tx.run(
    `INSERT INTO inbox (id, lane, kind, message, sort, event, received_at, state, strikes)
     VALUES (?, ?, ?, ?, ?, ?, ?, 'waiting', 0)`,
    admitted.id,
    lane,
    event.kind,
    event.kind === "message" ? event.message.id : null,
    event.kind === "message" ? event.message.order : await lastPlace(tx, lane),
    JSON.stringify(event),
    now,
  );
  return admitted;
}

/** The place of what has none in the platform's order: behind everything that waits. */
async function lastPlace(tx: Reader, lane: string): Promise<string> {
  const row = await tx.get<{ sort: string | null }>(
    "SELECT MAX(sort) AS sort FROM inbox WHERE lane = ? AND state = 'waiting'",
    lane,
  );
  return row?.sort ?? "";
}

interface InboxRow {
  id: string;
  lane: string;
  event: string;
  received_at: number;
  strikes: number;
}

/** The first of what waits in a lane, in the platform's own order. */
export async function waitingIn(tx: Reader, lane: string, limit: number): Promise<Admitted[]> {
  const rows = await tx.all<InboxRow>(
    "SELECT id, lane, event, received_at, strikes FROM inbox WHERE lane = ? AND state = 'waiting' ORDER BY sort, id LIMIT ?",
    lane,
    limit,
  );
  return rows.map((row) => {
    const event = JSON.parse(row.event) as Incoming;
    const { id, received_at: receivedAt, strikes } = row;
    return { id, lane: row.lane, event, receivedAt, written: writtenIn(event), strikes };
  });
}

/** The lanes in which something waits, for the start. */
export async function lanesWaiting(tx: Reader): Promise<string[]> {
  const rows = await tx.all<{ lane: string }>("SELECT DISTINCT lane FROM inbox WHERE state = 'waiting'");
  return rows.map((row) => row.lane);
}

/**
 * Part of every commit that something has come of an event in: of two processes that have dealt with it, one commits.
 * @throws DeskError ledger_conflict when one of them does not wait any more: it was dealt with elsewhere, or withdrawn
 */
export const markDone = (tx: Transaction, ids: readonly string[]): Promise<void> => close(tx, ids, "done");

/**
 * The same of people's words that are answered or relayed. An edit changes what waits, and whoever is at it may hear of
 * that too late.
 * @throws DeskError ledger_conflict also when one of them says something else by now
 */
export async function markHeard(tx: Transaction, heard: readonly Admitted[]): Promise<void> {
  for (const { id, written } of heard) {
    const sql = "UPDATE inbox SET state = 'done' WHERE id = ? AND state = 'waiting' RETURNING event";
    const row = await tx.get<{ event: string }>(sql, id);
    if (!row || writtenIn(JSON.parse(row.event) as Incoming) !== written)
      throw new DeskError("ledger_conflict", `event ${id} does not wait any more, or says something else`);
  }
}

/** Whether something has still to come of it. */
export async function stillWaits(tx: Reader, id: string): Promise<boolean> {
  return (await waitingEvent(tx, id)) !== undefined;
}

/** Whether somebody's message waits in its lane. */
export async function isHeardSoon(tx: Reader, message: string): Promise<boolean> {
  const sql = "SELECT 1 AS one FROM inbox WHERE message = ? AND state = 'waiting' LIMIT 1";
  return (await tx.get(sql, message)) !== undefined;
}

/** As it is now, edits included; undefined when nothing has to come of it any more. */
export async function waitingEvent(tx: Reader, id: string): Promise<Incoming | undefined> {
  const row = await tx.get<{ event: string }>(
    "SELECT event FROM inbox WHERE id = ? AND state = 'waiting'",
    id,
  );
  return row && (JSON.parse(row.event) as Incoming);
}

/**
 * How much trouble an event may make before a person gets it: it breaks the program thrice, or the process dies this
 * often while it is the next of its lane (most of the time for another reason).
 */
export const strikesMax = 21;
const strikesOfFailure = 7;
/** What has made so much trouble is dealt with by itself: it may be the fault of what came with it. */
export const strikesAlone = strikesOfFailure;

/** Dealing with these has failed. */
export async function countFailure(tx: Transaction, ids: readonly string[]): Promise<void> {
  for (const id of ids) {
    await tx.run(
      "UPDATE inbox SET strikes = strikes + ? WHERE id = ? AND state = 'waiting'",
      strikesOfFailure,
      id,
    );
  }
}

/** What is the next now, there or in every lane, was so when the last process died. What is behind it has no part in that. */
export async function countDeath(tx: Transaction, lane?: string): Promise<void> {
  const next = `UPDATE inbox SET strikes = strikes + 1 WHERE state = 'waiting' AND id =
    (SELECT first.id FROM inbox AS first WHERE first.lane = inbox.lane AND first.state = 'waiting' ORDER BY first.sort, first.id LIMIT 1)`;
  if (lane === undefined) await tx.run(next);
  else await tx.run(`${next} AND lane = ?`, lane);
}

/**
 * These are given to a person.
 * @throws DeskError ledger_conflict when one of them does not wait any more: it was dealt with elsewhere, or withdrawn
 */
export const park = (tx: Transaction, ids: readonly string[]): Promise<void> => close(tx, ids, "parked");

async function close(tx: Transaction, ids: readonly string[], state: "done" | "parked"): Promise<void> {
  for (const id of ids) {
    const sql = "UPDATE inbox SET state = ? WHERE id = ? AND state = 'waiting'";
    if ((await tx.run(sql, state, id)) === 0)
      throw new DeskError("ledger_conflict", `event ${id} does not wait any more`);
  }
}

/** The message as it is now, if it still waits: an edit before the answer changes the question. */
export async function amendWaiting(tx: Transaction, message: Message): Promise<boolean> {
  const row = await tx.get<{ id: string; event: string }>(
    "SELECT id, event FROM inbox WHERE message = ? AND state = 'waiting'",
    message.id,
  );
  if (!row) return false;
  const event = JSON.parse(row.event) as Incoming;
  if (event.kind !== "message") return false;
  const amended: Incoming = {
    ...event,
    message: { ...event.message, text: message.text, files: message.files },
  };
  await tx.run("UPDATE inbox SET event = ? WHERE id = ?", JSON.stringify(amended), row.id);
  return true;
}

/** What has become known of a waiting message's files; it may have been edited meanwhile. */
export async function noteFiles(tx: Transaction, id: string, known: readonly FileRef[]): Promise<void> {
  const event = await waitingEvent(tx, id);
  if (event?.kind !== "message") return;
  const files = event.message.files.map((file) => known.find((one) => one.id === file.id) ?? file);
  const noted: Incoming = { ...event, message: { ...event.message, files } };
  await tx.run("UPDATE inbox SET event = ? WHERE id = ?", JSON.stringify(noted), id);
}

/**
 * Takes back a message that still waits. One that has decided on a write, or in whose turn one has begun, can no longer
 * be taken back: it goes on waiting, also for the next process, until the customer has been told what came of it.
 */
export async function withdrawWaiting(tx: Transaction, message: string): Promise<boolean> {
  const withdrawn = await tx.run(
    `UPDATE inbox SET state = 'done' WHERE message = ? AND state = 'waiting'
       AND NOT EXISTS (SELECT 1 FROM intents WHERE decided_by = inbox.id)
       AND NOT EXISTS (SELECT 1 FROM intents WHERE turn = 't_' || inbox.id
         AND state IN ('approved', 'running', 'done', 'failed'))`,
    message,
  );
  return withdrawn > 0;
}

/**
 * Forgets events that are done, or were put aside, or keys that can no longer come again: those from before a moment,
 * at most `limit` of them.
 * @returns how many
 */
export async function pruneInbox(
  tx: Transaction,
  what: "done" | "parked" | "keys",
  before: number,
  limit: number,
): Promise<number> {
  if (what === "keys") {
    return tx.run(
      "DELETE FROM inbox_keys WHERE key IN (SELECT key FROM inbox_keys WHERE seen_at < ? ORDER BY seen_at LIMIT ?)",
      before,
      limit,
    );
  }
  return tx.run(
    `DELETE FROM inbox WHERE id IN
       (SELECT id FROM inbox WHERE state = ? AND received_at < ? ORDER BY received_at LIMIT ?)`,
    what,
    before,
    limit,
  );
}
