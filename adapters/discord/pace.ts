/**
 * Discord takes 50 calls a second from a bot. Replies go first. What only catches up has a tenth of it for certain, and
 * half while no reply waits. What is a mere courtesy is left out when there is much to do.
 */
import type { Clock } from "../../src/clock.ts";

/** `reply`: somebody waits for it. `read`: in the background. `courtesy`: now or never. */
export type Urgency = "reply" | "read" | "courtesy";

export interface Pace {
  /** Resolves to true when the call may be made; to false when a courtesy had better be left out, or reading has ended. */
  turn(urgency: Urgency): Promise<boolean>;
  /** Nothing is read any more. */
  stopReading(): void;
}

type Waiting = (may: boolean) => void;

const windowMs = 1_000;

export function createPace({ clock, perSecond }: { clock: Clock; perSecond: number }): Pace {
  const half = Math.max(1, Math.floor(perSecond / 2));
  const tenth = Math.max(1, Math.floor(perSecond / 10));
  const all = createWindow(clock);
  const reads = createWindow(clock);
  const waiting: { reply: Waiting[]; read: Waiting[] } = { reply: [], read: [] };
  let reading = true;
  let scheduled = false;

  function mayGo(urgency: Urgency): boolean {
    const made = all.lately();
    switch (urgency) {
      case "reply":
        return made < perSecond;
      case "read":
        return made < perSecond && (reads.lately() < tenth || (waiting.reply.length === 0 && made < half));
      case "courtesy":
        return waiting.reply.length === 0 && made < half;
    }
  }

  function go(urgency: Urgency): void {
    all.note();
    if (urgency === "read") reads.note();
  }

  /** Lets go on who may, and comes back when there is room again. */
  function advance(): void {
    scheduled = false;
    for (let next = nextInLine(); next; next = nextInLine()) {
      go(next);
      waiting[next].shift()?.(true);
    }
    if (waiting.reply.length + waiting.read.length > 0) schedule();
  }

  function schedule(): void {
    if (scheduled) return;
    scheduled = true;
    clock.after(roomInMs(), advance);
  }

  function nextInLine(): "reply" | "read" | undefined {
    if (waiting.read.length > 0 && mayGo("read")) return "read";
    return waiting.reply.length > 0 && mayGo("reply") ? "reply" : undefined;
  }

  /** Until the next call of the last second is a second old. */
  function roomInMs(): number {
    const limit = waiting.reply.length > 0 ? perSecond : half;
    return Math.max(1, Math.ceil(Math.min(all.roomInMs(limit), reads.roomInMs(tenth))));
  }

  return {
    turn(urgency) {
      if (urgency === "read" && !reading) return Promise.resolve(false);
      const first = urgency === "courtesy" || waiting[urgency].length === 0;
      if (first && mayGo(urgency)) {
        go(urgency);
        return Promise.resolve(true);
      }
      if (urgency === "courtesy") return Promise.resolve(false);
      return new Promise((resolve) => {
        waiting[urgency].push(resolve);
        schedule();
      });
    },
    stopReading() {
      reading = false;
      for (const end of waiting.read.splice(0)) end(false);
    },
  };
}

/** The calls of the last second. */
function createWindow(clock: Clock) {
  let made: number[] = [];
  function lately(): number {
    const since = clock.elapsed() - windowMs;
    const from = made.findIndex((at) => at > since);
    if (from !== 0) made = from < 0 ? [] : made.slice(from);
    return made.length;
  }
  return {
    lately,
    note: () => void made.push(clock.elapsed()),
    /** How long until fewer than `limit` have been made; 0: there are. */
    roomInMs(limit: number): number {
      const count = lately();
      const frees = count < limit ? undefined : made[count - limit];
      return frees === undefined ? 0 : frees + windowMs - clock.elapsed();
    },
  };
}
