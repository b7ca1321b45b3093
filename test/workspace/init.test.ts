import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createClock } from "../../src/clock.ts";
import { initWorkspace } from "../../src/workspace/init.ts";
import { loadDesk } from "../../src/workspace/workspace.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "deskhand-init-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

describe("a new workspace", () => {
  it("starts as it is, without problems or warnings", async () => {
    const workspaceFolder = join(folder, "new", "desk");
    const written = initWorkspace(workspaceFolder);
    const there = readdirSync(workspaceFolder, { recursive: true, encoding: "utf8" });
    expect(there).toEqual(expect.arrayContaining(written));
    const sources = { currentFolder: workspaceFolder, env: {} };
    const { config, workspace } = await loadDesk(sources, { clock: createClock() });
    expect([...config.warnings, ...workspace.warnings]).toEqual([]);
    expect(config.name).toBe("My Company");
    expect(workspace.entry).toBe("support");
    const [tool] = workspace.tools;
    const context = {
      customer: { id: "" },
      thread: { id: "console:t" },
      signal: new AbortController().signal,
      now: () => 0,
      log: { info: () => {} },
    };
    expect(await tool?.run({ order_id: "A-1001" }, context)).toMatchObject({
      found: true,
      status: "shipped",
    });
    expect(readdirSync(join(workspaceFolder, "knowledge"))).toHaveLength(2);
  });

  it("names only keys in its desk.yaml that exist", async () => {
    initWorkspace(join(folder, "desk"));
    const path = join(folder, "desk", "desk.yaml");
    const uncommented = readFileSync(path, "utf8")
      .split("\n")
      .map((line) => line.replace(/^# (?=[a-z ].*:)/, ""))
      .filter((line) => !line.startsWith("Every key"))
      .join("\n");
    expect(uncommented).toContain("\n  staff: members");
    writeFileSync(path, uncommented.replace("issue_refund:", "lookup_order:"));
    const desk = await loadDesk(
      { workspace: join(folder, "desk"), data: join(folder, "data"), env: {} },
      { clock: createClock() },
    );
    expect(desk.config.desk.channel).toBe("slack:C0123456789");
  });

  it("is refused where anything is, which stays as it was", () => {
    writeFileSync(join(folder, "README.md"), "mine");
    expect(() => initWorkspace(folder)).toThrow(expect.objectContaining({ code: "init_refused" }));
    expect(readdirSync(folder)).toEqual(["README.md"]);
    expect(readFileSync(join(folder, "README.md"), "utf8")).toBe("mine");
    const file = join(folder, "README.md");
    expect(() => initWorkspace(file)).toThrow(expect.objectContaining({ code: "init_refused" }));
  });
});
