import { execFileSync } from "node:child_process";
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { compileModules } from "../../src/workspace/compile.ts";
import { compiledModules } from "../../src/workspace/module-cache.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));

let folder: string;
let cache: string;
let compilations: number;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "deskhand-cache-"));
  cache = join(folder, "data", "cache");
  compilations = 0;
  write({
    "tools/a.ts":
      'import { b } from "../b.ts"; import text from "../c.txt"; import "yaml"; export default b + text;',
    "tools/d.ts": 'import { b } from "../b.ts"; export default b;',
    "b.ts": 'export const b: string = "b";',
    "c.txt": "c",
  });
});
afterEach(() => rmSync(folder, { recursive: true }));

function write(files: Record<string, string>): void {
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), content);
  }
}

async function load() {
  const files = ["tools/a.ts", "tools/d.ts"].map((name) => join(folder, name));
  return await compiledModules(files, folder, cache, (...given) => {
    compilations += 1;
    return compileModules(...given);
  });
}
async function value(file = "tools/a.ts"): Promise<unknown> {
  const url = (await load()).urls.get(join(folder, file));
  return ((await import(url ?? "")) as { default: unknown }).default;
}

/** The files of the cache's folders, without its records. */
function outputs(): string[] {
  return readdirSync(cache, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".mjs"))
    .map((name) => join(cache, name));
}

describe("compiled modules", () => {
  it("are compiled once while nothing changes", async () => {
    expect([await value(), await value(), await value("tools/d.ts")]).toEqual(["bc", "bc", "b"]);
    expect(compilations).toBe(1);
  });

  it("are compiled again when any file that went in changes, however deep and of whatever kind", async () => {
    expect(await value()).toBe("bc");
    write({ "b.ts": 'export const b: string = "B";' });
    expect(await value()).toBe("Bc");
    write({ "c.txt": "C" });
    expect(await value()).toBe("BC");
    expect(compilations).toBe(3);
  });

  it("are compiled again when the cache is damaged, as after a loss of power", async () => {
    await load();
    for (const file of outputs()) truncateSync(file);
    expect(await value()).toBe("bc");
    const records = readdirSync(cache).filter((name) => name.endsWith(".json"));
    for (const name of records) writeFileSync(join(cache, name), "{");
    expect(await value()).toBe("bc");
    for (const file of outputs()) rmSync(file);
    expect(await value()).toBe("bc");
    expect(compilations).toBe(4);
  });

  it("are compiled again at the next start when one of them had a fault", async () => {
    write({ "tools/d.ts": "export default {" });
    expect((await load()).faults.size).toBe(1);
    // Another process that starts at the same moment may be reading them.
    const before = outputs().map((path) => statSync(path).ino);
    expect((await load()).faults.size).toBe(1);
    expect(outputs().map((path) => statSync(path).ino)).toEqual(before);
    write({ "tools/d.ts": 'export default "d";' });
    expect(await value("tools/d.ts")).toBe("d");
  });

  it("of earlier versions are cleared away", async () => {
    for (let version = 0; version < 15; version++) {
      write({ "b.ts": `export const b: string = "${version}";` });
      await load();
    }
    const folders = readdirSync(cache).filter((name) => !name.endsWith(".json"));
    expect(folders.length).toBeLessThanOrEqual(9);
    expect(readdirSync(cache).filter((name) => name.endsWith(".json"))).toHaveLength(1);
  });

  it("that cannot be kept say so", async () => {
    writeFileSync(join(folder, "data"), "a file where the folder should be");
    await expect(load()).rejects.toMatchObject({ code: "data_unusable" });
  });
});

describe("the compiled program", () => {
  it("shares zod with the workspace's tools, and starts without a compiler when nothing changed", async () => {
    const program = join(folder, "program");
    await build({
      absWorkingDir: root,
      entryPoints: {
        workspace: "src/workspace/workspace.ts",
        clock: "src/clock.ts",
        deskhand: "src/deskhand.ts",
      },
      outdir: join(program, "dist"),
      bundle: true,
      splitting: true,
      format: "esm",
      platform: "node",
      packages: "external",
    });
    symlinkSync(join(root, "node_modules"), join(program, "node_modules"));
    writeFileSync(join(program, "package.json"), '{ "type": "module" }');
    const script = join(program, "dist", "try.js");
    writeFileSync(
      script,
      `import { z } from "zod";
      import { createClock } from "./clock.js";
      import { defineTool } from "./deskhand.js";
      import { loadDesk } from "./workspace.js";
      const { workspace } = await loadDesk({ workspace: "desk", data: "desk-data" }, { clock: createClock() });
      const [tool] = workspace.tools;
      const same = tool !== undefined && tool.run().z.object === z.object && tool.run().defineTool === defineTool && tool.input instanceof z.ZodObject;
      console.log(JSON.stringify({ tools: workspace.tools.map(({ name }) => name), same, warnings: workspace.warnings }));`,
    );
    write({
      "desk/tools/a.ts": `import { defineTool, z } from "deskhand";
        export default defineTool({ name: "a", description: "d", effect: "read", account: false, input: z.object({}), run: () => ({ z, defineTool }) });`,
    });
    const noCompiler = join(folder, "no-compiler");
    writeFileSync(noCompiler, "#!/bin/sh\nexit 1\n");
    chmodSync(noCompiler, 0o755);
    const start = (env: Record<string, string>) =>
      execFileSync(process.execPath, [script], { cwd: folder, encoding: "utf8", env, stdio: "pipe" });
    const expected = { tools: ["a"], same: true, warnings: [] };
    expect(JSON.parse(start({}))).toEqual(expected);
    expect(JSON.parse(start({ ESBUILD_BINARY_PATH: noCompiler }))).toEqual(expected);
    // The stand-in does stop the compiler: a change shows it.
    const tool = join(folder, "desk/tools/a.ts");
    writeFileSync(tool, `${readFileSync(tool, "utf8")}\n`);
    expect(JSON.parse(start({ ESBUILD_BINARY_PATH: noCompiler }))).toMatchObject({ tools: [] });
  });
});
