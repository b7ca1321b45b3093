/**
 * What the ledger is still to be told of rows that have been sent: a moment later, many in one commit. What is left when
 * the process ends is made good at the next start, where such rows are looked for.
 */
import type { Clock } from "./clock.ts";
import { codeOf, type ErrorCode } from "./errors.ts";
import type { OutboxRow } from "./ledger/outbox.ts";
import type { Ledger, Transaction } from "./ledger.ts";
import type { Log } from "./log.ts";

/** That a row of this lane was sent. */
export interface Note {
  lane: string;
  /** @returns the rows that follow from it */
  write(tx: Transaction): Promise<OutboxRow[]>;
}

export interface NotesParts {
  ledger: Ledger;
  push(rows: readonly OutboxRow[]): void;
  /** The ledger has been told of something. */
  noted(): void;
  stopping: AbortSignal;
  clock: Clock;
  log: Log;
}

const noteAfterMs = 10;
const noteAgainAfterMs = 1_000;
/** Why a note may be refused now, and taken later. */
const passing = new Set<ErrorCode | undefined>(["ledger_busy", "ledger_full"]);

export function createNotes({ ledger, push, noted, stopping, clock, log }: NotesParts) {
  const notes: Note[] = [];
  const writing = new Set<Note>();

  function add(note: Note): void {
    notes.push(note);
    if (notes.length === 1) void clock.sleep(noteAfterMs, stopping).then(write, write);
  }

  /** What cannot be noted for now is noted a moment later. */
  async function write(): Promise<void> {
    const due = notes.splice(0);
    if (due.length === 0) return;
    for (const note of due) writing.add(note);
    try {
      const next = await ledger.write(async (tx) => {
        const rows: OutboxRow[] = [];
        for (const note of due) rows.push(...(await note.write(tx)));
        return rows;
      });
      push(next);
    } catch (error) {
      log.error("send.unnoted", { rows: due.length, error });
      if (stopping.aborted || !passing.has(codeOf(error))) return;
      notes.unshift(...due);
      void clock.sleep(noteAgainAfterMs, stopping).then(write, () => {});
    } finally {
      for (const note of due) writing.delete(note);
      noted();
    }
  }

  /** Whose notes are not written yet. */
  const lanes = (): string[] => [...notes, ...writing].map((note) => note.lane);

  return { add, write, lanes };
}
