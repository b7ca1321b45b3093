/** The kill switch: while the desk is paused the bot answers nobody; people still can. */
import type { Clock } from "./clock.ts";
import { audit } from "./ledger/audit.ts";
import { readSetting, writeSetting } from "./ledger/settings.ts";
import type { Ledger, Transaction } from "./ledger.ts";
import type { Log } from "./log.ts";

export interface Pause {
  paused(): boolean;
  /**
   * Durable, and true in this process at once; other processes of the desk see it within two seconds.
   * @param also what goes with it in the same commit
   */
  set(paused: boolean, by: string, also?: (tx: Transaction) => Promise<void>): Promise<void>;
  /** Begins to look at what other processes have set. */
  watch(): Promise<void>;
  close(): void;
}

const name = "paused";
const lookEveryMs = 2_000;

/** @param changed called in each process when the desk has been paused or goes on */
export function createPause(parts: {
  ledger: Ledger;
  changed(paused: boolean): void;
  clock: Clock;
  log: Log;
}): Pause {
  const { ledger, clock, log } = parts;
  let paused = false;
  let stop = () => {};

  function become(next: boolean): void {
    if (next === paused) return;
    paused = next;
    log.warn(paused ? "desk.paused" : "desk.unpaused");
    parts.changed(paused);
  }

  async function look(): Promise<void> {
    try {
      become((await ledger.read((tx) => readSetting(tx, name))) === "yes");
    } catch (error) {
      log.warn("pause.unknown", { error });
    }
  }

  return {
    paused: () => paused,
    async set(next, by, also) {
      await ledger.write(async (tx) => {
        await also?.(tx);
        await writeSetting(tx, name, next ? "yes" : "no", clock.now());
        await audit(tx, clock, {
          actor: by,
          action: next ? "desk.paused" : "desk.unpaused",
          subject: "desk",
        });
      });
      become(next);
    },
    async watch() {
      await look();
      stop = clock.every(lookEveryMs, () => void look());
    },
    close: () => stop(),
  };
}
