/** docs/operations.md says of every metric and every code what it means, and of nothing that there is not. */
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { commands } from "../src/commands/commands.ts";
import { readConfig } from "../src/config.ts";
import { errors } from "../src/errors.ts";
import { leaveRoom } from "../src/ledger/leave-room.ts";
import { type DeskInARoom, openDesk } from "./doubles/desk-in-a-room.ts";
import { closeTerminals, openTerminal, temporaryFolder } from "./journeys/terminal.ts";

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

  it("that somebody is to be woken by exist, with the labels and the events that are named", async () => {
    const known = new Set(table("Watch").map(([name]) => name?.replaceAll("`", "")));
    const alerts = /wake somebody[\s\S]*?```\n([\s\S]*?)```/.exec(page)?.[1] ?? "";
    const named = [...alerts.matchAll(/(?:deskhand|process)_[a-z_]+/g)].map(([name]) => name);
    expect(named.length).toBeGreaterThan(5);
    for (const name of named) expect(known, name).toContain(name);
    const counters = readFileSync(join(root, "src", "metrics", "counted.ts"), "utf8");
    for (const [, label] of alerts.matchAll(/\{(\w+)="/g)) expect(counters).toContain(`"${label}"`);
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

describe("statements on the page", () => {
  const statements = [...page.matchAll(/```sql\n([\s\S]*?)```/g)].map(([, sql = ""]) => sql);

  it("are what a backup is told, and a list of the writes", async () => {
    expect(statements).toHaveLength(2);
    expect(statements[0]).toBe(leaveRoom.map((statement) => `${statement};\n`).join(""));
    const desk = await openDesk();
    try {
      expect(await desk.ledger.read((tx) => tx.all(statements[1] ?? ""))).toEqual([]);
    } finally {
      await desk.close();
    }
  });
});

describe("how long things are kept", () => {
  it("is what the settings say unless told otherwise", () => {
    const { limits } = readConfig({ env: {}, workspace: join(root, "example") }).config;
    const days = (name: string) => Number(new RegExp(`limits\\.${name}\`[^(]*\\((\\d+)\\)`).exec(page)?.[1]);
    expect(days("session_idle_days") * 86_400_000).toBe(limits.sessionIdleMs);
    expect(days("retention_days") * 86_400_000).toBe(limits.retentionMs);
  });
});

describe("the image's health", () => {
  afterEach(closeTerminals);

  it("is that a desk takes commands on its data folder", async () => {
    const image = readFileSync(join(root, "docs", "Dockerfile"), "utf8");
    const [node = "", ...args] = JSON.parse(/^HEALTHCHECK .* CMD (\[.*\])$/m.exec(image)?.[1] ?? "[]");
    const folder = temporaryFolder();
    const healthy = () =>
      spawnSync(node, args, { env: { ...process.env, DESKHAND_DATA: folder.path } }).status === 0;
    try {
      expect(healthy()).toBe(false);
      const desk = await openTerminal(folder.path);
      await expect.poll(healthy).toBe(true);
      await desk.kill("SIGKILL");
      expect(healthy()).toBe(false);
    } finally {
      folder.remove();
    }
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
