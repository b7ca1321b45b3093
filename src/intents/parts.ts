/** What intents are made of, and what they hear and say. */
import type { TranscriptItem } from "../language-model.ts";
import type { Intent } from "../ledger/intents.ts";
import type { OutboxRow } from "../ledger/outbox.ts";
import type { Thread } from "../ledger/threads.ts";
import type { Transaction } from "../ledger.ts";
import type { Incoming, Person } from "../message.ts";
import type { Confirmation } from "../proposal.ts";
import type { ChannelId, ThreadId, UserId } from "../thread.ts";
import type { Tool } from "../tool.ts";
import type { CheckParts } from "./check.ts";

export interface IntentsParts extends CheckParts {
  toolOf(name: string): Tool | undefined;
  channel(): ChannelId | undefined;
  /** Whether a person is among a tool's approvers now. */
  mayApprove(person: Person, approvers: readonly string[]): Promise<boolean>;
  /** Whether an account is known to belong to this customer. */
  sameCustomer(user: UserId, customer: string): Promise<boolean>;
  /** Puts a question to the customer again, with what would happen now. */
  proposeAgain(tool: Tool, intent: Intent, said: Said): Promise<Confirmation | undefined>;
  /** The store's words, without what could harm whoever reads them: a model, or a backend, has chosen some of them. */
  harmless(text: string): string;
  /** Only the person who pressed sees this. */
  tell(action: Extract<Incoming, { kind: "action" }>, text: string): Promise<void>;
  /** Somebody has to look whether a write was done, of which the customer of this thread hears outside of a turn. */
  callPerson(tx: Transaction, thread: Thread, intent: Intent): Promise<OutboxRow[]>;
  push(rows: readonly OutboxRow[]): void;
}

/** What the customer has done: pressed a button, or written a message that may be nothing but yes or no. */
export interface Said {
  /** The turn in which it was said. */
  id: string;
  thread: ThreadId;
  opener: UserId;
  /** The inbox event: dealt with again after a death, it finds what it has decided. */
  event: string;
  asked: readonly string[];
  /** Who wrote, or pressed. */
  by: UserId | undefined;
  pressed: { intent: string; yes: boolean } | undefined;
  customer: { id: string } | undefined;
  /** Everything the customer has written in this conversation. */
  said: readonly string[];
  stillOurs(): Promise<void>;
  signal: AbortSignal;
}

export interface Settled {
  text: string;
  /** What the model will see of it later. */
  entries: TranscriptItem[];
  confirmation?: Confirmation;
  /** Set when a person has to look at it. */
  broke?: string;
}
