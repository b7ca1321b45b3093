/** docs/operations.md says of every metric and every code what it means, and of nothing that there is not. */
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { commands } from "../src/commands/commands.ts";
import { errors } from "../src/errors.ts";
import { type DeskInARoom, openDesk } from "./doubles/desk-in-a-room.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const page = readFileSync(join(root, "docs", "operations.md"), "utf8");

/** The rows of the table under a heading, without its head. */
function table(heading: string): string[][] {
  const section = page.split(/^## /m).find((one) => one.startsWith(`${heading}\n`)) ?? "";
  const rows = section.split("\n").filter((line) => line.startsWith("|"));
  return rows.slice(2).map((line) =>
    line
      .slice(1, -1)
      .split("|")
      .map((cell) => cell.trim()),
  );
}

describe("metrics", () => {
  let desk: DeskInARoom;
  beforeEach(async () => {
    desk = await openDesk();
  });
  afterEach(() => desk.close());

  it("are all in the table, in their order, with what they say of themselves", async () => {
    const told = [...(await desk.core.metrics()).matchAll(/^# HELP (\S+) (.*)$/gm)];
    expect(told.length).toBeGreaterThan(10);
    expect(table("Watch").map(([name, says]) => [name, says])).toEqual(
      told.map(([, name, help]) => [`\`${name}\``, help]),
    );
  });
});

describe("error codes", () => {
  it("are all in the table, each once", () => {
    const named = table("What an error means for customers").flatMap(([codes = ""]) =>
      [...codes.matchAll(/`([a-z_]+)`/g)].map((match) => match[1]),
    );
    expect([...named].sort()).toEqual(Object.keys(errors).sort());
  });
});

describe("what the page names", () => {
  it("commands exist", () => {
    const known = commands.map((command) => command.name);
    const named = [...page.matchAll(/(?:^|`)deskhand ([a-z]+)/gm)].map((match) => match[1]);
    expect(named.length).toBeGreaterThan(5);
    for (const name of named) expect(known).toContain(name);
  });

  it("files and places on the page exist", () => {
    for (const [, path = "", place] of page.matchAll(/\]\(([^)#:]*)(#[^)]*)?\)/g)) {
      if (path !== "") expect(existsSync(join(root, "docs", path)), path).toBe(true);
      else {
        const places = [...page.matchAll(/^#+ (.*)$/gm)].map(
          ([, heading = ""]) =>
            `#${heading
              .toLowerCase()
              .replace(/[^\w -]/g, "")
              .replaceAll(" ", "-")}`,
        );
        expect(places).toContain(place);
      }
    }
  });

  it("all that the image needs is copied into it, and nothing that is not there", () => {
    const image = readFileSync(join(root, "docs", "Dockerfile"), "utf8");
    const copied = [...image.matchAll(/^COPY (.*) \S+$/gm)].flatMap((match) => match[1]?.split(" ") ?? []);
    for (const path of copied) expect(existsSync(join(root, path)), path).toBe(true);
    const needed =
      readFileSync(join(root, "build.js"), "utf8").match(/const sources = \[([^\]]*)\]/)?.[1] ?? "";
    for (const [, path] of needed.matchAll(/"([^"]+)"/g)) expect(copied).toContain(path);
    expect(image.indexOf("\nUSER node")).toBeGreaterThan(0);
  });

  const verifier = spawnSync("systemd-analyze", ["--version"]).status === 0;
  it.skipIf(!verifier)("systemd takes the unit (skipped where there is no systemd-analyze)", () => {
    const unit = join(root, "docs", "deskhand.service");
    const text = readFileSync(unit, "utf8");
    expect(text).toContain("RestartPreventExitStatus=2");
    const { stderr } = spawnSync("systemd-analyze", ["verify", unit], { encoding: "utf8" });
    const complaints = stderr.split("\n").filter((line) => line.includes("deskhand.service:"));
    expect(complaints.filter((line) => !/not executable|does not exist/.test(line))).toEqual([]);
  });
});
