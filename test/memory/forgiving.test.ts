import { describe, expect, it } from "vitest";
import { DeskError } from "../../src/errors.ts";
import { createLog } from "../../src/log.ts";
import { forgiving } from "../../src/memory/forgiving.ts";
import type { Store } from "../../src/memory.ts";
import { createVirtualClock } from "../doubles/virtual-clock.ts";

const failing: Store<number> = {
  get: async () => Promise.reject(new DeskError("memory_failed", "down")),
  set: async () => Promise.reject(new DeskError("memory_failed", "down")),
  delete: async () => Promise.reject(new DeskError("memory_failed", "down")),
};

function setUp(store: Store<number>) {
  const lines: { event: string; failures: number }[] = [];
  const log = createLog("warn", { write: (line: string) => void lines.push(JSON.parse(line)) });
  const clock = createVirtualClock();
  return { lines, clock, store: forgiving(store, { clock, log }) };
}

describe("a forgiving store", () => {
  it("has nothing and keeps nothing where the memory fails", async () => {
    const { store } = setUp(failing);
    expect(await store.get("a")).toBe(undefined);
    expect(await store.set("a", 1)).toBe(undefined);
  });

  it("still says when something may not have been deleted", async () => {
    const { store } = setUp(failing);
    await expect(store.delete("a")).rejects.toMatchObject({ code: "memory_failed" });
  });

  it("logs one line a minute, with the number of failures since the last", async () => {
    const { store, lines, clock } = setUp(failing);
    for (let n = 0; n < 10; n++) await store.get("a");
    expect(lines.map((line) => [line.event, line.failures])).toEqual([["memory.failed", 1]]);
    await clock.pass(60_000);
    await store.set("a", 1);
    expect(lines.map((line) => line.failures)).toEqual([1, 10]);
  });

  it("passes through what works", async () => {
    const calls: unknown[] = [];
    const { store, lines } = setUp({
      get: async (key) => {
        calls.push(["get", key]);
        return 7;
      },
      set: async (...args) => void calls.push(["set", ...args]),
      delete: async (key) => void calls.push(["delete", key]),
    });
    expect(await store.get("a")).toBe(7);
    await store.set("a", 8, 1000);
    await store.delete("a");
    expect(calls).toEqual([
      ["get", "a"],
      ["set", "a", 8, 1000],
      ["delete", "a"],
    ]);
    expect(lines).toEqual([]);
  });
});
