/** Ids are the order in which things came: what is made from now on sorts after all that is there. */
import type { Clock } from "../clock.ts";
import type { Ledger } from "../ledger.ts";

/** Whether an id was made after another one, whatever they are of and wherever the wall's clock has stood. */
export const isLater = (id: string, than: string): boolean => stampOf(id) > stampOf(than);

/** What stands behind the prefix begins with the time, always as long. */
const stampOf = (id: string): string => id.slice(id.indexOf("_") + 1);

const tables = ["inbox", "outbox", "intents", "audit"] as const;

/** For the start: the wall's clock may have been put back while no process ran. */
export async function goOnAfter(ledger: Ledger, clock: Clock): Promise<void> {
  for (const table of tables) {
    const row = await ledger.read((tx) =>
      tx.get<{ id: string | null }>(`SELECT MAX(id) AS id FROM ${table}`),
    );
    if (row?.id) clock.idsAfter?.(row.id);
  }
}
