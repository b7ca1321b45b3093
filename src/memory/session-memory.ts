/**
 * What is remembered of each thread, with write-behind: a turn reads and writes it in this process, and the memory gets
 * it about a second later, a thread at most once a second. A process that dies in between leaves the memory behind, as
 * the contract allows; `upTo` says how far.
 */
import { setImmediate } from "node:timers";
import type { Clock } from "../clock.ts";
import type { Log } from "../log.ts";
import type { Memory, Session, SessionMemory } from "../memory.ts";
import type { ThreadId } from "../thread.ts";
import { sparing } from "./forgiving.ts";

const behindMs = 1_000;
/** How many threads are held in this process; the others are read from the memory again. */
const threadsMax = 5_000;

/** @param parts.idleMs how long a thread is remembered after its last turn */
export function createSessionMemory(parts: {
  memory: Memory;
  clock: Clock;
  log: Log;
  idleMs: number;
}): SessionMemory {
  const { memory, clock, idleMs } = parts;
  const store = memory.store<unknown>("session");
  const complain = sparing(parts);
  /** The least recently used first. */
  const kept = new Map<ThreadId, Session>();
  /** Not in the memory yet, the oldest first. */
  const waiting = new Map<ThreadId, Session>();
  let cancel: (() => void) | undefined;
  let closed = false;
  let writing = Promise.resolve();
  let forgotten = 0;

  function writeSoon(): void {
    if (closed) return;
    cancel ??= clock.after(behindMs, () => {
      cancel = undefined;
      writing = writeAll().then(() => {
        if (waiting.size > 0) writeSoon();
      });
    });
  }

  /** One after the other, leaving the event loop to others in between; the first failure ends it until the next time. */
  async function writeAll(): Promise<void> {
    for (const [thread, session] of [...waiting]) {
      if (waiting.get(thread) !== session) continue;
      waiting.delete(thread);
      try {
        await store.set(thread, session, idleMs);
      } catch (error) {
        complain(error);
        if (!waiting.has(thread)) hold(waiting, thread, session);
        return;
      }
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  return {
    async get(thread) {
      const known = kept.get(thread) ?? waiting.get(thread);
      if (known) {
        hold(kept, thread, known);
        return known;
      }
      const before = forgotten;
      const read = await store.get(thread).then(sessionOf, complain);
      const newer = kept.get(thread) ?? waiting.get(thread);
      if (newer || forgotten !== before) return newer;
      if (read) hold(kept, thread, read);
      return read ?? undefined;
    },
    set(thread, session) {
      hold(kept, thread, session);
      hold(waiting, thread, session);
      writeSoon();
    },
    async forget(thread) {
      forgotten++;
      kept.delete(thread);
      waiting.delete(thread);
      // A write in the air would bring it back.
      await writing;
      kept.delete(thread);
      waiting.delete(thread);
      await store.delete(thread);
    },
    async close() {
      closed = true;
      cancel?.();
      await writing;
      await writeAll();
    },
  };
}

/** Puts it at the end, and lets go of the oldest when there are too many. */
function hold(map: Map<ThreadId, Session>, thread: ThreadId, session: Session): void {
  map.delete(thread);
  map.set(thread, session);
  const oldest = map.keys().next();
  if (map.size > threadsMax && !oldest.done) map.delete(oldest.value);
}

/** What an older or a broken version has left counts as nothing. */
function sessionOf(value: unknown): Session | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const { upTo, summary, specialist } = value as Record<string, unknown>;
  if (!Number.isSafeInteger(upTo)) return undefined;
  return {
    upTo: upTo as number,
    ...(typeof summary === "string" && { summary }),
    ...(typeof specialist === "string" && { specialist }),
  };
}
