/** What the memory has of a customer, by the keys that it is kept under. */
import type { Memory, SessionMemory } from "../memory.ts";
import type { ThreadId } from "../thread.ts";

export interface Forgetting {
  /** @throws DeskError memory_failed when something may still be there */
  forget(threads: readonly ThreadId[]): Promise<void>;
  /** What is remembered of a conversation; undefined when nothing is, or the memory fails. */
  recall(thread: ThreadId): Promise<unknown>;
  /** The same as of the memory. @returns whether nothing is left on the disk. @throws DeskError memory_failed */
  scrub(bytesMax?: number): Promise<boolean>;
}

/** Every namespace whose keys are threads. */
const byThread = ["session", "verification"];

/** @param sessions a running desk's own, which keeps sessions in this process as well */
export function forgettingIn(memory: Memory, sessions?: SessionMemory): Forgetting {
  const stores = byThread.map((name) => memory.store<unknown>(name));
  const session = memory.store<unknown>("session");
  return {
    async forget(threads) {
      for (const thread of threads) {
        await sessions?.forget(thread);
        for (const store of stores) await store.delete(thread);
      }
    },
    recall: (thread) => sessions?.get(thread) ?? session.get(thread).catch(() => undefined),
    scrub: async (bytesMax) => (await memory.scrub?.(bytesMax)) ?? true,
  };
}
