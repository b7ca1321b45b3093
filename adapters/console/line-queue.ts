/**
 * The order in which lines are dealt with. Each waits until what the one before it caused has ended, so that a script in
 * a pipe reads like a conversation; only customers' lines that stand together are taken together, for then they are safe
 * in the ledger, and answered one after the other all the same.
 *
 * A person may step in: a staff line that comes while the bot is at work waits for it a moment only. Where there is
 * nothing yet that it could be about, it waits its turn: the ticket may be what the bot is about to open.
 */
import type { Clock } from "../../src/clock.ts";

export interface LineQueueParts<Line> {
  /** Customers' lines are taken together, staff may step in, and all others stand alone. */
  kindOf(line: Line): "customer" | "staff" | "other";
  /** Deals with a line; never rejects. False: no line after it counts. */
  take(line: Line): Promise<boolean>;
  /** Whether a staff line can do something now. */
  hasGround(line: Line): Promise<boolean>;
  /** Resolves when what has been taken has come to its end. */
  settled(): Promise<void>;
  /** There is nothing to do; or there is again. */
  resting(resting: boolean): void;
  /** So many wait that no more should be read; or there is room again. */
  full(full: boolean): void;
  /** Every line has been dealt with, and no more will come. */
  over(): void;
  clock: Clock;
}

export interface LineQueue<Line> {
  /** Lines that were read together. */
  add(lines: readonly Line[]): void;
  /** No more will come. */
  end(): void;
  readonly busy: boolean;
}

/** One line in the queue; two lines that read alike are two. */
interface Waiting<Line> {
  line: Line;
}

const togetherMax = 50;
const waitingMax = 1000;
const stepInAfterMs = 300;

export function createLineQueue<Line>(parts: LineQueueParts<Line>): LineQueue<Line> {
  const queue: Waiting<Line>[] = [];
  let busy = false;
  let ended = false;
  let over = false;
  let isFull = false;

  async function pump(): Promise<void> {
    if (busy || over) return;
    busy = true;
    parts.resting(false);
    while (queue.length > 0 && !over) {
      const taken = await Promise.all(next().map(({ line }) => parts.take(line)));
      if (taken.includes(false)) return finish();
      await parts.settled();
    }
    busy = false;
    if (ended) finish();
    else parts.resting(true);
  }

  /** The head of the queue, and the customers' lines that follow a customer's line. */
  function next(): Waiting<Line>[] {
    const end = queue.findIndex(({ line }) => parts.kindOf(line) !== "customer");
    const together = end < 0 ? queue.length : end;
    const taken = queue.splice(0, Math.min(togetherMax, Math.max(1, together)));
    control();
    return taken;
  }

  /** A staff line that is still waiting does not wait any longer, unless another staff line waits before it. */
  async function stepIn(entry: Waiting<Line>): Promise<void> {
    if (!(await parts.hasGround(entry.line))) return;
    const first = queue.find(({ line }) => parts.kindOf(line) === "staff");
    if (first !== entry || over) return;
    queue.splice(queue.indexOf(entry), 1);
    await parts.take(entry.line);
  }

  function control(): void {
    if (queue.length > waitingMax === isFull) return;
    isFull = !isFull;
    parts.full(isFull);
  }

  function finish(): void {
    if (over) return;
    over = true;
    queue.length = 0;
    parts.over();
  }

  return {
    add(lines) {
      const entries = lines.map((line) => ({ line }));
      const [first] = entries;
      if (first && busy && parts.kindOf(first.line) === "staff") {
        parts.clock.after(stepInAfterMs, () => void stepIn(first));
      }
      queue.push(...entries);
      control();
      void pump();
    },
    end() {
      ended = true;
      void pump();
    },
    get busy() {
      return busy;
    },
  };
}
