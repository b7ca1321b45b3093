/** Everything that the ledger has of a customer, in one transaction: rows that are theirs go, records lose their name. */
import type { Clock } from "../clock.ts";
import { forgetAttempts } from "../ledger/attempts.ts";
import { audit } from "../ledger/audit.ts";
import { pseudonyms } from "../ledger/pseudonyms.ts";
import { versionOf } from "../ledger/threads.ts";
import type { Reader, Transaction } from "../ledger.ts";
import type { ThreadId } from "../thread.ts";
import { eraseElsewhere, type SaidThere } from "./erase-elsewhere.ts";
import {
  type AuditRow,
  auditColumns,
  type ForgetParts,
  type Forgotten,
  forgetDeed,
  forgetDoer,
  forgetThread,
  forgetWrite,
  isPerson,
  nothingForgotten,
} from "./forget-rows.ts";
import type { Traces } from "./traces.ts";
import type { Who } from "./who.ts";

export interface ErasedRows extends Forgotten {
  /** Events that were kept lately, or waited for an answer. */
  events: number;
  /** Rows that said which customer an account is. */
  identities: number;
}

export interface Order {
  who: Who;
  traces: Traces;
  /** As it was given. */
  name: string;
  by: string;
}

/** Leaves one row in the audit when there was anything. */
export async function eraseRows(tx: Transaction, clock: Clock, order: Order): Promise<ErasedRows> {
  const { who, traces } = order;
  const accounts = new Set<string>(who.accounts);
  const pseudonym = await pseudonyms(tx, clock);
  const parts: ForgetParts = { pseudonym, isTheirs: (actor) => accounts.has(actor), clock };
  const done: ErasedRows = { ...nothingForgotten(), events: 0, identities: 0 };
  // Threads that have come since the search are found here; whatever else has, the next round.
  for (const thread of who.threads) addTo(done, await forgetThread(tx, parts, thread));
  for (const [thread, said] of byThread(traces.elsewhere)) {
    addTo(done, await eraseElsewhere(tx, thread, said, who.accounts));
  }
  done.writes += await forgetWritesOf(tx, parts, who);
  for (const account of who.accounts) {
    await tx.run("UPDATE intents SET approver = ? WHERE approver = ?", pseudonym(account), account);
  }
  done.audit += await forgetDeeds(tx, parts, traces);
  for (const id of traces.inbox) done.events += await tx.run("DELETE FROM inbox WHERE id = ?", id);
  for (const key of traces.keys) await tx.run("DELETE FROM inbox_keys WHERE key = ?", key);
  for (const { platform, name } of traces.marks) {
    await tx.run("DELETE FROM marks WHERE platform = ? AND name = ?", platform, name);
  }
  for (const id of [...who.customers, order.name]) await forgetAttempts(tx, clock, { of: "customer", id });
  for (const id of who.threads) await forgetAttempts(tx, clock, { of: "thread", id });
  done.identities = await forgetIdentities(tx, who);
  if (isSomething(done)) {
    await audit(tx, clock, {
      actor: accounts.has(order.by) ? pseudonym(order.by) : order.by,
      action: "customer.erased",
      subject: pseudonym(order.name),
      detail: { ...done, ids: [...who.customers, ...who.accounts].map(pseudonym) },
    });
  }
  return done;
}

/**
 * What a turn that was under way has left behind in threads that are gone. A thread that is there again is a new
 * conversation, and stays.
 * @returns the threads that are gone
 */
export async function sweep(
  tx: Transaction,
  clock: Clock,
  threads: readonly ThreadId[],
): Promise<ThreadId[]> {
  const parts: ForgetParts = { pseudonym: await pseudonyms(tx, clock), isTheirs: isPerson, clock };
  const gone: ThreadId[] = [];
  for (const thread of threads) {
    if ((await versionOf(tx, thread)) > 0) continue;
    gone.push(thread);
    await forgetThread(tx, parts, thread);
  }
  return gone;
}

export const isSomething = (erased: ErasedRows): boolean =>
  Object.values(erased).some((count: number) => count > 0);

/** Writes for the customer from threads that are not theirs. */
async function forgetWritesOf(tx: Transaction, parts: ForgetParts, who: Who): Promise<number> {
  const ids = new Set<string>();
  for (const customer of who.customers) {
    const rows = await tx.all<{ id: string }>("SELECT id FROM intents WHERE customer = ?", customer);
    for (const { id } of rows) ids.add(id);
  }
  for (const id of ids) await forgetWrite(tx, parts, id);
  return ids.size;
}

async function forgetDeeds(tx: Transaction, parts: ForgetParts, traces: Traces): Promise<number> {
  for (const { id, actor } of traces.deeds) await forgetDoer(tx, parts, id, actor);
  for (const id of traces.named) {
    const row = await tx.get<AuditRow>(`SELECT ${auditColumns} FROM audit WHERE id = ?`, id);
    if (row) await forgetDeed(tx, parts, row);
  }
  return traces.deeds.length + traces.named.length;
}

async function forgetIdentities(tx: Transaction, who: Who): Promise<number> {
  let count = 0;
  for (const customer of who.customers) {
    count += await tx.run("DELETE FROM identities WHERE customer = ?", customer);
  }
  for (const account of who.accounts) {
    count += await tx.run("DELETE FROM identities WHERE user_id = ?", account);
  }
  return count;
}

/** What `eraseRows` would come to, without doing it. */
export async function countRows(
  tx: Reader,
  { who, traces }: Pick<Order, "who" | "traces">,
): Promise<ErasedRows> {
  const found: ErasedRows = { ...nothingForgotten(), events: traces.inbox.length, identities: 0 };
  const count = async (from: string, value: string): Promise<number> => {
    const row = await tx.get<{ count: number }>(`SELECT COUNT(*) AS count FROM ${from} = ?`, value);
    return Number(row?.count ?? 0);
  };
  for (const thread of who.threads) {
    found.threads += await count("threads WHERE id", thread);
    found.messages += await count("messages WHERE thread", thread);
    found.turns += await count("journal WHERE thread", thread);
    found.tickets += await count("tickets WHERE thread", thread);
    found.posts += await count("outbox WHERE thread", thread);
    found.writes += await count("intents WHERE thread", thread);
    found.audit += await count("audit WHERE thread", thread);
  }
  for (const customer of who.customers)
    found.identities += await count("identities WHERE customer", customer);
  found.messages += traces.elsewhere.length;
  found.audit += traces.deeds.length + traces.named.length;
  return found;
}

function addTo(total: Forgotten, some: Partial<Forgotten>): void {
  for (const [name, count] of Object.entries(some)) total[name as keyof Forgotten] += count;
}

function byThread(elsewhere: Traces["elsewhere"]): Map<string, SaidThere[]> {
  const threads = new Map<string, SaidThere[]>();
  for (const said of elsewhere) threads.set(said.thread, [...(threads.get(said.thread) ?? []), said]);
  return threads;
}
