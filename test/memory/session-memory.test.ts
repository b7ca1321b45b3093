import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { codeOf, DeskError } from "../../src/errors.ts";
import { createLog } from "../../src/log.ts";
import { createMemory } from "../../src/memory/memory.ts";
import { createSessionMemory } from "../../src/memory/session-memory.ts";
import type { Memory, Session, Store } from "../../src/memory.ts";
import { createVirtualClock, type VirtualClock } from "../doubles/virtual-clock.ts";

const log = createLog("silent");
const idleMs = 86_400_000;
const thread = "slack:T1:C1:1.2";

let clock: VirtualClock;
beforeEach(() => {
  clock = createVirtualClock();
});

describe("session memory in a file", () => {
  let dir: string;
  let memory: Memory;
  beforeEach(async () => {
    dir = mkdtempSync(join(tmpdir(), "deskhand-session-"));
    memory = await createMemory({ path: join(dir, "memory.sqlite"), clock, log });
  });
  afterEach(async () => {
    await memory.close();
    rmSync(dir, { recursive: true, force: true });
  });

  const session: Session = {
    upTo: 12,
    summary: "Wants a refund.",
    specialist: "billing",
  };

  it("is there at once, about a second later beyond this process, and after a restart", async () => {
    const sessions = createSessionMemory({ memory, clock, log, idleMs });
    sessions.set(thread, session);
    expect(await sessions.get(thread)).toEqual(session);
    expect(await memory.store("session").get(thread)).toBe(undefined);
    await clock.pass(1_000);
    expect(await memory.store("session").get(thread)).toEqual(session);
    const restarted = createSessionMemory({ memory, clock, log, idleMs });
    expect(await restarted.get(thread)).toEqual(session);
    expect(await restarted.get("slack:T1:C1:other")).toBe(undefined);
  });

  it("is kept when it closes before the second is over", async () => {
    const sessions = createSessionMemory({ memory, clock, log, idleMs });
    sessions.set(thread, session);
    sessions.set("discord:1:2", { upTo: 3 });
    await sessions.close();
    const restarted = createSessionMemory({ memory, clock, log, idleMs });
    expect(await restarted.get(thread)).toEqual(session);
    expect(await restarted.get("discord:1:2")).toEqual({ upTo: 3 });
  });

  it("is nothing when what is kept has another form", async () => {
    const raw = memory.store<unknown>("session");
    for (const value of ["text", null, 5, [], { upTo: "9" }, { summary: "no number" }, { upTo: 1.5 }]) {
      await raw.set(thread, value);
      const sessions = createSessionMemory({ memory, clock, log, idleMs });
      expect(await sessions.get(thread)).toBe(undefined);
    }
    await raw.set(thread, { upTo: 4, summary: 7, specialist: "billing", more: true });
    const sessions = createSessionMemory({ memory, clock, log, idleMs });
    expect(await sessions.get(thread)).toEqual({ upTo: 4, specialist: "billing" });
  });
});

describe("session memory over a store that is watched", () => {
  function setUp() {
    const values = new Map<string, unknown>();
    const sets: { key: string; value: unknown; ttlMs: number | undefined }[] = [];
    const gate: { gets: (() => void)[] | undefined; fail: boolean; hold: (() => void)[] | undefined } = {
      gets: undefined,
      fail: false,
      hold: undefined,
    };
    const down = () => new DeskError("memory_failed", "down");
    const store: Store<unknown> = {
      async get(key) {
        if (gate.fail) throw down();
        const value = values.get(key);
        if (gate.gets) await new Promise<void>((resolve) => gate.gets?.push(resolve));
        return value;
      },
      async set(key, value, ttlMs) {
        if (gate.fail) throw down();
        sets.push({ key, value, ttlMs });
        if (gate.hold) await new Promise<void>((resolve) => gate.hold?.push(resolve));
        values.set(key, value);
      },
      async delete(key) {
        if (gate.fail) throw down();
        values.delete(key);
      },
    };
    const memory: Memory = { store: <T>() => store as Store<T>, close: async () => {} };
    const sessions = createSessionMemory({ memory, clock, log, idleMs });
    return { sessions, values, sets, gate };
  }

  it("writes a thread at most once a second, the last value, for as long as a thread may be idle", async () => {
    const { sessions, sets } = setUp();
    for (let upTo = 1; upTo <= 50; upTo++) {
      sessions.set(thread, { upTo });
      await clock.pass(100);
    }
    await clock.pass(2_000);
    expect(sets.length).toBeGreaterThanOrEqual(4);
    expect(sets.length).toBeLessThanOrEqual(6);
    expect(sets.at(-1)).toEqual({ key: thread, value: { upTo: 50 }, ttlMs: idleMs });
  });

  it("reads a thread once, and then from this process", async () => {
    const { sessions, values, gate } = setUp();
    values.set(thread, { upTo: 5 });
    expect(await sessions.get(thread)).toEqual({ upTo: 5 });
    gate.fail = true;
    expect(await sessions.get(thread)).toEqual({ upTo: 5 });
  });

  it("what is set while it is being read wins over what was read", async () => {
    const { sessions, values, gate } = setUp();
    values.set(thread, { upTo: 5 });
    gate.gets = [];
    const reading = sessions.get(thread);
    sessions.set(thread, { upTo: 6 });
    for (const open of gate.gets) open();
    expect(await reading).toEqual({ upTo: 6 });
    expect(await sessions.get(thread)).toEqual({ upTo: 6 });
  });

  it("a memory that fails has nothing and takes nothing, and gets what is waiting when it is back", async () => {
    const { sessions, values, gate } = setUp();
    gate.fail = true;
    expect(await sessions.get("slack:unknown")).toBe(undefined);
    sessions.set(thread, { upTo: 1 });
    sessions.set("slack:b", { upTo: 2 });
    await clock.pass(5_000);
    expect(await sessions.get(thread)).toEqual({ upTo: 1 });
    gate.fail = false;
    await clock.pass(2_000);
    expect(Object.fromEntries(values)).toEqual({ [thread]: { upTo: 1 }, "slack:b": { upTo: 2 } });
  });

  it("closes although the memory fails", async () => {
    const { sessions, gate } = setUp();
    sessions.set(thread, { upTo: 1 });
    gate.fail = true;
    await sessions.close();
  });

  it("forgets a thread everywhere, also when it is being written or read at that moment", async () => {
    const { sessions, values, gate } = setUp();
    gate.hold = [];
    sessions.set(thread, { upTo: 1 });
    await clock.pass(1_000);
    expect(gate.hold).toHaveLength(1);
    sessions.set(thread, { upTo: 2 });
    const forgetting = sessions.forget(thread);
    const holding = gate.hold;
    gate.hold = undefined;
    for (const open of holding) open();
    await forgetting;
    await clock.pass(5_000);
    expect(values.has(thread)).toBe(false);
    expect(await sessions.get(thread)).toBe(undefined);

    values.set(thread, { upTo: 3 });
    gate.gets = [];
    const reading = sessions.get(thread);
    await sessions.forget(thread);
    for (const open of gate.gets) open();
    await reading;
    gate.gets = undefined;
    expect(await sessions.get(thread)).toBe(undefined);
  });

  it("says so when it may not have been able to forget", async () => {
    const { sessions, gate } = setUp();
    gate.fail = true;
    const error = await sessions.forget(thread).catch((thrown: unknown) => thrown);
    expect(codeOf(error)).toBe("memory_failed");
  });

  it("holds five thousand threads in this process and finds the others in the memory", async () => {
    const { sessions, sets, gate } = setUp();
    for (let n = 0; n < 5_000; n++) sessions.set(`slack:${n}`, { upTo: n });
    await sessions.get("slack:0");
    while (sets.length < 5_000) await clock.pass(1_000);
    sessions.set("slack:one-more", { upTo: 1 });
    gate.fail = true;
    expect(await sessions.get("slack:0")).toEqual({ upTo: 0 });
    expect(await sessions.get("slack:1")).toBe(undefined);
    gate.fail = false;
    expect(await sessions.get("slack:1")).toEqual({ upTo: 1 });
  });
});
