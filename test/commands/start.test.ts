import { spawn } from "node:child_process";
import { chmodSync, closeSync, existsSync, mkdirSync, openSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createInhabitedSlack } from "../adapters/slack/harness.ts";
import { careful } from "../fixtures/scenarios.ts";
import { writeShop } from "../fixtures/workspace.ts";
import {
  closeTerminals,
  environment,
  openTerminal,
  program,
  root,
  temporaryFolder,
  terminalOf,
} from "../journeys/terminal.ts";
import { run } from "./run.ts";

let folder: ReturnType<typeof temporaryFolder>;
let shop: string;
let data: string;
beforeEach(() => {
  folder = temporaryFolder();
  shop = writeShop(join(folder.path, "shop"), careful);
  data = join(folder.path, "data");
});
afterEach(() => {
  closeTerminals();
  folder.remove();
});

describe("the line that says that the desk is ready", () => {
  it("has the process, the platforms, and where its HTTP API really listens", async () => {
    const desk = await openTerminal(data, { args: ["--workspace", shop], env: { HTTP_PORT: "0" } });
    const ready = await desk.logs("desk.ready");
    expect(ready).toMatchObject({ pid: desk.pid, platforms: ["http"] });
    expect(ready.http).toMatch(/^http:\/\/127\.0\.0\.1:[1-9]\d*$/);
    expect((await fetch(`${ready.http}/healthz`)).status).toBe(200);
  });

  it("says nothing of HTTP where there is none", async () => {
    const desk = await openTerminal(data, { args: ["--workspace", shop] });
    const ready = await desk.logs("desk.ready");
    expect(ready.platforms).toEqual(["console"]);
    expect(ready).not.toHaveProperty("http");
  });
});

describe("a desk whose log cannot be written", () => {
  it.skipIf(!existsSync("/dev/full"))(
    "goes on answering while the disk of its log is full (skipped where there is no /dev/full)",
    async () => {
      const full = openSync("/dev/full", "w");
      const child = spawn(process.execPath, [program(), "start", "--workspace", shop, "--data", data], {
        cwd: root,
        env: environment(),
        stdio: ["pipe", "pipe", full],
      });
      closeSync(full);
      const desk = terminalOf(child, data);
      desk.type("How long does express shipping take?");
      await Promise.race([desk.sees("Shipping"), desk.gone]);
      expect(desk.output()).toContain("Shipping");
      expect(await desk.end()).toBe(0);
    },
  );
});

describe("a desk that cannot start says in a few lines what to do", () => {
  const start = async (env: Record<string, string> = {}, more: string[] = []) => {
    const { code, err } = await run(["start", "--workspace", shop, "--data", data, ...more], { env });
    const told = err.split("\n").filter((line) => line !== "" && !line.startsWith("{"));
    expect(err, "no stack").not.toMatch(/^ +at /m);
    return { code, told };
  };

  it("in a data folder that is a file", async () => {
    writeFileSync(data, "x");
    const { code, told } = await start();
    expect(code).toBe(1);
    expect(told).toEqual([expect.stringContaining(data), expect.stringContaining("--data")]);
  });

  it.skipIf(process.getuid?.() === 0)(
    "in a folder that it may not write (skipped for root, who may write everywhere)",
    async () => {
      mkdirSync(data);
      chmodSync(data, 0o555);
      const { code, told } = await start();
      expect(code).toBe(1);
      expect(told).toEqual([expect.stringMatching(/EACCES.*/), expect.stringContaining("--data")]);
    },
  );

  it("on a ledger that is none", async () => {
    mkdirSync(data);
    writeFileSync(join(data, "ledger.sqlite"), "not a database ".repeat(100));
    const { code, told } = await start();
    expect(code).toBe(1);
    expect(told).toEqual([expect.stringContaining("ledger.sqlite"), expect.stringContaining("--data")]);
  });

  it("with a desk.yaml that is broken", async () => {
    writeFileSync(join(shop, "desk.yaml"), "name: [unclosed\nqueues: x\n");
    const { code, told } = await start();
    expect(code).toBe(2);
    expect(told[0]).toMatch(/^✗ .*desk\.yaml:\d+:\d+: is not valid YAML/);
    expect(told.at(-1)).toContain("nothing was started");
  });

  it("on a port that is in use, for HTTP and for Slack alike", async () => {
    const other = createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => other.once("listening", resolve));
    const slack = await createInhabitedSlack();
    try {
      const port = String((other.address() as AddressInfo).port);
      const http = await start({ HTTP_PORT: port });
      expect(http.code).toBe(1);
      expect(http.told[0]).toMatch(new RegExp(`^HTTP_HOST, HTTP_PORT: .*${port}.*in use`));
      const onSlack = await start({
        SLACK_BOT_TOKEN: slack.botToken,
        SLACK_API_URL: slack.apiUrl,
        SLACK_SIGNING_SECRET: slack.signingSecret,
        SLACK_PORT: port,
        DESK_CHANNEL: "slack:C2",
      });
      expect(onSlack.code).toBe(1);
      expect(onSlack.told[0]).toMatch(new RegExp(`^SLACK_HOST, SLACK_PORT: .*${port}.*in use`));
    } finally {
      await slack.close();
      other.close();
    }
  });
});
