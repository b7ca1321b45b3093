/** What the processes of a desk say to each other, as text. */
import type { Manner } from "../crew.ts";
import type { Queue } from "./hand-out.ts";

export type Word =
  /** Something waits in this lane, and anybody may take it. */
  | { says: "offered"; queue: Queue; lane: string; manner: Manner }
  | { says: "interrupt"; lane: string }
  /** A process was told to wait for `ms`, until this moment of the database's time. */
  | { says: "wait"; name: string; ms: number; until: number; by: string }
  /** Something may have been left behind. */
  | { says: "look" };

export function writeWord(word: Word): string {
  return JSON.stringify(word);
}

/** Undefined for what another version of the program says. */
export function readWord(text: string): Word | undefined {
  try {
    const word = JSON.parse(text) as Partial<Word> | null;
    switch (word?.says) {
      case "offered":
        return word.lane !== undefined && word.queue !== undefined && word.manner
          ? (word as Word)
          : undefined;
      case "interrupt":
        return word.lane === undefined ? undefined : (word as Word);
      case "wait":
        return typeof word.name === "string" && typeof word.ms === "number" && typeof word.until === "number"
          ? (word as Word)
          : undefined;
      case "look":
        return { says: "look" };
      case undefined:
        return undefined;
    }
  } catch {
    return undefined;
  }
}
