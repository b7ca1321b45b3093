/**
 * The contract of a crew: several processes that run one desk on one ledger. A lane, in which one thing happens at a
 * time, is worked on by whoever has its claim; what waits is in the ledger, so whoever gets the claim finds it there.
 */
import type { Transaction } from "./ledger.ts";

/** What a process does for the desk: `receive` listens to the platforms, `work` takes turns, `send` posts. */
export const roles = ["receive", "work", "send"] as const;
export type Role = (typeof roles)[number];

/** How the work of a lane begins when something new has come. */
export interface Manner {
  /** Waits for quiet first: a burst of messages becomes one turn. */
  settle: boolean;
  /** Aborts what runs, so that it begins again with this, too. */
  supersede: boolean;
}

export interface Claim {
  /** Whoever had it last did not give it back: what they were doing may be half done. */
  readonly takenOver: boolean;
  /** Aborted when the claim is lost. A process that was frozen may learn it late: ask `holds` right before an effect. */
  readonly signal: AbortSignal;
  /** Whether nobody else can have it at this moment, by the time that has passed here. */
  holds(): boolean;
  /** @throws DeskError ledger_conflict when somebody else has it; asked in the transaction, the answer is certain */
  check(tx: Transaction): Promise<void>;
  /** Gives it back. Never throws. */
  release(): Promise<void>;
}

export interface Crew {
  readonly roles: ReadonlySet<Role>;
  /** Undefined while somebody else has it. */
  claim(name: string): Promise<Claim | undefined>;
  /** Whether anybody has this claim at the moment. */
  claimed(name: string): Promise<boolean>;
  /** Something waits in a lane: one process that works will run it. */
  offerWork(lane: string, manner: Manner): void;
  /** Rows wait in these lanes of the outbox: one process that sends will take them. */
  offerSends(lanes: readonly string[]): void;
  /**
   * What waits in a lane is due after so many milliseconds: then one process that works, or sends, will take it, whether
   * this one is still there or not. Resolves when nobody takes it for something that was left behind. Never throws.
   */
  later(what: "work" | "send", lane: string, afterMs: number): Promise<void>;
  /** What runs in this lane, wherever it does, is to be aborted. */
  interrupt(lane: string): void;
  /** Somebody has asked this process to wait: the others do not ask either. */
  tellWait(name: string, ms: number): void;
  /** Begins: tells of what is offered here, and of what others have left behind. */
  start(hands: Hands): Promise<void>;
  /** Takes nothing more. What is at hand keeps its claims until `close`. */
  stop(): Promise<void>;
  /** Gives everything back. */
  close(): Promise<void>;
}

/** What a member of the crew is told to do. */
export interface Hands {
  /** Resolves when nothing is left to do in the lane. */
  work(lane: string, manner: Manner): Promise<void>;
  /** A message has come for a lane: if it runs here, it is not to be finished without it. */
  nudge(lane: string, manner: Manner): void;
  interrupt(lane: string): void;
  send(lane: string): Promise<void>;
  /** What waits in this lane is for the process that took it, which answers whoever holds the line: others let it be for a while. */
  isHeldElsewhere(lane: string): boolean;
}
