import { type AddressInfo, createServer } from "node:net";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createOpenAIServer, type OpenAIServer } from "../doubles/openai-server.ts";
import { careful } from "../fixtures/scenarios.ts";
import { writeShop } from "../fixtures/workspace.ts";
import { closeTerminals, openTerminal, type Terminal, temporaryFolder, until } from "./terminal.ts";

const shops = temporaryFolder();
let data: ReturnType<typeof temporaryFolder>;
let server: OpenAIServer;
let release: () => void;
beforeAll(() => {
  writeShop(shops.path, careful);
});
beforeEach(async () => {
  data = temporaryFolder();
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  server = await createOpenAIServer({
    async script() {
      await held;
      return { text: "Express takes 1-2 business days [1]." };
    },
  });
});
afterEach(async () => {
  closeTerminals();
  release();
  await server.close();
  data.remove();
});
afterAll(shops.remove);

/** A desk whose model has been asked and does not answer until it is released. */
async function atWork(): Promise<Terminal> {
  const env = { OPENAI_BASE_URL: server.url, OPENAI_API_KEY: "k" };
  const desk = await openTerminal(data.path, { args: ["--workspace", shops.path], env });
  desk.type("How long does express shipping take?");
  await until(
    () => server.chats().length === 1,
    () => "the model's request",
  );
  return desk;
}

describe("told to stop", () => {
  it.each(["SIGTERM", "SIGINT"] as const)(
    "%s: finishes the turn under way, and ends with 0",
    async (signal) => {
      const desk = await atWork();
      const gone = desk.kill(signal);
      await desk.logs("desk.stopping");
      release();
      expect(await gone).toBe(0);
      expect(desk.output()).toContain("1-2 business days");
      expect(desk.log().at(-1)?.event).toBe("desk.stopped");
    },
  );

  it("twice, it goes on stopping: the turn under way is finished, and it ends with 0", async () => {
    const desk = await atWork();
    desk.signal("SIGTERM");
    await desk.logs("desk.stopping");
    desk.signal("SIGTERM");
    const gone = desk.kill("SIGINT");
    setTimeout(release, 300);
    expect(await gone).toBe(0);
    expect(desk.output()).toContain("1-2 business days");
    expect(desk.log().filter(({ event }) => event === "desk.stopping")).toHaveLength(1);
  });

  it("hands back what does not end, within 20 s, and takes it up again", async () => {
    const desk = await atWork();
    const began = performance.now();
    expect(await desk.kill("SIGTERM")).toBe(0);
    expect(performance.now() - began).toBeLessThan(23_000);
    expect(desk.output()).toBe("");
    release();
    const env = { OPENAI_BASE_URL: server.url, OPENAI_API_KEY: "k" };
    const again = await openTerminal(data.path, { args: ["--workspace", shops.path], env });
    expect(await again.end()).toBe(0);
    expect(again.output().match(/1-2 business days/g)).toHaveLength(1);
  });

  it("while it starts, at once", async () => {
    // Nobody takes this connection's first byte.
    const silent = createServer(() => {});
    await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
    const { port } = silent.address() as AddressInfo;
    const desk = await openTerminal(data.path, {
      args: ["--workspace", shops.path],
      env: {
        SLACK_BOT_TOKEN: "xoxb-1",
        SLACK_APP_TOKEN: "xapp-1",
        SLACK_API_URL: `http://127.0.0.1:${port}/api/`,
        DESK_CHANNEL: "slack:C1",
      },
      early: true,
    });
    await desk.logs("knowledge.indexed");
    expect(await desk.kill("SIGTERM")).toBe(0);
    expect(desk.log().map(({ event }) => event)).not.toContain("desk.ready");
    silent.close();
  });

  it("does not wait for what a tool holds on to", async () => {
    const files = { "tools/pool.ts": "setInterval(() => {}, 1000);\nexport default 1;\n" };
    const shop = writeShop(join(shops.path, "pool"), { ...careful, files });
    const args = ["--workspace", shop];
    const desk = await openTerminal(data.path, { args });
    const refused = await openTerminal(data.path, { args, early: true });
    expect(await refused.gone).toBe(1);
    expect(await desk.end()).toBe(0);
  });

  it("with nothing to do, at once", async () => {
    const env = { OPENAI_BASE_URL: server.url, OPENAI_API_KEY: "k" };
    const desk = await openTerminal(data.path, { args: ["--workspace", shops.path], env });
    expect(await desk.kill("SIGTERM")).toBe(0);
  });
});
