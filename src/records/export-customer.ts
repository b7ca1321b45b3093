/**
 * Everything that is known of a customer, as one JSON document, and nothing of anybody else: in a thread that others
 * wrote in, their words are left out, and with them the turns that answered them. Times are ISO 8601 in UTC.
 *
 *   format        `deskhand-export-1`
 *   customer      as it was asked for, with its ids and accounts
 *   identities    which account was proved to be which customer, how and when
 *   elsewhere     what they wrote in threads of others
 *   writes        those from threads that are not theirs
 *   feedback      👍 and 👎
 *   waiting       events that were kept lately, or wait for an answer
 *   deeds         what the audit says of them outside of their threads
 *   files         of theirs, on this machine
 *   threads       each with its messages, turns, notices, tickets, writes and deeds, and what the memory holds of it
 */
import type { Clock } from "../clock.ts";
import type { Ledger, Reader, Row } from "../ledger.ts";
import type { CustomerFiles } from "./customer-files.ts";
import { exportThread } from "./export-thread.ts";
import type { Forgetting } from "./forgetting.ts";
import { deedOf, iso, messageOf, writeOf } from "./record-shapes.ts";
import { type Traces, tracesOf } from "./traces.ts";
import { type Who, whoIs } from "./who.ts";

export interface ExportParts {
  ledger: Ledger;
  memory: Forgetting;
  files: CustomerFiles;
  clock: Clock;
}

/**
 * @param name the company's id of a customer, or the id of an account
 * @returns the document in pieces, a thread at a time
 */
export async function* exportCustomer(parts: ExportParts, name: string): AsyncGenerator<string> {
  const { ledger, memory } = parts;
  const who = await ledger.read((tx) => whoIs(tx, name));
  const traces = await tracesOf(ledger, who);
  const files = await parts.files.find(traces);
  const head = {
    format: "deskhand-export-1",
    exported_at: iso(parts.clock.now()),
    customer: { asked: name, ids: who.customers, accounts: who.accounts },
    ...(await ledger.read((tx) => outside(tx, who, traces))),
    files,
  };
  yield `${JSON.stringify(head, undefined, 2).slice(0, -2)},\n  "threads": [`;
  for (const [at, thread] of who.threads.entries()) {
    const record = await exportThread(ledger, thread, who.accounts);
    const remembered = (await memory.recall(thread)) ?? null;
    yield `${at === 0 ? "" : ","}\n${JSON.stringify({ ...record, remembered }, undefined, 2)}`;
  }
  yield "\n  ]\n}\n";
}

/** What lies outside of their threads. */
async function outside(tx: Reader, who: Who, traces: Traces): Promise<Record<string, unknown>> {
  const each = async (sql: string, values: readonly string[]): Promise<Row[]> => {
    const rows: Row[] = [];
    for (const value of values) rows.push(...(await tx.all(sql, value)));
    return rows;
  };
  const proofs = await each("SELECT * FROM identities WHERE customer = ? ORDER BY user_id", who.customers);
  const said = await each(
    "SELECT * FROM messages WHERE id = ?",
    traces.elsewhere.map((one) => one.id),
  );
  const writes = await each("SELECT * FROM intents WHERE customer = ? ORDER BY id", who.customers);
  const deeds = await each("SELECT * FROM audit WHERE id = ?", [
    ...traces.deeds.map((one) => one.id),
    ...traces.named,
  ]);
  const ratings = await each(
    "SELECT * FROM audit WHERE thread = ? AND action = 'feedback.given' ORDER BY id",
    who.threads,
  );
  const events = await each("SELECT event, received_at, state FROM inbox WHERE id = ?", traces.inbox);
  const isRating = (row: Row): boolean => row.action === "feedback.given";
  const own = ratings.filter((row) => who.accounts.includes(String(row.actor)));
  return {
    identities: proofs.map((row) => ({
      account: row.user_id,
      customer: row.customer,
      method: row.method,
      verified_at: iso(row.verified_at),
    })),
    elsewhere: said.map((row) => ({ thread: row.thread, ...messageOf(row) })),
    writes: writes.filter((row) => !who.threads.includes(String(row.thread))).map(writeOf),
    feedback: [...own, ...deeds.filter(isRating)].map(deedOf),
    waiting: events.flatMap((row) => eventOf(row, who)),
    deeds: deeds.filter((row) => !isRating(row)).map(deedOf),
  };
}

type Author = { author?: { id: string } };

/** An event of theirs: what others did in their threads, or staff about them, is not theirs to have. */
function eventOf(row: Row, who: Who): unknown[] {
  const { about, ...event } = JSON.parse(String(row.event)) as {
    by?: { id: string };
    message?: Author | string;
    about?: Author;
  };
  const isTheirs = (id: string | undefined): boolean => id !== undefined && who.accounts.includes(id);
  const message = typeof event.message === "object" ? event.message : undefined;
  if (!isTheirs(event.by?.id ?? message?.author?.id)) return [];
  const pointed = about && isTheirs(about.author?.id) ? { about } : {};
  return [{ received_at: iso(row.received_at), state: row.state, event: { ...event, ...pointed } }];
}
