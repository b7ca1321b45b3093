import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, it } from "vitest";
import { closeTerminals, environment, program, root, temporaryFolder, terminalOf } from "./terminal.ts";

afterEach(closeTerminals);

/** The first block that begins with a command in a pipe: the command's lines, and what stands below them. */
function conversation(): { command: string; printed: string } {
  const readme = readFileSync(join(root, "README.md"), "utf8");
  const block = /```\n\$ (printf [\s\S]*?\| npm (?:--silent )?start)\n([\s\S]*?)```/.exec(readme);
  if (!block) throw new Error("README.md shows no conversation");
  return { command: block[1] ?? "", printed: block[2] ?? "" };
}

/** The example's orders are always some days old, and npm says what it runs. */
const comparable = (text: string): string =>
  text
    .replace(/\d{4}-\d{2}-\d{2}/g, "DATE")
    .replace(/^(?:\n?> .*\n)+\n/, "")
    .trim();

it("the README's conversation is what npm start prints", async () => {
  program();
  const data = temporaryFolder();
  const { command, printed } = conversation();
  const env = environment({ DESKHAND_DATA: data.path });
  const child = spawn("sh", ["-c", command], { cwd: root, env, stdio: ["ignore", "pipe", "pipe"] });
  const desk = terminalOf(child, data.path);
  expect(await desk.gone).toBe(0);
  expect(comparable(desk.output())).toBe(comparable(printed));
  data.remove();
});
