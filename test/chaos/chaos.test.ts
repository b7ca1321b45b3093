/** A short run of `npm run chaos`, the runs that have found something, and the planted bugs that a run must find. */
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { ownPostgres } from "../doubles/postgres-run.ts";
import { readOptions } from "./options.ts";
import { plants } from "./plants.ts";
import { points } from "./points.ts";
import { applied } from "./program.ts";
import { seeds } from "./seeds.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
/** A run takes some twenty to forty seconds where the machine has nothing else to do. */
const patienceMs = 300_000;

// Only to learn whether one can run here; it says so loudly if not.
const trial = await ownPostgres();
await trial?.remove();

/** Speeds are not judged: the machine may have other work. */
function chaos(...args: string[]): Promise<{ code: number | null; output: string }> {
  const command = ["bench/run.js", "chaos", "--no-speed", "--customers", "15", "--rate", "3", ...args];
  const child = spawn(process.execPath, command, { cwd: root, stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      output += text;
    });
  }
  return new Promise((resolve) => child.once("close", (code) => resolve({ code, output })));
}

describe("chaos", () => {
  it("violates nothing in a short run", { timeout: patienceMs, retry: 0 }, async () => {
    const { code, output } = await chaos("--seed", "20261121", "--minutes", "0.5");
    expect(code, output).toBe(0);
    expect(output).toContain("seed 20261121");
    expect(output).toMatch(/deaths [1-9]/);
  });

  it.skipIf(!trial)(
    "violates nothing in a short run of two processes on Postgres",
    { timeout: patienceMs, retry: 0 },
    async () => {
      const args = ["--db", "postgres", "--seed", "8", "--minutes", "0.3", "--point", "random"];
      const { code, output } = await chaos(...args);
      expect(code, output).toBe(0);
      expect(output).toMatch(/deaths [1-9]/);
      expect(output).toContain("the ledger's server is stopped");
    },
  );

  it("violates nothing in a short run over HTTP", { timeout: patienceMs, retry: 0 }, async () => {
    const { code, output } = await chaos("--transport", "http", "--seed", "46", "--minutes", "0.2");
    expect(code, output).toBe(0);
  });

  it.each(seeds)("finds no more that $found", { timeout: patienceMs, retry: 0 }, async ({ args }) => {
    const { code, output } = await chaos(...args);
    expect(code, output).toBe(0);
  });

  it("turns red when an event is admitted each time that it comes", { timeout: patienceMs }, async () => {
    const { code, output } = await chaos(
      "--seed",
      "5",
      "--minutes",
      "0.5",
      "--point",
      "none",
      "--plant",
      "dedupe",
    );
    expect(code, output).toBe(1);
    expect(output).toContain("I3");
  });
});

describe("its options", () => {
  it("are refused when they make no sense", () => {
    expect(() => readOptions(["--point", "nowhere"])).toThrow("--point wants one of");
    expect(() => readOptions(["--plant", "nothing"])).toThrow("--plant wants one of");
    expect(() => readOptions(["--seed", "x"])).toThrow("--seed wants a number");
    expect(() => readOptions(["--db", "sqlserver"])).toThrow("--db wants one of");
    expect(() => readOptions(["--transport", "pigeon"])).toThrow("--transport wants one of");
    expect(readOptions(["--help"])).toBe("help");
  });

  it("name every point with its story", () => {
    expect(Object.keys(points).length).toBeGreaterThan(20);
    expect(readOptions(["--point", "backend"])).toMatchObject({ point: "backend" });
  });

  it("make a seed where none is given", () => {
    const options = readOptions([]);
    expect(options).not.toBe("help");
    expect(options !== "help" && Number.isInteger(options.seed)).toBe(true);
  });
});

describe("a plant", () => {
  it("fails when its text does not stand in the source exactly once", () => {
    const edit = { file: "a.ts", find: "guard();", replace: "" };
    expect(applied("one(); guard(); two();", edit)).toBe("one();  two();");
    expect(() => applied("one();", edit)).toThrow("0 times");
    expect(() => applied("guard(); guard();", edit)).toThrow("2 times");
  });

  it.each(Object.values(plants).flatMap(({ edits }) => edits))("stands in $file as it is", (edit) => {
    const source = readFileSync(new URL(`../../${edit.file}`, import.meta.url), "utf8");
    expect(applied(source, edit)).not.toBe(source);
  });

  it("says what it takes out", () => {
    expect(Object.keys(plants)).toEqual(["dedupe", "fence", "look", "commit-first", "workspace"]);
  });
});
