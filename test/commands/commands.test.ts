import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeEach, describe, expect, it } from "vitest";
import { canMount, mountAt, unmountAt } from "../doubles/disk.ts";
import { createOpenAIServer } from "../doubles/openai-server.ts";
import { careful } from "../fixtures/scenarios.ts";
import { writeShop } from "../fixtures/workspace.ts";
import { closeTerminals, openTerminal, temporaryFolder } from "../journeys/terminal.ts";
import { play } from "../journeys/transcript.ts";
import { run } from "./run.ts";
import { writeTickets } from "./write-tickets.ts";

let folder: ReturnType<typeof temporaryFolder>;
let shop: string;
let data: string;
let folders: string[];
beforeEach(() => {
  folder = temporaryFolder();
  shop = writeShop(join(folder.path, "shop"), careful);
  data = join(folder.path, "data");
  folders = ["--workspace", shop, "--data", data];
});
afterEach(() => {
  closeTerminals();
  folder.remove();
});

describe("help", () => {
  it.each([[], ["help"], ["--help"], ["-h"]])("lists the commands: %j", async (...args) => {
    const { code, out, err } = await run(args);
    expect(code).toBe(0);
    for (const name of ["start", "init", "doctor", "search", "tickets"])
      expect(out).toMatch(new RegExp(`^ {2}${name} `, "m"));
    expect(err).toBe("");
  });

  it.each(["start", "init", "doctor", "search", "tickets"])("%s explains itself", async (name) => {
    for (const flag of ["--help", "-h"]) {
      const { code, out } = await run([name, flag]);
      expect(code).toBe(0);
      expect(out).toMatch(new RegExp(`^deskhand ${name}`));
    }
  });

  it.each([
    [["frobnicate"], 'There is no command "frobnicate".'],
    [["tickets", "--colour"], "Unknown option '--colour'"],
    [["doctor", "--data"], "argument missing"],
    [["start", "--data", ""], "--data has no value"],
    [["start", "--as="], "--as has no value"],
    [["tickets", "7"], 'tickets does not know what to do with "7".'],
    [["start", "now"], 'start does not know what to do with "now".'],
    [["search"], "deskhand search"],
    [["search", "shipping", "--limit", "many"], "deskhand search"],
    [["init"], "deskhand init"],
    [["init", "a", "b"], "deskhand init"],
  ])("what is not understood ends with 2 and the usage: %j", async (args, told) => {
    const { code, out, err } = await run(args, { cwd: folder.path });
    expect(code).toBe(2);
    expect(err).toContain(told);
    expect(err).toMatch(/^deskhand /m);
    expect(out).toBe("");
  });
});

describe("where the desk is", () => {
  const commands = [
    ["backup", "copy"],
    ["pause"],
    ["tickets"],
    ["erase", "cus_1", "--yes"],
    ["export", "cus_1"],
    ["migrate", "--to", "sqlite"],
  ];

  it.each(commands)("%s goes by no other ledger when DATABASE_URL is faulty", async (...args) => {
    mkdirSync(data);
    writeFileSync(join(data, "ledger.sqlite"), "");
    const env = { DATABASE_URL: "hush.internal/d" };
    const { code, out, err } = await run([...args, ...folders], { env, cwd: folder.path });
    expect([code, out]).toEqual([2, ""]);
    expect(err).toMatch(/^✗ DATABASE_URL: its value is not an address like postgres:/);
    expect(readdirSync(data)).toEqual(["ledger.sqlite"]);
  });

  it("is not said to be missing where it cannot be looked at", async () => {
    symlinkSync("loop", join(folder.path, "loop"));
    const loop = join(folder.path, "loop");
    const data = await run(["tickets", "--data", loop]);
    expect(data).toMatchObject({ code: 1, out: "", err: expect.stringContaining("ELOOP") });
    const desk = await run(["doctor", "--workspace", loop, "--data", join(folder.path, "data")]);
    expect(desk).toMatchObject({ code: 2, out: expect.stringMatching(/--workspace: .*ELOOP/) });
  });
});

describe("search", () => {
  it("shows passages, scores and why, from the files and from a running desk alike", async () => {
    const alone = await run(["search", "How long does express shipping take?", ...folders]);
    expect(alone.code).toBe(0);
    expect(alone.out).toMatch(/^coverage \d\.\d\d: /);
    expect(alone.out).toMatch(
      /^\[1\] Shipping — shipping\n {4}score 1\.000 .* found by: .*express.*\n {4}Shipping: standard/m,
    );
    expect(existsSync(data)).toBe(false);
    await openTerminal(data, { args: folders });
    const beside = await run(["search", "How long does express shipping take?", ...folders]);
    expect(beside).toEqual(alone);
  });

  it("gives as many as are asked for, and JSON", async () => {
    const { code, out } = await run([
      "search",
      "shipping returns refunds",
      "--limit",
      "2",
      "--json",
      ...folders,
    ]);
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ found: [{ passage: {} }, { passage: {} }] });
  });

  it("says that nothing speaks of it", async () => {
    const { code, out } = await run(["search", "zebra crossings", ...folders]);
    expect(code).toBe(0);
    expect(out).toContain("the bot will not answer from these");
  });

  it("says what is wrong with desk.yaml, which says where the articles are", async () => {
    writeFileSync(join(shop, "desk.yaml"), "knowledge:\n\tfolder: knowledge\n");
    const { err } = await run(["search", "shipping", ...folders]);
    expect(err).toMatch(/^✗ .*desk\.yaml:2:1: is not valid YAML/);
  });

  it("a workspace that is not there ends with 2", async () => {
    const { code, err } = await run(["search", "shipping", "--workspace", join(folder.path, "nowhere")]);
    expect(code).toBe(2);
    expect(err).toContain("does not exist");
  });
});

describe("tickets", () => {
  it("lists what is not resolved, beside a running desk and after it", async () => {
    const desk = await openTerminal(data, { args: folders });
    expect(await run(["tickets", ...folders])).toEqual({ code: 0, out: "No open tickets.\n", err: "" });
    await play(
      desk,
      `customer: This is ridiculous, I was promised next-day delivery!
            bot: … ticket is #1
          staff: take`,
    );
    const beside = await run(["tickets", ...folders]);
    expect(beside).toMatchObject({ code: 0, err: "" });
    expect(beside.out).toBe(
      "#1  taken, staff · high · general · This is ridiculous, I was promised next-day delivery!\n",
    );
    expect(await desk.end()).toBe(0);
    expect(await run(["tickets", ...folders])).toEqual(beside);
    const { out } = await run(["tickets", "--json", ...folders]);
    expect(JSON.parse(out)).toMatchObject([{ number: 1, state: "taken", priority: "high" }]);
  });

  it("a desk that was killed is not waited for", async () => {
    const desk = await openTerminal(data, { args: folders });
    await desk.say("I want to speak to a human");
    await desk.kill("SIGKILL");
    const { code, out } = await run(["tickets", ...folders]);
    expect(code).toBe(0);
    expect(out).toMatch(/^#1 {2}open /);
  });

  it.each([
    ["of many letters", "d".repeat(120)],
    ["of letters that take two bytes each", "д".repeat(60)],
  ])("reaches a desk whose data folder has a name %s", async (_of, name) => {
    const long = join(folder.path, name);
    const desk = await openTerminal(long, { args: folders.slice(0, 2) });
    await desk.say("I want to speak to a human");
    const { out } = await run(["tickets", "--workspace", shop, "--data", long]);
    expect(out).toMatch(/^#1 {2}open /);
  });
});

describe("a command that a desk does not answer any more", () => {
  it("says so, because the desk has ended meanwhile", async () => {
    mkdirSync(data);
    const desk = createServer((socket) => socket.on("data", () => socket.destroy()));
    await new Promise<void>((listening) => desk.listen(join(data, "desk.sock"), listening));
    const { code, err } = await run(["pause", ...folders]);
    await new Promise((closed) => desk.close(closed));
    expect(code).toBe(1);
    expect(err).toMatch(/^the running desk has ended before it answered/);
    expect(err).not.toMatch(/^ +at /m);
  });
});

describe("tickets, very many of them with long texts", () => {
  const count = 230;
  beforeEach(() => writeTickets(data, count, "Where is it? ".repeat(600)));

  it("are all listed, by a running desk and from the file alike", async () => {
    const numbers = (json: string) => (JSON.parse(json) as { number: number }[]).map(({ number }) => number);
    const all = Array.from({ length: count }, (_, at) => at + 1);
    const alone = await run(["tickets", "--json", ...folders]);
    expect(alone.err).toBe("");
    expect(numbers(alone.out)).toEqual(all);
    await openTerminal(data, { args: folders });
    const beside = await run(["tickets", "--json", ...folders]);
    expect(beside.err).toBe("");
    expect(numbers(beside.out)).toEqual(all);
  });

  const disk = mkdtempSync(join(tmpdir(), "disk-"));
  afterAll(() => rmSync(disk, { recursive: true, force: true }));

  it.skipIf(!canMount())(
    "are listed from a disk that can only be read, whether the desk was stopped or killed (skipped where no disk can be mounted)",
    async () => {
      for (const end of ["SIGTERM", "SIGKILL"] as const) {
        mountAt(disk, "-t", "tmpfs", "tmpfs");
        try {
          const there = ["--workspace", shop, "--data", join(disk, "data")];
          const desk = await openTerminal(join(disk, "data"), { args: there });
          await desk.say("I want to speak to a human");
          await desk.kill(end);
          mountAt(disk, "-o", "remount,ro");
          expect(await run(["tickets", ...there])).toMatchObject({
            code: 0,
            out: expect.stringMatching(/^#1 {2}open /),
            err: "",
          });
        } finally {
          unmountAt(disk);
        }
      }
    },
  );
});

describe("init", () => {
  it("writes a workspace that runs as it is", async () => {
    const made = join(folder.path, "new", "desk");
    const { code, out } = await run(["init", made]);
    expect(code).toBe(0);
    expect(out).toContain(`--workspace ${made}`);
    const desk = await openTerminal(data, { cwd: made });
    await play(
      desk,
      `customer: Where is my order A-1001?
            bot: … shipped … Tea pot
       customer: Can I return unused items?
            bot: … 30 days … Returns`,
    );
    expect(await desk.end()).toBe(0);
    expect((await run(["doctor"], { cwd: made })).out).toContain("0 problems, 0 doubts");
    expect(existsSync(join(made, ".deskhand"))).toBe(false);
  });

  it("says how to start it in words that a shell takes", async () => {
    const { out } = await run(["init", "my desk"], { cwd: folder.path });
    expect(out).toBe("my desk is ready. Try it: npm start -- --workspace 'my desk'\n");
  });

  it("overwrites nothing", async () => {
    const { code, err } = await run(["init", shop]);
    expect(code).toBe(1);
    expect(err).toContain("the folder is not empty");
    expect(readdirSync(shop).sort()).toEqual(["agents", "desk.yaml", "knowledge", "tools"]);
  });
});

describe("doctor", () => {
  it("says what it found, and 0 when it will run", async () => {
    const { code, out } = await run(["doctor", ...folders]);
    expect(code).toBe(0);
    expect(out).toContain("articles   4 (4 passages)");
    expect(out).toContain("tools      lookup_order_status");
    expect(out).toContain("none: the offline model");
    expect(out).toContain("0 problems, 0 doubts");
    expect(existsSync(data)).toBe(false);
  });

  it("reports every problem with its place and a remedy, and ends with 2", async () => {
    writeFileSync(join(shop, "desk.yaml"), "entry: nobody\nlimits: { step_max: 3 }\n");
    writeFileSync(join(shop, "tools", "broken.ts"), "export default {");
    mkdirSync(join(shop, "knowledge", "old"));
    writeFileSync(join(shop, "knowledge", "old", "latin.md"), Buffer.from("caf\xe9", "latin1"));
    const env = { LOG_LEVEL: "loud", DISCORD_API_URL: "nonsense" };
    const { code, out } = await run(["doctor", ...folders], { env });
    expect(code).toBe(2);
    for (const told of [
      "✗ LOG_LEVEL",
      "✗ DISCORD_API_URL",
      "limits.step_max: is not a known key\n    Did you mean steps_max?",
      "there is no agents/nobody.md",
      "? tools/broken.ts",
      "? knowledge/old/latin.md: not UTF-8 text",
    ]) {
      expect(out).toContain(told);
    }
    expect(out).toContain("4 problems, 2 doubts");
  });

  it("says where the articles are not, and why", async () => {
    rmSync(join(shop, "knowledge"), { recursive: true });
    expect((await run(["doctor", ...folders])).out).toContain("? knowledge: it does not exist\n");
    writeFileSync(join(shop, "knowledge"), "");
    expect((await run(["doctor", ...folders])).out).toMatch(/^\? knowledge: ENOTDIR: not a directory/m);
  });

  it("asks the model's endpoint", async () => {
    const server = await createOpenAIServer({ apiKey: "right-key", models: ["test-model"] });
    const env = { OPENAI_BASE_URL: server.url, OPENAI_MODEL: "test-model" };
    const right = await run(["doctor", ...folders], { env: { ...env, OPENAI_API_KEY: "right-key" } });
    expect(right).toMatchObject({ code: 0 });
    const wrong = await run(["doctor", ...folders], { env: { ...env, OPENAI_API_KEY: "wrong-key" } });
    expect(wrong.code).toBe(2);
    expect(wrong.out).toContain("model_rejected");
    expect(wrong.out + wrong.err).not.toContain("wrong-key");
    await server.close();
    const gone = await run(["doctor", ...folders], { env: { ...env, OPENAI_API_KEY: "right-key" } });
    expect(gone.code).toBe(2);
    expect(gone.out).toContain("model_unreachable");
  });

  it("can be asked beside a running desk", async () => {
    const desk = await openTerminal(data, { args: folders });
    expect((await run(["doctor", ...folders])).code).toBe(0);
    expect(await desk.end()).toBe(0);
  });
});
