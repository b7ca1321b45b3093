/** The rows of `identities`: which customer an account is, by proof that no model had a hand in. */
import type { Reader, Transaction } from "../ledger.ts";
import type { UserId } from "../thread.ts";

export interface ProvenIdentity {
  customer: string;
  /** Milliseconds since 1970. */
  verifiedAt: number;
}

export async function findIdentity(tx: Reader, user: UserId): Promise<ProvenIdentity | undefined> {
  const row = await tx.get<{ customer: string; verified_at: number }>(
    "SELECT customer, verified_at FROM identities WHERE user_id = ?",
    user,
  );
  return row && { customer: row.customer, verifiedAt: Number(row.verified_at) };
}

export async function saveIdentity(
  tx: Transaction,
  proof: { user: UserId; tenant: string; customer: string; method: string; now: number },
): Promise<void> {
  await tx.run(
    `INSERT INTO identities (user_id, tenant, customer, method, verified_at) VALUES (?, ?, ?, ?, ?)
     ON CONFLICT (user_id) DO UPDATE SET customer = excluded.customer, method = excluded.method,
       verified_at = excluded.verified_at`,
    proof.user,
    proof.tenant,
    proof.customer,
    proof.method,
    proof.now,
  );
}
