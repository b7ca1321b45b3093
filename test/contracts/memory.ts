/** What every memory does, whatever store is behind it. `make` gives an empty one, and the way to remove it. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createClock } from "../../src/clock.ts";
import { codeOf, faultOf } from "../../src/errors.ts";
import type { Memory } from "../../src/memory.ts";

export interface MemoryUnderTest {
  /** Opens it; the same one each time, as another process would. */
  open(): Promise<Memory>;
  /** Somebody puts this text where the value of a key of `notes` is. */
  spoil(key: string, text: string): Promise<void>;
  /** Removes what it kept; everything that was opened has been closed. */
  remove(): Promise<void>;
}

const clock = createClock();

export function describeMemory(name: string, make: () => Promise<MemoryUnderTest>): void {
  describe(`the contract of a memory: ${name}`, () => {
    let under: MemoryUnderTest;
    const opened: Memory[] = [];
    beforeEach(async () => {
      under = await make();
    });
    afterEach(async () => {
      await Promise.all(opened.splice(0).map((memory) => memory.close()));
      await under.remove();
    });

    async function open(): Promise<Memory> {
      const memory = await under.open();
      opened.push(memory);
      return memory;
    }
    const failureOf = (promise: Promise<unknown>): Promise<unknown> =>
      promise.then(
        () => new Error("it did not fail"),
        (error: unknown) => error,
      );

    it("gives what was set, also after a restart, until it is deleted", async () => {
      const value = { text: ":colon, 日本語", list: [1, null, { deep: true }], none: null };
      const first = await open();
      await first.store("notes").set("a", value);
      expect(await first.store("notes").get("a")).toEqual(value);
      await first.close();
      const store = (await open()).store("notes");
      expect(await store.get("a")).toEqual(value);
      await store.delete("a");
      expect(await store.get("a")).toBe(undefined);
      await store.delete("a");
    });

    it("shows every process what another has set", async () => {
      const [one, other] = [(await open()).store<number>("notes"), (await open()).store<number>("notes")];
      await one.set("a", 1);
      expect(await other.get("a")).toBe(1);
      await other.set("a", 2);
      expect(await one.get("a")).toBe(2);
      await one.delete("a");
      expect(await other.get("a")).toBe(undefined);
    });

    it("forgets a value when its time is over", async () => {
      const store = (await open()).store<number>("codes");
      await store.set("short", 1, 30);
      await store.set("long", 2, 600_000);
      await store.set("for ever", 3);
      while ((await store.get("short")) !== undefined) await clock.sleep(5);
      expect(await store.get("long")).toBe(2);
      expect(await store.get("for ever")).toBe(3);
    });

    it("a time of nothing is over at once", async () => {
      const store = (await open()).store<number>("codes");
      await store.set("a", 1);
      await store.set("a", 2, 0);
      expect(await store.get("a")).toBe(undefined);
      await store.set("b", 1, -5);
      expect(await store.get("b")).toBe(undefined);
    });

    it("a value that is set anew has a new time, or none", async () => {
      const store = (await open()).store<number>("codes");
      await store.set("a", 1, 30);
      await store.set("a", 2);
      await store.set("b", 1, 30);
      await store.set("b", 2, 600_000);
      await clock.sleep(60);
      expect([await store.get("a"), await store.get("b")]).toEqual([2, 2]);
    });

    it("has nothing of another namespace, whatever the keys look like", async () => {
      const memory = await open();
      const names = ["a", "b", "a-b", "deskhand"];
      const keys = ["a", "a:b", "b:a", "deskhand:a:a", "deskhand:a", "%", "_", "*", "a-b:a"];
      for (const name of names) {
        for (const key of keys) await memory.store<string>(name).set(key, `${name} ${key}`);
      }
      for (const name of names) {
        for (const key of keys) expect(await memory.store(name).get(key)).toBe(`${name} ${key}`);
      }
    });

    it.each(["", "a_b", "a%", "A", "a:b", "1a"])("refuses %j as a namespace", async (name) => {
      const memory = await open();
      expect(() => memory.store(name)).toThrow(RangeError);
    });

    it("takes keys of any length and script, and keeps them apart", async () => {
      const store = (await open()).store<number>("keys");
      const long = "x".repeat(10_000);
      const keys = ["", " ", "é", "e\u0301", `${long}1`, `${long}2`, "a\u0000b", "a\nb", "#abc", "👩‍👩‍👧‍👦"];
      for (const [index, key] of keys.entries()) await store.set(key, index);
      for (const [index, key] of keys.entries()) expect(await store.get(key)).toBe(index);
    });

    it("takes large values, and many at once", async () => {
      const store = (await open()).store<string>("notes");
      const large = "päckchen\r\n$5\r\n".repeat(40_000);
      await store.set("large", large);
      await Promise.all(Array.from({ length: 300 }, (_, n) => store.set(`n${n}`, `value ${n}`)));
      const read = await Promise.all(Array.from({ length: 300 }, (_, n) => store.get(`n${n}`)));
      expect(read).toEqual(Array.from({ length: 300 }, (_, n) => `value ${n}`));
      expect(await store.get("large")).toBe(large);
    });

    it("a value that is not JSON fails as memory_failed without quoting it, until it is set again", async () => {
      const store = (await open()).store("notes");
      await store.set("a", 1);
      await under.spoil("a", "the secret is 42");
      const error = await failureOf(store.get("a"));
      expect(codeOf(error)).toBe("memory_failed");
      expect(faultOf(error)).not.toContain("secret");
      await store.set("a", 2);
      expect(await store.get("a")).toBe(2);
    });

    it("fails as memory_failed once the memory is closed", async () => {
      const memory = await open();
      await memory.close();
      await memory.close();
      expect(codeOf(await failureOf(memory.store("notes").get("a")))).toBe("memory_failed");
    });
  });
}
