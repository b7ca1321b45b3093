/**
 * What a Retry-After said, kept in the ledger and told to the other processes of the desk: whoever is started again, or
 * stands beside, does not ask inside of it either. Nothing is read or written where nobody asks to wait.
 */
import type { Clock } from "./clock.ts";
import { readMark, readMarks, writeMarks } from "./ledger/marks.ts";
import type { Ledger, Transaction } from "./ledger.ts";
import type { Log } from "./log.ts";
import { createWaits, type Waits } from "./waits.ts";

export interface KeptWaits {
  /** @param owner who asks to wait: a word, e.g. `slack` */
  of(owner: string): Waits;
  /** Learns from the ledger what has been said before, and again when words of others may have been lost. Never throws. */
  recall(): Promise<void>;
  /** Another process has been told so just now. @param name with its owner's before it */
  heard(name: string, ms: number): void;
}

export interface KeptWaitsParts {
  ledger: Ledger;
  /** Whether several processes go by the database's time; otherwise one goes by its machine's, which no hand sets. */
  shared: boolean;
  /** Tells the other processes. */
  tell(name: string, ms: number): void;
  clock: Clock;
  log: Log;
}

/** The place of these notes among the marks. */
const place = "waits";
/** Whoever begins anew is not told the end of a shorter one: it takes as long to begin. */
const keptFromMs = 1_000;
/** Longer than this nobody waits for what an earlier process was told. */
const recalledMaxMs = 600_000;
/** What may pass between a word and its being noted. */
const marginMs = 50;
const forgetEveryMs = 60_000;
/** How soon what could not be written is tried again. */
const writeAgainMs = 1_000;

interface Note {
  /** When it ends, in milliseconds by the clock that outlives the process. */
  until: number;
  /** How long it was said to be. */
  ms: number;
}

/** What is to be written. */
interface Fresh {
  /** When it ends, by `clock.elapsed`. */
  end: number;
  /** How long it was said to be. */
  ms: number;
}

export function createKeptWaits(parts: KeptWaitsParts): KeptWaits {
  const { ledger, clock, log } = parts;
  const known = new Map<string, Waits>();
  const fresh = new Map<string, Fresh>();
  let writing = false;
  let writingAgain = false;
  let forgetting = false;

  function knownOf(owner: string): Waits {
    const waits = known.get(owner) ?? createWaits(clock);
    known.set(owner, waits);
    return waits;
  }

  function heard(name: string, ms: number): void {
    const [owner = "", ...rest] = name.split(" ");
    knownOf(owner).note(rest.join(" "), ms);
  }

  function keep(name: string, ms: number): void {
    parts.tell(name, ms);
    if (ms < keptFromMs) return;
    add(name, { end: clock.elapsed() + ms, ms });
    void write();
  }

  /** Two calls under way at once may be told different ends: it is the later one that nobody may call inside of. */
  function add(name: string, wait: Fresh): void {
    if ((fresh.get(name)?.end ?? 0) < wait.end) fresh.set(name, wait);
  }

  async function write(): Promise<void> {
    if (writing) return;
    writing = true;
    try {
      while (fresh.size > 0) await writeFresh();
    } catch (error) {
      log.warn("waits.not_kept", { error });
      writeLater();
    } finally {
      writing = false;
    }
    forgetLater();
  }

  async function writeFresh(): Promise<void> {
    const due = [...fresh];
    fresh.clear();
    try {
      await ledger.write(async (tx) => writeMarks(tx, place, await longerThanKept(tx, due)), { lazy: true });
      log.debug("waits.kept", { names: due.map(([name]) => name) });
    } catch (error) {
      for (const [name, wait] of due) if (wait.end > clock.elapsed()) add(name, wait);
      throw error;
    }
  }

  function writeLater(): void {
    if (writingAgain || fresh.size === 0) return;
    writingAgain = true;
    clock.after(writeAgainMs, () => {
      writingAgain = false;
      void write();
    });
  }

  /** What was kept before, perhaps by another process, may end later. */
  async function longerThanKept(
    tx: Transaction,
    due: readonly [string, Fresh][],
  ): Promise<[string, string][]> {
    const now = timeIn(tx);
    const longer: [string, string][] = [];
    for (const [name, { end, ms }] of due) {
      const note: Note = { until: Math.ceil(now + end - clock.elapsed()), ms };
      const kept = await readMark(tx, place, name);
      if (kept !== undefined && leftOf(JSON.parse(kept) as Note, now) >= leftOf(note, now)) continue;
      longer.push([name, JSON.stringify(note)]);
    }
    return longer;
  }

  const timeIn = (tx: Transaction): number => (parts.shared ? tx.now : (clock.uptime?.() ?? clock.now()));

  /** A clock that is not the one it was noted by makes a wait no longer than it was said to be. */
  const leftOf = ({ until, ms }: Note, now: number): number => Math.min(until - now + marginMs, ms);

  async function recall(): Promise<void> {
    try {
      // As a rule there is none, and nothing to write.
      if ((await ledger.read((tx) => readMarks(tx, place))).length === 0) return;
      for (const [name, left] of await ledger.write(forgetPast, { lazy: true })) heard(name, left);
      forgetLater();
    } catch (error) {
      log.warn("waits.not_recalled", { error });
    }
  }

  /**
   * What was noted by a clock that is not this one (the machine has been started anew, the desk has moved) would never be
   * past: it counts from now.
   * @returns what is not past, and how long it still is
   */
  async function forgetPast(tx: Transaction): Promise<[name: string, left: number][]> {
    const now = timeIn(tx);
    const left: [string, number][] = [];
    const changes: [string, string | undefined][] = [];
    for (const [name, value] of await readMarks(tx, place)) {
      const note = JSON.parse(value) as Note;
      const ms = leftOf(note, now);
      if (ms > 0) left.push([name, Math.min(ms, recalledMaxMs)]);
      if (ms <= 0) changes.push([name, undefined]);
      else if (note.until > now + note.ms + marginMs)
        changes.push([name, JSON.stringify({ ...note, until: now + note.ms })]);
    }
    await writeMarks(tx, place, changes);
    return left;
  }

  function forgetLater(): void {
    if (forgetting) return;
    forgetting = true;
    clock.after(forgetEveryMs, () => {
      forgetting = false;
      ledger.write(forgetPast, { lazy: true }).then(
        (left) => left.length > 0 && forgetLater(),
        (error: unknown) => log.debug("waits.not_forgotten", { error }),
      );
    });
  }

  return {
    of(owner) {
      const waits = knownOf(owner);
      return {
        left: waits.left,
        note(name, ms) {
          waits.note(name, ms);
          keep(`${owner} ${name}`, ms);
        },
      };
    },
    recall,
    heard,
  };
}
