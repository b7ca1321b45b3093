/** What a customer has been promised, so that whoever has the ticket knows what is to be kept. */
import { saidToCustomer } from "../ledger/transcript.ts";
import type { Reader } from "../ledger.ts";
import type { ThreadId } from "../thread.ts";
import { toCustomer } from "./notices.ts";

const messagesMax = 300;
const promisesMax = 8;

/** What the desk itself says with every ticket. */
const ours = [
  toCustomer.escalated(0),
  toCustomer.waiting(0),
  toCustomer.broken(0),
  toCustomer.toForget(0),
].join(" ");

/**
 * The last promises of bot and staff in a thread, as they were said, each once and the newest last.
 * @param promisesIn the promises in a text, by rules
 */
export async function promisedIn(
  tx: Reader,
  thread: ThreadId,
  promisesIn: (text: string) => string[],
): Promise<string[]> {
  const promised = new Map<string, string>();
  for (const text of await saidToCustomer(tx, thread, messagesMax)) {
    for (const promise of promisesIn(text)) {
      if (ours.includes(promise)) continue;
      const key = promise.toLowerCase();
      promised.delete(key);
      promised.set(key, promise);
    }
  }
  return [...promised.values()].slice(-promisesMax);
}
