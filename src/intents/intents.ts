/**
 * Writes, safe by construction: what a model asks for is an intent, and nothing of the company's changes before the
 * customer has confirmed what the store says, and, above the limit, a person has approved it.
 */
import type { Admitted } from "../ledger/inbox.ts";
import { decidedBy } from "../ledger/intents.ts";
import type { Incoming } from "../message.ts";
import type { ThreadId } from "../thread.ts";
import { answer } from "./answer.ts";
import { decideApproval, expireApprovals } from "./approvals.ts";
import { carryThrough } from "./carry-through.ts";
import type { IntentsParts, Said, Settled } from "./parts.ts";
import { createPropose } from "./propose.ts";

export type Intents = ReturnType<typeof createIntents>;

export function createIntents(given: Omit<IntentsParts, "proposeAgain">) {
  const parts: IntentsParts = {
    ...given,
    async proposeAgain(tool, intent, said) {
      const proposed = await propose(tool, intent.input, {
        turn: said.id,
        thread: intent.thread,
        opener: intent.opener,
        customer: said.customer,
        said: said.said,
        tainted: true,
        stillOurs: said.stillOurs,
        signal: said.signal,
      });
      return proposed.confirmation;
    },
  };
  const propose = createPropose(parts);

  return {
    propose,
    /** The customer's yes or no; undefined when it is no answer to a question of the store's. */
    answer: (said: Said): Promise<Settled | undefined> => answer(parts, said),
    /** Whether an event has decided on a write: its turn, begun again, is about that alone. */
    hasDecided: async (event: string): Promise<boolean> =>
      (await parts.ledger.read((tx) => decidedBy(tx, event))) !== undefined,
    /** Staff's Approve or Deny. */
    decide: (admitted: Admitted, action: Extract<Incoming, { kind: "action" }>): Promise<void> =>
      decideApproval(parts, admitted, action),
    /** What was begun in a thread by a process that died, and has not been taken up again. */
    carryThrough: (thread: ThreadId, mayBegin: boolean): Promise<void> =>
      carryThrough(parts, thread, mayBegin),
    expire: (): Promise<void> => expireApprovals(parts),
  };
}
