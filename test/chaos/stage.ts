/** A platform's double as the run uses it: people who write and press, faults, and a record of all that was shown. */
import type { Ack, Early, Listening, Pressed, Said, Shown, Stroke } from "./record.ts";

export interface Stage {
  name: "slack" | "discord";
  /** Whether the platform hears that the desk has an event; otherwise the ledger's file tells. */
  acknowledges: boolean;
  /** Whether the platform's own directory tells who a customer is. */
  verified: boolean;
  /** The ledger's id of the human channel. */
  deskChannel: string;
  /** The desk runs for the first time. */
  opened?(): Promise<void>;
  /** Resolves when somebody listens; where the platform keeps nothing for whoever has never listened. */
  listened?(): Promise<void>;
  /** For the desk's environment. */
  env: Record<string, string>;
  /** What only the process of this name is told. */
  envOf?(name: string): Record<string, string>;
  /** What must stand nowhere, beside the tokens in the environment. */
  secrets?: readonly string[];
  /** The ledger's ids of the customers' threads, by customer; a thread of a channel begins with its first message. */
  customers: number;
  /** The customer of another workspace who has the same ids. */
  twinOf?(customer: number): number | undefined;
  /**
   * A customer writes; `ackedAt` is filled in later.
   * @param lateMs so much later the desk is told of it, where the double can
   */
  say(customer: number, marker: string, text: string, lateMs?: number): Said;
  /** A customer edits what they wrote; the edit may overtake the message. */
  edit(said: Said, text: string): void;
  /** Presses the customer's newest button with this label; false when there is none. */
  confirm(customer: number, label: "Confirm" | "Cancel"): boolean;
  staff: {
    /** The cards that can be seen now. */
    cards(): Card[];
    press(by: number, label: string, card: Card): Pressed;
    /** Writes in a ticket's thread. */
    say(by: number, marker: string, card: Card, text: string): Said;
  };
  /** Called when something with buttons can be seen, and the desk has not been told so yet. */
  onUnanswered?: ((what: { card: Card } | { customer: number }) => void) | undefined;
  /** Called when the beginning of an answer can be seen. */
  onDraft?: ((thread: string) => void) | undefined;
  /** What people did here that is rare elsewhere. */
  counts?: Map<string, number>;
  /** Called when the desk has acknowledged an event. */
  onAck: (() => void) | undefined;
  /** The next reply of the desk to a customer is taken and nothing answered; `then` is called at once. */
  withholdPost(then: () => void): void;
  /** The next draft becomes visible; `then` is called at once. */
  withholdDraft(then: () => void): void;
  /** Something that has been brought already is brought again. */
  bringAgain(): void;
  /** Events come in the wrong order for so long. */
  shuffle(ms: number): Promise<void>;
  /** Of the calls that show something in one thread, this share is refused with 429 until it is called with 0. */
  limit(thread: string | undefined, share: number): void;
  /** The next so many posts are done and their connections reset. */
  resetAfter(times: number): void;
  /** Breaks the connections over which events come. */
  dropConnections(): void;
  /** Something is pressed that has never been shown. */
  pressUnknown(): void;
  clearFaults(): void;
  said: Said[];
  pressed: Pressed[];
  strokes: Stroke[];
  acks: Ack[];
  /** Who has listened, where one process does so for all. */
  listeners?(): Listening[];
  shown(): Shown[];
  offences(): string[];
  /** Calls inside of a Retry-After. */
  early: Early[];
  close(): Promise<void>;
}

export interface Card {
  kind: "ticket" | "approval";
  number: string;
  /** The platform's own id of the card's message. */
  message: string;
  text: string;
  /** What it can be pressed for now. */
  labels: string[];
  values: Record<string, string>;
}
