/**
 * What a run leaves behind, as the judge reads it: what the doubles saw, what the ledger's file says, what was logged.
 * Nothing here was told by the desk's memory. Times are milliseconds since 1970 by the clock of the run, not of the desk.
 */

/** A person's message. Threads have the ids of the ledger, e.g. `slack:T1:D1`. */
export interface Said {
  /** Stands in its text, nowhere else: `q17` of a customer, `st3` of staff. Empty for a plain yes. */
  marker: string;
  /** The ledger's id of the message. */
  message: string;
  thread: string;
  text: string;
  at: number;
  /** The platform's own order in the thread; compares as a string. */
  order: string;
  /** When the platform was first told that we have it. */
  ackedAt?: number;
}

/** A call by which the desk shows something, changes it or takes it back. */
export interface Stroke {
  at: number;
  /** Where it is seen; undefined when that cannot be told. */
  thread: string | undefined;
  does: "post" | "draft" | "more" | "finish" | "edit" | "remove";
  text: string;
  /** Whether the platform did it; the reply may have been lost all the same. */
  done: boolean;
}

/** A message of the desk that is visible at the end. */
export interface Shown {
  thread: string;
  message: string;
  text: string;
  at: number;
  /** The outbox id that it carries. */
  key: string | undefined;
  /** Still being written, for ever. */
  unfinished: boolean;
}

/** What a member of staff pressed, when the desk took it. */
export interface Pressed {
  at: number;
  by: string;
  label: string;
  /** A ticket's number, or an intent's id. */
  value: string;
}

/** Money that the payment backend moved. */
export interface Effect {
  at: number;
  key: string;
  subject: string;
  minor: number;
  customer: string;
}

export interface AuditRow {
  id: string;
  /** A desk whose clock was wrong by days has written another day; that has been put right. */
  at: number;
  actor: string;
  action: string;
  subject: string;
  thread: string | null;
  turn: string | null;
  detail: Record<string, unknown>;
}

/** What the ledger's file says at the end. */
export interface Books {
  audit: AuditRow[];
  tickets: { number: number; thread: string; card: string | null; deskThread: string | null }[];
  /** Which reply belongs to which message: both are in one turn. */
  turns: { message: string; reply: string }[];
  journal: { turn: string; thread: string; calls: number }[];
  intents: { id: string; state: string; subject: string; minor: number | null; thread: string }[];
  /** When each message was committed. */
  heard: { message: string; at: number }[];
  /** What has not been dealt with, in words. */
  left: string[];
}

/** The desk could not work: it was dead, or something that it needs was. */
export interface Outage {
  from: number;
  to: number;
  what: string;
  /** Only this thread suffered. */
  thread?: string;
  /** Others worked on: what this process had in hand waits until its claims run out, and nothing else. */
  takenFrom?: string;
  /** Exactly so long nothing could be written. */
  unwritable?: boolean;
}

/** A process listens, on a platform where one does so for all; `to` is missing while it goes on. */
export interface Listening {
  by: string;
  from: number;
  to?: number;
}

/** A process asks the model about some words. */
export interface Asked {
  at: number;
  by: string;
  /** The markers in the customer's words. */
  markers: string[];
}

export interface Early {
  /** What was not to be called: a method, and where. */
  gate: string;
  /** Which process was told, and which one came. */
  toldAt: number;
  to: string;
  at: number;
  by: string;
}

export interface Ack {
  at: number;
  tookMs: number;
}

/** Something done to the desk, for the stories. */
export interface Blow {
  at: number;
  what: string;
}

export interface RunRecord {
  deskChannel: string;
  said: Said[];
  strokes: Stroke[];
  shown: Shown[];
  pressed: Pressed[];
  effects: Effect[];
  books: Books;
  outages: Outage[];
  asked: Asked[];
  /** Missing where every process listens, and what is not acknowledged comes again. */
  listened?: Listening[];
  blows: Blow[];
  acks: Ack[];
  /** What the doubles have to object to: forbidden arguments and the like. */
  offences: string[];
  /** Calls inside of a Retry-After. */
  early: Early[];
  /** Everything that the desk logged. */
  logs: string;
  /** What must stand nowhere in logs and in the human channel. */
  canaries: string[];
  /** How long the backlog took after the last fault; undefined when it was never gone. */
  drainedMs: number | undefined;
  /** Deaths that nobody has caused, with the process's last words. */
  fell: { at: number; words: string; ready: boolean }[];
  /** How the last process ended after SIGTERM. */
  exit: { code: number | null; tookMs: number };
}
