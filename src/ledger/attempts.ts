/**
 * How often somebody has tried to be a customer, whoever it was and wherever: among the marks, so that it outlasts threads,
 * accounts, processes and the memory. It stands under a pseudonym, and is of no use after a day.
 */
import type { Clock } from "../clock.ts";
import type { Transaction } from "../ledger.ts";
import { readMark, writeMarks } from "./marks.ts";
import { pseudonyms } from "./pseudonyms.ts";

export interface Allowance {
  kind: "codes" | "tries";
  max: number;
  /** A day at most. */
  windowMs: number;
}

/** Whose attempts: those at a customer, by the company's id, or those of a thread at nobody who is on file. */
export interface Counted {
  of: "customer" | "thread";
  id: string;
}

interface Attempts {
  /** When there was something to count last, allowed or not. */
  last: number;
  /** When it was put on record last that a limit was reached. */
  told: { codes?: number; tries?: number };
  codes: number[];
  tries: number[];
}

/** Of these notes among the marks. */
export const attemptsPlace = "identity";
const attemptsKeptMs = 86_400_000;

/** Whether one more is allowed. */
export async function mayAttempt(
  tx: Transaction,
  clock: Clock,
  counted: Counted,
  allowance: Allowance,
): Promise<boolean> {
  const attempts = await read(tx, await nameOf(tx, clock, counted));
  return within(attempts, allowance, clock.now()).length < allowance.max;
}

/**
 * Counts one, unless there have been as many as are allowed. What is written is as much in either case, so that an answer
 * takes as long.
 * @returns `reached`: that this was the last one is to be put on record; once a day
 */
export async function takeAttempt(
  tx: Transaction,
  clock: Clock,
  counted: Counted,
  allowance: Allowance,
): Promise<{ taken: boolean; reached: boolean }> {
  const { kind, max } = allowance;
  const now = clock.now();
  const name = await nameOf(tx, clock, counted);
  const attempts = await read(tx, name);
  const times = within(attempts, allowance, now);
  const taken = times.length < max;
  const told = attempts.told[kind];
  const reached = times.length + 1 === max && (told === undefined || !isLately(told, now, attemptsKeptMs));
  const next: Attempts = {
    ...attempts,
    last: now,
    told: { ...attempts.told, ...(reached ? { [kind]: now } : {}) },
    [kind]: taken ? [...times, now] : times,
  };
  await writeMarks(tx, attemptsPlace, [[name, JSON.stringify(next)]]);
  return { taken, reached };
}

export async function forgetAttempts(tx: Transaction, clock: Clock, counted: Counted): Promise<void> {
  await writeMarks(tx, attemptsPlace, [[await nameOf(tx, clock, counted), undefined]]);
}

/** Notes that limit nobody any more; how many. */
export async function forgetOldAttempts(
  tx: Transaction,
  notes: readonly { id: string; value: string }[],
  now: number,
): Promise<number> {
  let count = 0;
  for (const { id, value } of notes) {
    if (isLately((JSON.parse(value) as Attempts).last, now, attemptsKeptMs)) continue;
    // One that has been counted on since stays.
    count += await tx.run(
      "DELETE FROM marks WHERE platform = ? AND name = ? AND value = ?",
      attemptsPlace,
      id,
      value,
    );
  }
  return count;
}

async function nameOf(tx: Transaction, clock: Clock, { of, id }: Counted): Promise<string> {
  const pseudonym = await pseudonyms(tx, clock);
  return pseudonym(`${of} ${id}`);
}

async function read(tx: Transaction, name: string): Promise<Attempts> {
  const value = await readMark(tx, attemptsPlace, name);
  return value === undefined ? { last: 0, told: {}, codes: [], tries: [] } : (JSON.parse(value) as Attempts);
}

const within = (attempts: Attempts, { kind, windowMs }: Allowance, now: number): number[] =>
  attempts[kind].filter((at) => isLately(at, now, windowMs));

/** By a clock that may have been set: what it says of tomorrow is not counted for ever. */
const isLately = (at: number, now: number, windowMs: number): boolean => Math.abs(now - at) < windowMs;
