/**
 * Writes, safe by construction: what a model asks for is an intent, and nothing of the company's changes before the
 * customer has confirmed what the store says, and, above the limit, a person has approved it.
 */
import type { Admitted } from "../ledger/inbox.ts";
import { decidedBy, findIntent, rebind } from "../ledger/intents.ts";
import type { Transaction } from "../ledger.ts";
import type { Incoming } from "../message.ts";
import type { Confirmation, Propose } from "../proposal.ts";
import type { ThreadId } from "../thread.ts";
import { answer } from "./answer.ts";
import { decideApproval, expireApprovals } from "./approvals.ts";
import type { CameOf } from "./came-of.ts";
import { carryThrough, untold } from "./carry-through.ts";
import { hashOf } from "./check.ts";
import { giveUp } from "./give-up.ts";
import type { IntentsParts, Said, Settled } from "./parts.ts";
import { createPropose } from "./propose.ts";
import { tellOnce } from "./tell.ts";

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

  const asked = (question: Confirmation): Confirmation => ({
    ...question,
    text: given.harmless(question.text),
  });

  async function tellAll(all: readonly CameOf[]): Promise<void> {
    for (const came of all) parts.push(await parts.ledger.write((tx) => tellOnce(tx, parts, came)));
  }

  return {
    propose: (async (...wish) => {
      const proposed = await propose(...wish);
      const { confirmation } = proposed;
      return confirmation ? { ...proposed, confirmation: asked(confirmation) } : proposed;
    }) satisfies Propose,
    /** The customer's yes or no; undefined when it is no answer to a question of the store's. */
    async answer(said: Said): Promise<Settled | undefined> {
      const settled = await answer(parts, said);
      if (!settled) return undefined;
      const { confirmation } = settled;
      return {
        ...settled,
        text: given.harmless(settled.text),
        ...(confirmation ? { confirmation: asked(confirmation) } : {}),
      };
    },
    /** Whether an event has decided on a write: its turn, begun again, is about that alone. */
    hasDecided: async (event: string): Promise<boolean> =>
      (await parts.ledger.read((tx) => decidedBy(tx, event))) !== undefined,
    /**
     * In the transaction that puts a question in another thread, because it cannot arrive where it was asked: it is
     * answered there, and only there, by the same account.
     */
    async moveQuestion(tx: Transaction, id: string, thread: ThreadId): Promise<void> {
      const intent = await findIntent(tx, id);
      if (intent?.state === "proposed") await rebind(tx, id, thread, hashOf({ ...intent, thread }));
    },
    /** Staff's Approve or Deny. */
    decide: (admitted: Admitted, action: Extract<Incoming, { kind: "action" }>): Promise<void> =>
      decideApproval(parts, admitted, action),
    /** What was begun in a thread and has not been taken up again is carried through; the turn of these events tells it. */
    carryThrough: async (thread: ThreadId, events: readonly string[]): Promise<CameOf[]> =>
      (await carryThrough(parts, thread, events, true)).map((came) => ({
        ...came,
        text: given.harmless(came.text),
      })),
    /** The same where a person has the thread: no turn will tell it. */
    async handOver(thread: ThreadId, events: readonly string[]): Promise<void> {
      await tellAll(await carryThrough(parts, thread, events, false));
    },
    /** The program has failed on an event again and again: what it had begun is over, and what came of it is told. */
    async giveUp(event: string, asks: boolean): Promise<void> {
      await giveUp(parts, event, asks);
      await tellAll(await untold(parts, [event]));
    },
    expire: (): Promise<void> => expireApprovals(parts),
  };
}
