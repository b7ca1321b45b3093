/** Who is meant by a name that an operator gives: a customer with all accounts, and the threads that are theirs. */
import { findIdentity } from "../ledger/identities.ts";
import type { Reader } from "../ledger.ts";
import type { ThreadId, UserId } from "../thread.ts";

export interface Who {
  /** As the company knows them; more than one where an account has been proved to be different ones. */
  customers: string[];
  accounts: UserId[];
  /** Those that they have opened. What they wrote in others' threads is not in here. */
  threads: ThreadId[];
}

/** @param name the company's id of a customer, or the id of an account: `slack:T1:U1` */
export async function whoIs(tx: Reader, name: string): Promise<Who> {
  const customers = new Set<string>();
  const accounts = new Set<UserId>();
  if (await isCustomer(tx, name)) customers.add(name);
  if (name.includes(":")) {
    accounts.add(name);
    for (const customer of await customersOf(tx, name)) customers.add(customer);
  }
  for (const customer of customers) {
    for (const account of await accountsOf(tx, customer)) accounts.add(account);
  }
  const threads = new Set<ThreadId>();
  for (const account of accounts) {
    const rows = await tx.all<{ id: string }>("SELECT id FROM threads WHERE opener = ?", account);
    for (const { id } of rows) threads.add(id);
  }
  for (const customer of customers) {
    const rows = await tx.all<{ id: string }>("SELECT id FROM threads WHERE customer = ?", customer);
    for (const { id } of rows) threads.add(id);
  }
  return { customers: [...customers], accounts: [...accounts], threads: [...threads] };
}

async function isCustomer(tx: Reader, name: string): Promise<boolean> {
  const found =
    (await tx.get("SELECT user_id FROM identities WHERE customer = ?", name)) ??
    (await tx.get("SELECT id FROM threads WHERE customer = ?", name)) ??
    (await tx.get("SELECT id FROM intents WHERE customer = ?", name)) ??
    // Somebody else has tried to be them; they may never have been here.
    (await tx.get("SELECT id FROM audit WHERE action = 'identity.limited' AND subject = ?", name));
  return found !== undefined;
}

/** Who an account is, or has been where its own platform had proof of it. */
async function customersOf(tx: Reader, account: UserId): Promise<string[]> {
  const rows = await tx.all<{ customer: string }>(
    `SELECT customer FROM identities WHERE user_id = ?
     UNION SELECT customer FROM threads WHERE opener = ? AND customer IS NOT NULL`,
    account,
    account,
  );
  return rows.map((row) => row.customer);
}

/** An account that has been proved to be somebody else since is not theirs any more. */
async function accountsOf(tx: Reader, customer: string): Promise<UserId[]> {
  const rows = await tx.all<{ account: string }>(
    `SELECT user_id AS account FROM identities WHERE customer = ?
     UNION SELECT opener FROM threads WHERE customer = ?
     UNION SELECT opener FROM intents WHERE customer = ?`,
    customer,
    customer,
    customer,
  );
  const accounts: UserId[] = [];
  for (const { account } of rows) {
    const known = await findIdentity(tx, account);
    if (!known || known.customer === customer) accounts.push(account);
  }
  return accounts;
}
