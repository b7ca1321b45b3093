import { spawn, spawnSync } from "node:child_process";
import { closeSync, existsSync, openSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { careful } from "../fixtures/scenarios.ts";
import { writeShop } from "../fixtures/workspace.ts";
import {
  closeTerminals,
  openTerminal,
  program,
  type Terminal,
  temporaryFolder,
} from "../journeys/terminal.ts";
import { run } from "./run.ts";

let folder: ReturnType<typeof temporaryFolder>;
let data: string;
let folders: string[];
beforeEach(() => {
  folder = temporaryFolder();
  data = join(folder.path, "data");
  folders = ["--workspace", writeShop(join(folder.path, "shop"), careful), "--data", data];
});
afterEach(() => {
  closeTerminals();
  folder.remove();
});

const open = (...more: string[]): Promise<Terminal> => openTerminal(data, { args: [...folders, ...more] });

/** A conversation of a customer whom the console vouches for, and its end. */
async function visit(customer: string, ...lines: string[]): Promise<void> {
  const desk = await open("--as", customer);
  for (const line of lines) await desk.say(line);
  await desk.end();
}

const filesWith = (word: string): string[] =>
  readdirSync(data, { recursive: true, encoding: "utf8" })
    .map((name) => join(data, name))
    .filter((path) => statSync(path).isFile())
    .filter((path) => readFileSync(path).toString("latin1").toLowerCase().includes(word));

/** What a command shows in a terminal where somebody presses this key when they are asked this. */
async function typed(args: readonly string[], asked: string, key: string): Promise<string> {
  const command = [process.execPath, program(), ...args].join(" ");
  const terminal = spawn("script", ["-qec", command, "/dev/null"], { stdio: ["pipe", "pipe", "inherit"] });
  let shown = "";
  terminal.stdout.setEncoding("utf8").on("data", (text: string) => {
    if (!shown.includes(asked) && (shown + text).includes(asked)) terminal.stdin.write(key);
    shown += text;
  });
  await new Promise((resolve) => terminal.once("close", resolve));
  return shown;
}

describe("erase", () => {
  it("says what is known, removes it, and knows afterwards when", async () => {
    await visit("cus_zebrafinch", "Do you ship to zebrafinch island?", "I want a person");
    await visit("cus_kingfisher", "Do you ship to kingfisher island?");
    const look = await run(["erase", "cus_zebrafinch", "--dry-run", ...folders]);
    expect(look).toMatchObject({ code: 0, err: "" });
    expect(look.out).toMatch(/^Known of cus_zebrafinch: 1 thread, \d+ messages, \d turns?, 1 ticket, /);
    expect(look.out).toContain("Accounts: console:local:as/cus_zebrafinch\n");
    expect(filesWith("zebrafinch")).not.toEqual([]);

    const done = await run(["erase", "cus_zebrafinch", "--yes", ...folders]);
    expect(done).toMatchObject({ code: 0, err: "" });
    expect(done.out).toMatch(/^Erased: 1 thread, /m);
    expect(filesWith("zebrafinch")).toEqual([]);
    expect(filesWith("kingfisher")).not.toEqual([]);

    const again = await run(["erase", "cus_zebrafinch", "--yes", ...folders]);
    expect(again.out).toMatch(/^Nothing is known of cus_zebrafinch\. Erased on \d{4}-\d\d-\d\d\.\n$/);
  });

  it("erases all that it was told to, though nobody reads what it prints, and what a broken-off export has left", async () => {
    await visit("cus_zebrafinch", "Do you ship to zebrafinch island?");
    writeFileSync(join(data, "export_i3n8gs1ds05f4cefab.json"), "the words of zebrafinch");
    const args = [program(), "erase", "cus_zebrafinch", "--yes", ...folders];
    const erasing = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
    erasing.stdout.destroy();
    expect(await new Promise((resolve) => erasing.once("close", resolve))).toBe(0);
    expect(filesWith("zebrafinch")).toEqual([]);
  });

  const canType = spawnSync("script", ["--version"]).status === 0;
  it.skipIf(!canType)(
    "tells whoever answers with Ctrl-C or Ctrl-D that nothing was erased (skipped where there is no script)",
    async () => {
      await visit("cus_zebrafinch", "Do you ship to zebrafinch island?");
      for (const key of ["\u0003", "\u0004"]) {
        const shown = await typed(["erase", "cus_zebrafinch", ...folders], "to erase all of it: ", key);
        expect(shown).toContain("Nothing was erased.");
        expect(shown).not.toMatch(/^ +at /m);
        expect(filesWith("zebrafinch")).not.toEqual([]);
      }
    },
  );

  it("asks nobody who is not there", async () => {
    await visit("cus_zebrafinch", "Do you ship to zebrafinch island?");
    const { code, err } = await run(["erase", "cus_zebrafinch", ...folders]);
    expect(code).toBe(2);
    expect(err).toContain("--yes");
    expect(filesWith("zebrafinch")).not.toEqual([]);
  });

  it("of nobody, or of two, is not understood", async () => {
    for (const names of [[], ["a", "b"]]) {
      const { code, err } = await run(["erase", ...names, "--yes", ...folders]);
      expect(code).toBe(2);
      expect(err).toMatch(/^deskhand erase CUSTOMER/);
    }
  });

  it.each([["erase", "cus_1", "--yes"], ["export", "cus_1"], ["pause"], ["tickets"]])(
    "%s says where it has looked for a ledger in vain, and makes none",
    async (...args) => {
      const { code, out, err } = await run([...args, ...folders]);
      expect([code, out]).toEqual([1, ""]);
      expect(err).toContain(
        `there is no ledger in ${data}: give the desk's folder with --data or DESKHAND_DATA`,
      );
      expect(existsSync(data)).toBe(false);
    },
  );
});

describe("export", () => {
  it("writes what is known to standard output, or into a new file that only its owner reads", async () => {
    await visit("cus_zebrafinch", "Do you ship to zebrafinch island?");
    const shown = await run(["export", "cus_zebrafinch", ...folders]);
    expect(shown).toMatchObject({ code: 0, err: "" });
    const told = JSON.parse(shown.out) as { customer: unknown; threads: { messages: { text: string }[] }[] };
    expect(told.customer).toMatchObject({ ids: ["cus_zebrafinch"] });
    expect(told.threads[0]?.messages[0]?.text).toBe("Do you ship to zebrafinch island?");
    expect(readdirSync(data).filter((name) => name.startsWith("export"))).toEqual([]);

    const out = join(folder.path, "zebrafinch.json");
    const written = await run(["export", "cus_zebrafinch", "--out", out, ...folders]);
    expect(written).toMatchObject({ code: 0, out: `${out} has what is known of cus_zebrafinch.\n` });
    expect(statSync(out).mode & 0o777).toBe(0o600);
    expect(JSON.parse(readFileSync(out, "utf8"))).toMatchObject({ threads: told.threads });
  });

  it("overwrites nothing, and says when standard output did not take all of it", async () => {
    await visit("cus_zebrafinch", "hello");
    if (existsSync("/dev/full")) {
      const full = openSync("/dev/full", "w");
      for (const args of [["export", "cus_zebrafinch"], ["tickets"]]) {
        const ran = spawnSync(process.execPath, [program(), ...args, ...folders], {
          stdio: ["ignore", full, "pipe"],
          encoding: "utf8",
        });
        const stderr = expect.stringMatching(/^Standard output .*ENOSPC.*\n$/);
        expect(ran, args[0]).toMatchObject({ status: 1, stderr });
      }
      closeSync(full);
      expect(readdirSync(data).filter((name) => name.startsWith("export"))).toEqual([]);
    }
    const out = join(folder.path, "there.json");
    await run(["export", "cus_zebrafinch", "--out", out, ...folders]);
    const before = readFileSync(out, "utf8");
    const { code, err } = await run(["export", "cus_zebrafinch", "--out", out, ...folders]);
    expect(code).toBe(1);
    expect(err).toContain("EEXIST");
    expect(readFileSync(out, "utf8")).toBe(before);
  });
});

describe("pause and unpause", () => {
  const question = "Do you ship to zebrafinch island?";

  it("stop and start the answers of the desk that runs", async () => {
    const desk = await open();
    expect(await run(["pause", ...folders])).toMatchObject({
      code: 0,
      out: "The running desk answers nobody until: deskhand unpause.\n",
    });
    expect(await desk.say(question)).toMatch(/I am switched off at the moment/);
    expect(await run(["unpause", ...folders])).toMatchObject({
      code: 0,
      out: "The running desk answers again.\n",
    });
    await desk.say("@staff hand back");
    expect(await desk.say(question)).not.toMatch(/switched off/);
  });

  it("hold for the next desk where none runs", async () => {
    await (await open()).end();
    expect((await run(["pause", ...folders])).out).toBe(
      `No desk is running on ${data}; the next one answers nobody until: deskhand unpause.\n`,
    );
    const desk = await open();
    expect(await desk.say(question)).toMatch(/I am switched off at the moment/);
    await desk.end();
    expect((await run(["unpause", ...folders])).out).toBe(
      `No desk is running on ${data}; the next one answers again.\n`,
    );
    const next = await open("--thread", "another");
    expect(await next.say(question)).not.toMatch(/switched off/);
  });
});
