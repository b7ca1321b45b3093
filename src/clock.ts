/** Time and randomness come only from here; tests put their own clock in its place. */
import { randomBytes, randomInt } from "node:crypto";

export interface Clock {
  /** Milliseconds since 1970. May jump: use `elapsed` for durations. */
  now(): number;
  /** Milliseconds since some fixed moment; never goes back. */
  elapsed(): number;
  /** Milliseconds since the machine began: what `elapsed` is for one process, for all that run there one after the other. */
  uptime?(): number;
  /** Resolves after `ms`; rejects with the signal's reason when aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /** Calls once after `ms`; the result cancels it. Does not keep the process alive. */
  after(ms: number, call: () => void): () => void;
  /** Calls every `ms`; the result cancels it. Does not keep the process alive. */
  every(ms: number, call: () => void): () => void;
  /** A new id, at most 25 characters of [0-9A-Za-z_]; later ids sort after earlier ones. */
  id(prefix: string): string;
  /** Ids from now on sort after this one, which another process has made; wherever the wall's clock stands. */
  idsAfter?(id: string): void;
  /** From now on `now` follows this moment, which a clock has said that several processes share; ids sort after it. */
  keepTo?(now: number): void;
  /** Six digits. */
  code(): string;
  /** 0 ≤ random < 1, for jitter. */
  random(): number;
}

export function createClock(): Clock {
  let last = 0;
  /** Milliseconds since 1970 at which `elapsed` was zero, once there is a shared clock. */
  let shared: number | undefined;
  let pool = Buffer.alloc(0);
  let used = 0;
  /** Eight hexadecimal digits. The system is asked for many at a time: one call costs as much as all of them. */
  const chance = () => {
    if (used === pool.length) {
      pool = randomBytes(4 * 256);
      used = 0;
    }
    used += 4;
    return pool.toString("hex", used - 4, used);
  };
  const now = () => (shared === undefined ? Date.now() : Math.floor(shared + performance.now()));
  return {
    now,
    elapsed: () => performance.now(),
    uptime: () => Number(process.hrtime.bigint() / 1_000_000n),
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        if (signal?.aborted) {
          reject(signal.reason);
          return;
        }
        const aborted = () => {
          clearTimeout(timer);
          reject(signal?.reason);
        };
        const timer = setTimeout(() => {
          signal?.removeEventListener("abort", aborted);
          resolve();
        }, ms);
        signal?.addEventListener("abort", aborted, { once: true });
      }),
    after(ms, call) {
      const timer = setTimeout(call, ms);
      timer.unref();
      return () => clearTimeout(timer);
    },
    every(ms, call) {
      const timer = setInterval(call, ms);
      timer.unref();
      return () => clearInterval(timer);
    },
    id(prefix) {
      last = Math.max(last + 1, now() * 1024);
      return `${prefix}_${last.toString(36)}${chance()}`;
    },
    idsAfter(id) {
      const stamp = Number.parseInt(/_([0-9a-z]+)[0-9a-f]{8}$/.exec(id)?.[1] ?? "", 36);
      if (Number.isSafeInteger(stamp)) last = Math.max(last, stamp);
    },
    keepTo(moment) {
      // Ids by this machine's own clock are nobody else's.
      last = shared === undefined ? moment * 1024 : Math.max(last, moment * 1024);
      shared = moment - performance.now();
    },
    code: () => String(randomInt(1_000_000)).padStart(6, "0"),
    random: () => Math.random(),
  };
}
