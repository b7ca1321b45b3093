/** The double of Redis, as the real client sees it in both versions of the protocol. */
import { connect } from "node:net";
import { createClient } from "@keyv/redis";
import { afterEach, describe, expect, it } from "vitest";
import { type RedisServer, startRedis } from "./redis-server.ts";

let server: RedisServer | undefined;
afterEach(async () => {
  await server?.close();
  server = undefined;
});

describe.each([2, 3] as const)("the double of Redis over RESP%d", (RESP) => {
  async function client(url: string) {
    const one = createClient({ url, RESP, socket: { reconnectStrategy: false } });
    one.on("error", () => {});
    await one.connect();
    return one;
  }

  it("takes many commands at a time and answers them in their order", async () => {
    server = await startRedis({ password: "hush" });
    const redis = await client(server.url);
    const answers = await Promise.all([
      redis.ping(),
      redis.set("a", "1"),
      redis.get("a"),
      redis.set("a", "2", { NX: true }),
      redis.mGet(["a", "none"]),
      redis.exists(["a", "none"]),
      redis.pTTL("a"),
      redis.unlink(["a", "none"]),
      redis.del("a"),
      redis.get("a"),
    ]);
    expect(answers).toEqual(["PONG", "OK", "1", null, ["1", null], 1, -1, 1, 0, null]);
    redis.destroy();
  });

  it("lets texts expire by its clock, and scans those that are left", async () => {
    let now = 1_000;
    server = await startRedis({ now: () => now });
    const redis = await client(server.url);
    await redis.set("desk:a", "1", { PX: 500 });
    await redis.set("desk:b", "1", { EX: 1 });
    await redis.set("else", "1");
    expect(await redis.pTTL("desk:a")).toBe(500);
    now += 500;
    expect(await redis.get("desk:a")).toBe(null);
    const found = await redis.scan("0", { MATCH: "desk:*", COUNT: 10 });
    expect(found).toMatchObject({ cursor: "0", keys: ["desk:b"] });
    redis.destroy();
  });

  it("lets nobody in with another password, and says what it does not know", async () => {
    server = await startRedis({ password: "hush" });
    await expect(client(server.url.replace("hush", "wrong"))).rejects.toThrow("WRONGPASS");
    const redis = await client(server.url);
    await expect(redis.sendCommand(["FLUSHALL"])).rejects.toThrow("unknown command 'FLUSHALL'");
    await expect(redis.sendCommand(["GET"])).rejects.toThrow("wrong number of arguments for 'get' command");
    await expect(redis.select(99)).rejects.toThrow("DB index is out of range");
    redis.destroy();
  });
});

describe("the double of Redis", () => {
  it("puts a command together from pieces of any size", async () => {
    server = await startRedis();
    const { port } = server;
    const socket = connect(port, "127.0.0.1");
    let answer = "";
    socket.on("data", (data) => {
      answer += data;
    });
    for (const byte of Buffer.from(
      "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$4\r\na\r\nb\r\n*2\r\n$3\r\nGET\r\n$1\r\nk\r\n",
    )) {
      await new Promise((resolve) => socket.write(Buffer.from([byte]), resolve));
    }
    await expect.poll(() => answer).toBe("+OK\r\n$4\r\na\r\nb\r\n");
    socket.destroy();
  });
});
