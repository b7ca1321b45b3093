/** The memory on @keyv/redis: the contract, and what a Redis server does to those who rely on it. */
import { afterEach, describe, expect, it } from "vitest";
import { createClock } from "../../src/clock.ts";
import { codeOf, faultOf } from "../../src/errors.ts";
import { createLog } from "../../src/log.ts";
import { createMemory } from "../../src/memory/memory.ts";
import type { Memory } from "../../src/memory.ts";
import { describeMemory } from "../contracts/memory.ts";
import { type RedisServer, startRedis } from "../doubles/redis-server.ts";

const clock = createClock();

describeMemory("Redis", async () => {
  const server = await startRedis({ password: "hush" });
  const log = createLog("silent");
  return {
    open: () => createMemory({ uri: server.url, path: "", clock, log }),
    spoil: async (key, text) => server.put(`deskhand::deskhand:notes:${key}`, text),
    remove: server.close,
  };
});

describe("a memory on Redis", () => {
  let server: RedisServer | undefined;
  let memory: Memory | undefined;
  let lines = "";
  const log = createLog("debug", {
    write(line: string) {
      lines += line;
    },
  });
  afterEach(async () => {
    await memory?.close();
    await server?.close();
    memory = undefined;
    server = undefined;
    lines = "";
  });
  async function open(uri: string): Promise<Memory> {
    memory = await createMemory({ uri, path: "", clock, log });
    return memory;
  }
  async function failureOf(promise: Promise<unknown>): Promise<unknown> {
    return promise.then(
      () => new Error("it did not fail"),
      (error: unknown) => error,
    );
  }

  it("keeps to the database that the address names, and lets Redis delete what is over", async () => {
    let now = Date.now();
    server = await startRedis({ now: () => now });
    const store = (await open(server.url.replace(/0$/, "3"))).store("codes");
    await store.set("short", { code: "123456" }, 60_000);
    await store.set("always", 1);
    expect(server.keys(0)).toEqual([]);
    expect(server.keys(3)).toEqual(["deskhand::deskhand:codes:short", "deskhand::deskhand:codes:always"]);
    now += 60_001;
    expect(server.keys(3)).toEqual(["deskhand::deskhand:codes:always"]);
    expect(server.commands()).not.toContain("FLUSHDB");
  });

  it("whose server dies fails within a second or so each time, and works again when it is back, empty", async () => {
    server = await startRedis();
    const store = (await open(server.url)).store<number>("notes");
    await store.set("a", 1);
    await server.die();
    const began = performance.now();
    const failure = await failureOf(store.get("a"));
    expect(codeOf(failure)).toBe("memory_failed");
    expect(performance.now() - began).toBeLessThan(5_000);
    expect(codeOf(await failureOf(store.set("a", 2)))).toBe("memory_failed");
    await server.restart();
    await expect.poll(() => store.set("b", 3).then(() => "kept", codeOf), { timeout: 20_000 }).toBe("kept");
    expect(await store.get("b")).toBe(3);
    expect(await store.get("a")).not.toBe(1);
  });

  it("whose server stands still fails as memory_failed, and goes on with it", async () => {
    server = await startRedis();
    const store = (await open(server.url)).store<number>("notes");
    const thaw = server.freeze();
    expect(faultOf(await failureOf(store.set("a", 1)))).toContain("no answer within 1000 ms");
    thaw();
    await expect.poll(() => store.get("a").catch(codeOf), { timeout: 20_000 }).toBe(1);
  });

  it.each([
    ["a wrong password", (url: string) => url.replace("hush", "secret-typo"), "WRONGPASS"],
    ["no password", (url: string) => url.replace(":hush@", ""), "NOAUTH"],
    ["nobody there", () => "redis://:secret-typo@127.0.0.1:1/0", "ECONNREFUSED"],
  ])("with %s says so in a warning without the password, and goes on", async (_, changed, says) => {
    server = await startRedis({ password: "hush" });
    const store = (await open(changed(server.url))).store("notes");
    const warning = lines.split("\n").find((line) => line.includes("memory.unreachable"));
    expect(warning).toContain(says);
    expect(warning).toContain("KEYV_URI");
    expect(codeOf(await failureOf(store.get("a")))).toBe("memory_failed");
    expect(lines).not.toContain("hush");
    expect(lines).not.toContain("secret-typo");
  });

  it.each(["redis://:secret-typo@127.0.0.1:6379/queue", "redis://:secret-typo@[1/0"])(
    "at %j is refused as config_invalid, without the password",
    async (uri) => {
      const failure = await failureOf(createMemory({ uri, path: "", clock, log }));
      expect(codeOf(failure)).toBe("config_invalid");
      expect(faultOf(failure)).toContain("KEYV_URI");
      expect(String((failure as Error).stack) + String((failure as Error).cause)).not.toContain(
        "secret-typo",
      );
    },
  );
});
