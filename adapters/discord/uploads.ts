/** Whose files do not get through: a post is not held up by them for ever, nor what waits behind it. */
import type { Clock } from "../../src/clock.ts";
import { codeOf } from "../../src/errors.ts";
import { DiscordFault } from "./faults.ts";
import { createRecent } from "./recent.ts";

export interface Uploads {
  /** Sending files under this key has failed; what Discord itself has answered says nothing against the files. */
  failed(key: string, error: unknown): void;
  /** Whether they have been tried often and long enough without any answer. */
  hopeless(key: string): boolean;
}

const triesMin = 3;
/** From the first failure on: a proxy that begins anew, or a short outage, costs nobody a file. */
const triedForMs = 180_000;
const remembered = 500;

export function createUploads({ clock }: { clock: Clock }): Uploads {
  const failures = createRecent<string, { since: number; tries: number }>(remembered);

  return {
    failed(key, error) {
      if (codeOf(error) !== "platform_ambiguous" || error instanceof DiscordFault) return;
      const { since, tries } = failures.get(key) ?? { since: clock.elapsed(), tries: 0 };
      failures.set(key, { since, tries: tries + 1 });
    },
    hopeless(key) {
      const known = failures.get(key);
      return known !== undefined && known.tries >= triesMin && clock.elapsed() - known.since >= triedForMs;
    },
  };
}
