/** The program with its memory on Redis, by one variable. */
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type RedisServer, startRedis } from "../doubles/redis-server.ts";
import { careful } from "../fixtures/scenarios.ts";
import { writeShop } from "../fixtures/workspace.ts";
import { closeTerminals, environment, openTerminal, program, root, temporaryFolder } from "./terminal.ts";

let folder: ReturnType<typeof temporaryFolder>;
let redis: RedisServer;
beforeEach(async () => {
  folder = temporaryFolder();
  redis = await startRedis({ password: "hush-redis" });
});
afterEach(async () => {
  closeTerminals();
  await redis.close();
  folder.remove();
});

const sessions = () => redis.keys().filter((key) => key.includes(":session:"));

/** Conversations are summed up after a few messages, and the summary is what is remembered. */
const forgetful = {
  ...careful,
  settings:
    "limits: { history_items_max: 2, messages_per_minute_max: 1000, tool_calls_per_minute_max: 1000 }",
};

describe("a desk with KEYV_URI", () => {
  it("answers on when Redis dies in the middle of a conversation, and remembers all of it when it is back", async () => {
    const shop = writeShop(join(folder.path, "shop"), forgetful);
    const data = join(folder.path, "data");
    const desk = await openTerminal(data, { args: ["--workspace", shop], env: { KEYV_URI: redis.url } });
    const ask = () => desk.say("How long does express shipping take?");
    expect(await desk.say("Where is my order ORD-12345?")).toContain("1Z999AA10123456784");
    await ask();
    await ask();
    await expect.poll(sessions, { timeout: 10_000 }).toHaveLength(1);

    await redis.die();
    expect(await ask()).toContain("1-2 business days");
    expect(await desk.say("Where is my order ORD-12345?")).toContain("1Z999AA10123456784");

    await desk.logs("memory.failed");

    await redis.restart();
    expect(redis.keys()).toEqual([]);
    const remembered = async () => {
      await ask();
      return sessions().map((key) => redis.value(key));
    };
    await expect
      .poll(remembered, { timeout: 25_000, interval: 1_500 })
      .toEqual([expect.stringContaining("ORD-12345")]);
    expect(await desk.end()).toBe(0);
    expect(desk.errors() + desk.output()).not.toContain("hush");
    expect(readdirSync(data)).not.toContain("memory.sqlite");
  });

  it("runs without Redis from the start, and says so once, without the password", async () => {
    const env = { KEYV_URI: redis.url.replace("hush-redis", "hush-typo") };
    const desk = await openTerminal(folder.path, { args: ["--workspace", "example"], env });
    const warning = desk.log().find(({ event }) => event === "memory.unreachable");
    expect(JSON.stringify(warning)).toContain("WRONGPASS");
    expect(JSON.stringify(warning)).toContain("check KEYV_URI");
    expect(await desk.say("How long does express shipping take?")).toContain("1-2 business days");
    expect(await desk.end()).toBe(0);
    expect(desk.errors() + desk.output()).not.toContain("hush");
  });

  it("whose package is not there does not start, and says what to install", () => {
    const app = join(folder.path, "app");
    cpSync(dirname(program()), join(app, "dist"), { recursive: true });
    writeFileSync(join(app, "package.json"), '{ "type": "module" }');
    linkPackages(join(app, "node_modules"), "@keyv/redis");
    const start = ["start", "--console", "--workspace", join(root, "example"), "--data", folder.path];
    const { status, stderr, stdout } = spawnSync(process.execPath, [join(app, "dist", "cli.js"), ...start], {
      env: environment({ KEYV_URI: redis.url }),
      encoding: "utf8",
      input: "",
    });
    expect(stderr).toContain("KEYV_URI redis:// needs the package @keyv/redis: npm install @keyv/redis");
    expect(status).not.toBe(0);
    expect(stderr + stdout).not.toContain("hush");
  });
});

/** All packages of the project but one. */
function linkPackages(to: string, without: string): void {
  const from = join(root, "node_modules");
  mkdirSync(to);
  for (const name of readdirSync(from)) {
    if (name.startsWith("@")) {
      mkdirSync(join(to, name));
      for (const scoped of readdirSync(join(from, name))) {
        if (`${name}/${scoped}` !== without) symlinkSync(join(from, name, scoped), join(to, name, scoped));
      }
    } else if (!name.startsWith(".")) symlinkSync(join(from, name), join(to, name));
  }
}
