/** At a real terminal: `script` gives the program one, and types into it. */
import { spawn, spawnSync } from "node:child_process";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { careful } from "../fixtures/scenarios.ts";
import { writeShop } from "../fixtures/workspace.ts";
import { closeTerminals, environment, program, temporaryFolder, terminalOf } from "./terminal.ts";

/** That of util-linux; others take their arguments in another way. */
const hasScript = String(spawnSync("script", ["--version"]).stdout).includes("util-linux");

let folder: ReturnType<typeof temporaryFolder>;
let shop: string;
beforeEach(() => {
  folder = temporaryFolder();
  shop = writeShop(join(folder.path, "shop"), careful);
});
afterEach(() => {
  closeTerminals();
  folder.remove();
});

const prompt = /quit\r\n> $/;

async function open() {
  const data = join(folder.path, "data");
  const command = `stty cols 60; exec "${process.execPath}" "${program()}" start --workspace "${shop}" --data "${data}"`;
  const env = environment();
  delete env.LOG_LEVEL;
  const child = spawn("script", ["-qec", command, "/dev/null"], { env, stdio: ["pipe", "pipe", "pipe"] });
  const terminal = terminalOf(child, data);
  await terminal.sees(prompt);
  return terminal;
}

describe.skipIf(!hasScript)("at a terminal (skipped where there is no script of util-linux)", () => {
  it("a question is answered in lines that fit, the prompt comes back, and quit ends it", async () => {
    const desk = await open();
    desk.write("Do you ship to other countries?\r");
    await desk.sees(/ticket is #1[^>]*\r\n> $/);
    for (const line of desk.output().split(/\r*\n/)) {
      const shown = line.replace(/^.*\u001B\[K/, "");
      if (!/https?:/.test(shown) && !shown.startsWith("For the desk"))
        expect(shown.length).toBeLessThanOrEqual(60);
    }
    expect(desk.output()).not.toContain('{"level"');
    desk.write("quit\r");
    expect(await desk.gone).toBe(0);
    expect(desk.output()).toMatch(/quit\r\n$/);
  });

  it("Ctrl-D ends it", async () => {
    const desk = await open();
    desk.write("\u0004");
    expect(await desk.gone).toBe(0);
    expect(desk.output()).toMatch(/> \r\n$/);
  });

  it("Ctrl-C ends it in the middle of a line", async () => {
    const desk = await open();
    desk.write("I was about to say\u0003");
    expect(await desk.gone).toBe(0);
    expect(desk.output()).toMatch(/\r\n$/);
  });
});
