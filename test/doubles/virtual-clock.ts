/**
 * A clock whose time passes only when nothing else can happen: hours take milliseconds, and a run is the same every
 * time. What has been told of the wall can jump; what has elapsed cannot.
 */
import type { Clock } from "../../src/clock.ts";

export interface VirtualClock extends Clock {
  /** Lets time go by, and everything happen that is due meanwhile. */
  pass(ms: number): Promise<void>;
  /** The machine sleeps for so long: what was due meanwhile happens once, when it wakes. Days cost nothing. */
  sleepThrough(ms: number): Promise<void>;
  /** Lets as much time go by as it takes. @throws when nothing is left that could bring it about */
  until<T>(work: Promise<T>): Promise<T>;
  /** The wall clock is put forward or back. */
  jump(ms: number): void;
  /** A new process: the timers of the old one are gone, and its ids are forgotten. */
  reboot(): void;
}

interface Timer {
  at: number;
  call(): void;
}

const start = 1_790_000_000_000;
/** Whatever is awaited for longer than this never comes. */
const patienceMs = 2 * 86_400_000;

/** @param busy whether something is under way that takes time of its own, e.g. a server's answer: no time passes then */
export function createVirtualClock(busy: () => boolean = () => false): VirtualClock {
  let elapsed = 0;
  let ahead = 0;
  let last = 0;
  let dice = 1;
  let timers: Timer[] = [];

  function random(): number {
    dice = (dice * 1_103_515_245 + 12_345) % 2_147_483_648;
    return dice / 2_147_483_648;
  }

  const now = () => start + elapsed + ahead;

  function after(ms: number, call: () => void): () => void {
    const timer = { at: elapsed + Math.max(0, Math.ceil(ms)), call };
    timers.push(timer);
    return () => {
      timers = timers.filter((other) => other !== timer);
    };
  }

  function next(before: number): Timer | undefined {
    let first: Timer | undefined;
    for (const timer of timers) if (timer.at <= before && (!first || timer.at < first.at)) first = timer;
    return first;
  }

  function fire(timer: Timer): void {
    elapsed = Math.max(elapsed, timer.at);
    timers = timers.filter((other) => other !== timer);
    timer.call();
  }

  /** Time enough for promises and commits that lead to one another. */
  async function settled(): Promise<void> {
    for (let n = 0; n < 6; n = busy() ? 0 : n + 1) await new Promise((resolve) => setImmediate(resolve));
  }

  async function pass(ms: number): Promise<void> {
    const end = elapsed + ms;
    await settled();
    for (let timer = next(end); timer; timer = next(end)) {
      fire(timer);
      await settled();
    }
    elapsed = end;
  }

  return {
    now,
    elapsed: () => elapsed,
    after,
    every(ms, call) {
      let cancel = () => {};
      const again = () => {
        cancel = after(ms, () => {
          again();
          call();
        });
      };
      again();
      return () => cancel();
    },
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        if (signal?.aborted) {
          reject(signal.reason);
          return;
        }
        const aborted = () => {
          cancel();
          reject(signal?.reason);
        };
        const cancel = after(ms, () => {
          signal?.removeEventListener("abort", aborted);
          resolve();
        });
        signal?.addEventListener("abort", aborted, { once: true });
      }),
    id(prefix) {
      last = Math.max(last + 1, now() * 1024);
      return `${prefix}_${last.toString(36)}${Math.floor(random() * 2 ** 31)
        .toString(16)
        .padStart(8, "0")}`;
    },
    idsAfter(id) {
      last = Math.max(last, Number.parseInt(id.slice(id.indexOf("_") + 1, -8), 36));
    },
    code: () => "123456",
    random,
    pass,
    async sleepThrough(ms) {
      await settled();
      elapsed += ms;
      await pass(0);
    },
    async until(work) {
      let over = false;
      const end = () => {
        over = true;
      };
      work.then(end, end);
      const late = elapsed + patienceMs;
      for (let idle = 0; !over; ) {
        await settled();
        const timer = next(late);
        if (over) break;
        if (timer) fire(timer);
        else if (++idle > 50) throw new Error("nothing is left to happen, and it has not come");
      }
      return work;
    },
    jump(ms) {
      ahead += ms;
    },
    reboot() {
      timers = [];
      last = 0;
    },
  };
}
