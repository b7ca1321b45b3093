/**
 * The database's clock may go back: it is set, or a standby takes over whose clock is behind. Whatever was noted by it
 * before would then be waited for by so much longer, be it a process that has died or a pause of some seconds. What
 * stands further in the future than anybody would have put it is known to be from before, and is put where it would stand
 * had it been noted now; where the clock has gone on, nothing is changed.
 *
 * A claim is shortened to its full length from now, not ended: whoever lives prolongs it long before that, so only the
 * dead lose theirs. Nor is it shorter than its holder thinks: they have counted the same length from an earlier moment.
 * A row's moment only becomes an earlier one, so that a post is looked for no later than before.
 */
import type { Transaction } from "../ledger.ts";
import { claimLastsMs } from "./claims.ts";
import { notedPauseMaxMs } from "./outbox.ts";

/** Longer than this no lane is put off at once: by then it is looked at again. */
const putOffMaxMs = 60_000;

export async function keepToClock(tx: Transaction): Promise<void> {
  const { now } = tx;
  const claimMax = now + claimLastsMs;
  await tx.run("UPDATE claims SET held_until = ? WHERE member <> '' AND held_until > ?", claimMax, claimMax);
  const putOffMax = now + putOffMaxMs;
  await tx.run("UPDATE claims SET held_until = ? WHERE member = '' AND held_until > ?", putOffMax, putOffMax);
  await tx.run("UPDATE inbox SET received_at = ? WHERE state = 'waiting' AND received_at > ?", now, now);
  await tx.run(
    `UPDATE outbox SET due_at = due_at - created_at + ?, created_at = ?
     WHERE state IN ('drafting', 'waiting', 'sending') AND created_at > ?`,
    now,
    now,
    now,
  );
  const dueMax = now + notedPauseMaxMs;
  await tx.run(
    "UPDATE outbox SET due_at = ? WHERE state IN ('drafting', 'waiting', 'sending') AND due_at > ?",
    dueMax,
    dueMax,
  );
}
