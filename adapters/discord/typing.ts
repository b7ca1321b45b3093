/** "Deskhand is typing…": lasts ten seconds on Discord, so it is said again until told otherwise, or for two minutes. */
import type { Clock } from "../../src/clock.ts";
import type { Log } from "../../src/log.ts";
import type { ThreadId } from "../../src/thread.ts";

export interface Typing {
  start(thread: ThreadId): Promise<void>;
  stop(thread: ThreadId): void;
  stopAll(): void;
}

const everyMs = 8_000;
const atMostMs = 120_000;

export function createTyping(parts: {
  /** Shows it once. @throws DeskError */
  show(thread: ThreadId): Promise<void>;
  clock: Clock;
  log: Log;
}): Typing {
  const { clock, log } = parts;
  const running = new Map<ThreadId, () => void>();

  function stop(thread: ThreadId): void {
    running.get(thread)?.();
    running.delete(thread);
  }

  async function show(thread: ThreadId): Promise<void> {
    try {
      await parts.show(thread);
    } catch (error) {
      // Only a courtesy: the post itself will say what is wrong.
      log.debug("discord.typing_failed", { thread, error });
      stop(thread);
    }
  }

  return {
    async start(thread) {
      if (running.has(thread)) return;
      const stopAgain = clock.every(everyMs, () => void show(thread));
      const stopAtLast = clock.after(atMostMs, () => stop(thread));
      running.set(thread, () => {
        stopAgain();
        stopAtLast();
      });
      await show(thread);
    },
    stop,
    stopAll() {
      for (const thread of [...running.keys()]) stop(thread);
    },
  };
}
