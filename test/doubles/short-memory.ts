/** A memory that lasts as long as whoever has made it; nothing in it expires. */
import type { Memory } from "../../src/memory.ts";

export function createShortMemory(): Memory {
  const values = new Map<string, unknown>();
  return {
    store: <T>(namespace: string) => ({
      get: async (key) => values.get(`${namespace} ${key}`) as T | undefined,
      set: async (key, value) => void values.set(`${namespace} ${key}`, value),
      delete: async (key) => void values.delete(`${namespace} ${key}`),
    }),
    close: async () => {},
  };
}
