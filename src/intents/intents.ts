/**
 * Writes, safe by construction: what a model asks for is an intent, and nothing of the company's changes before the
 * customer has confirmed what the store says, and, above the limit, a person has approved it.
 */
import type { Admitted } from "../ledger/inbox.ts";
import type { Intent } from "../ledger/intents.ts";
import type { OutboxRow } from "../ledger/outbox.ts";
import type { Incoming, Person } from "../message.ts";
import type { Confirmation } from "../proposal.ts";
import type { ChannelId, UserId } from "../thread.ts";
import type { Tool } from "../tool.ts";
import { answer, type Said, type Settled } from "./answer.ts";
import { decideApproval, expireApprovals } from "./approvals.ts";
import type { CheckParts } from "./check.ts";
import { createPropose } from "./propose.ts";

export interface IntentsParts extends CheckParts {
  toolOf(name: string): Tool | undefined;
  channel(): ChannelId | undefined;
  /** Whether a person is among a tool's approvers now. */
  mayApprove(person: Person, approvers: readonly string[]): Promise<boolean>;
  /** Whether an account is known to belong to this customer. */
  sameCustomer(user: UserId, customer: string): Promise<boolean>;
  /** Puts a question to the customer again, with what would happen now. */
  proposeAgain(tool: Tool, intent: Intent, said: Said): Promise<Confirmation | undefined>;
  /** Only the person who pressed sees this. */
  tell(action: Extract<Incoming, { kind: "action" }>, text: string): Promise<void>;
  push(rows: readonly OutboxRow[]): void;
}

export type Intents = ReturnType<typeof createIntents>;

export function createIntents(given: Omit<IntentsParts, "proposeAgain">) {
  const parts: IntentsParts = {
    ...given,
    async proposeAgain(tool, intent, said) {
      const proposed = await propose(tool, intent.input, {
        turn: `${intent.turn}/${said.event}`,
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
    /** Staff's Approve or Deny. */
    decide: (admitted: Admitted, action: Extract<Incoming, { kind: "action" }>): Promise<void> =>
      decideApproval(parts, admitted, action),
    expire: (): Promise<void> => expireApprovals(parts),
  };
}
