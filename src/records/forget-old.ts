/** What is on record for longer than names may be kept: who did it, to whom and to what. */
import { attemptsPlace, forgetOldAttempts } from "../ledger/attempts.ts";
import { pseudonyms } from "../ledger/pseudonyms.ts";
import { readSetting, writeSetting } from "../ledger/settings.ts";
import { type AuditRow, auditColumns, forgetDeed, forgetWrite, isPerson } from "./forget-rows.ts";
import { inPieces, rowsAtOnce, type Work } from "./pieces.ts";
import { walk } from "./walk.ts";

interface WriteAge {
  id: string;
  opener: string;
  approver: string | null;
  state: string;
  changed_at: number;
}

/** Writes that are over. */
export async function forgetOldWrites({ ledger, clock, signal, before }: Work): Promise<number> {
  let count = 0;
  const sql = "SELECT id, opener, approver, state, changed_at FROM intents WHERE id > ? ORDER BY id LIMIT ?";
  for await (const rows of walk<WriteAge>(ledger, sql)) {
    const old = rows.filter(
      ({ opener, approver, state, changed_at }) =>
        changed_at < before && isOver(state) && (isPerson(opener) || isPerson(approver ?? "")),
    );
    for (let from = 0; from < old.length; from += rowsAtOnce) {
      signal?.throwIfAborted();
      await ledger.write(async (tx) => {
        const pseudonym = await pseudonyms(tx, clock);
        for (const { id } of old.slice(from, from + rowsAtOnce)) {
          await forgetWrite(tx, { pseudonym, isTheirs: isPerson, clock }, id);
        }
      });
    }
    count += old.length;
  }
  return count;
}

const isOver = (state: string): boolean =>
  ["done", "failed", "declined", "denied", "expired", "refused", "proposed"].includes(state);

/** Who an account is, where it has been quiet for so long that none of its threads is left. */
export async function forgetProofs({ ledger, signal, before }: Work): Promise<number> {
  let count = 0;
  const sql = "SELECT user_id AS id, verified_at FROM identities WHERE user_id > ? ORDER BY user_id LIMIT ?";
  for await (const rows of walk<{ id: string; verified_at: number }>(ledger, sql)) {
    for (const { id, verified_at } of rows) {
      if (verified_at >= before) continue;
      signal?.throwIfAborted();
      count += await ledger.write((tx) =>
        tx.run(
          `DELETE FROM identities WHERE user_id = ? AND verified_at < ?
             AND NOT EXISTS (SELECT 1 FROM threads WHERE opener = user_id)`,
          id,
          before,
        ),
      );
    }
  }
  return count;
}

/** How often somebody has tried to be whom, where that limits nobody any more: a day after the last time. */
export async function forgetAttempts({ ledger, clock, signal }: Work): Promise<number> {
  let count = 0;
  const sql = "SELECT name AS id, value FROM marks WHERE platform = ? AND name > ? ORDER BY name LIMIT ?";
  for await (const notes of walk<{ id: string; value: string }>(ledger, sql, attemptsPlace)) {
    signal?.throwIfAborted();
    count += await ledger.write((tx) => forgetOldAttempts(tx, notes, clock.now()));
  }
  return count;
}

/** The last row of the audit that has lost its names. */
const doneName = "audit_forgotten_up_to";

/** Rows of the audit, each once: the place that was reached is kept with them. */
export function forgetOldDeeds(work: Work): Promise<number> {
  const { clock, before } = work;
  return inPieces(work, async (tx, limit) => {
    const after = (await readSetting(tx, doneName)) ?? "";
    const rows = await tx.all<AuditRow & { at: number }>(
      `SELECT at, ${auditColumns} FROM audit WHERE id > ? ORDER BY id LIMIT ?`,
      after,
      limit,
    );
    const pseudonym = await pseudonyms(tx, clock);
    let count = 0;
    let last = after;
    for (const row of rows) {
      if (row.at >= before) break;
      await forgetDeed(tx, { pseudonym, isTheirs: isPerson, clock }, row);
      last = row.id;
      count += 1;
    }
    if (last !== after) await writeSetting(tx, doneName, last, clock.now());
    return count;
  });
}
