/** The connections on which a process reads: opened when they are needed, one statement at a time on each. */
import type { Connection } from "./postgres-connection.ts";

export interface Readers {
  /** Waits for a free connection. */
  using<T>(ask: (connection: Connection) => Promise<T>): Promise<T>;
  /** After what is under way. */
  close(): Promise<void>;
}

export function createReaders(parts: { connect(): Promise<Connection>; connectionsMax: number }): Readers {
  const free: Connection[] = [];
  const waiting: (() => void)[] = [];
  let inUse = 0;

  async function taken(): Promise<Connection> {
    while (inUse >= parts.connectionsMax) await new Promise<void>((resolve) => waiting.push(resolve));
    inUse += 1;
    for (let open = free.pop(); open; open = free.pop()) if (!open.lost()) return open;
    try {
      return await parts.connect();
    } catch (error) {
      release(undefined);
      throw error;
    }
  }

  function release(connection: Connection | undefined): void {
    inUse -= 1;
    if (connection && !connection.lost()) free.push(connection);
    waiting.shift()?.();
  }

  return {
    async using(ask) {
      const connection = await taken();
      try {
        return await ask(connection);
      } finally {
        release(connection);
      }
    },
    async close() {
      while (inUse > 0) await new Promise<void>((resolve) => waiting.push(resolve));
      await Promise.all(free.splice(0).map((connection) => connection.close()));
    },
  };
}
