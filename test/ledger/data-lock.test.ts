import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { codeOf, faultOf } from "../../src/errors.ts";
import { lockData } from "../../src/ledger/data-lock.ts";
import { canMount } from "../doubles/disk.ts";
import { compileLedgerProcess, type Program } from "./other-process.ts";

let dir: string;
let program: Program;

beforeAll(async () => {
  program = await compileLedgerProcess();
});
afterAll(() => program.remove());
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "deskhand-lock-"));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

function refusal(at = dir): { code: string | undefined; fault: string } {
  try {
    lockData(at)();
  } catch (error) {
    return { code: codeOf(error), fault: faultOf(error) };
  }
  return { code: undefined, fault: "it was not refused" };
}

describe("the lock of a data folder", () => {
  it("is refused to a second process, which is told who has it, until the first lets go", async () => {
    const first = program.start("lock", dir);
    expect(await first.line()).toBe("locked");
    const second = program.start("lock", dir);
    expect(await second.line()).toBe(`data_in_use: process ${first.pid} uses ${dir}`);
    expect(refusal()).toEqual({ code: "data_in_use", fault: `process ${first.pid} uses ${dir}` });

    await first.finish();
    const third = program.start("lock", dir);
    expect(await third.line()).toBe("locked");
    await third.finish();
  });

  it("is free again when the process that had it was killed", async () => {
    for (let round = 0; round < 5; round++) {
      const other = program.start("lock", dir);
      expect(await other.line()).toBe("locked");
      await other.kill();
    }
    lockData(dir)();
  });

  it("is refused inside one process too, and that does not loosen it", async () => {
    const release = lockData(dir);
    for (let round = 0; round < 3; round++) {
      expect(refusal()).toEqual({ code: "data_in_use", fault: `process ${process.pid} uses ${dir}` });
    }
    const other = program.start("lock", dir);
    expect(await other.line()).toContain("data_in_use");
    release();
    lockData(dir)();
  });

  it("outlives the one who forgot to keep it", async () => {
    lockData(dir);
    for (let n = 0; n < 20; n++) {
      Array.from({ length: 1000 }, () => Buffer.alloc(10_000));
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(refusal().code).toBe("data_in_use");
  });

  it("released twice does not take it from the next one", () => {
    const release = lockData(dir);
    release();
    const next = lockData(dir);
    release();
    expect(refusal().code).toBe("data_in_use");
    next();
  });

  it("does not believe a process id that was left behind", () => {
    writeFileSync(join(dir, "lock.pid"), "1\n");
    const release = lockData(dir);
    expect(refusal().fault).toContain(`process ${process.pid} `);
    release();
    expect(existsSync(join(dir, "lock.pid"))).toBe(false);
  });

  it.each([
    ["is missing", () => {}],
    ["is a file", (at: string) => writeFileSync(at, "")],
    [
      "has something else for a lock",
      (at: string) => {
        mkdirSync(at);
        writeFileSync(join(at, "lock.sqlite"), "not a lock\n".repeat(1000));
      },
    ],
  ])("of a folder that %s is refused as data_unusable", (_kind, make) => {
    const at = join(dir, "data");
    make(at);
    const { code, fault } = refusal(at);
    expect(code).toBe("data_unusable");
    expect(fault).toContain(at);
  });

  it.skipIf(!canMount())("of a read-only disk (needs a mount) is refused as data_unusable", () => {
    lockData(dir)();
    execFileSync("mount", ["--bind", dir, dir]);
    execFileSync("mount", ["-o", "remount,bind,ro", dir]);
    try {
      expect(refusal().code).toBe("data_unusable");
    } finally {
      execFileSync("umount", ["-l", dir]);
    }
  });

  it.skipIf(process.getuid?.() === 0)(
    "of a read-only folder (not as root) is refused as data_unusable",
    () => {
      execFileSync("chmod", ["555", dir]);
      expect(refusal().code).toBe("data_unusable");
      expect(readdirSync(dir)).toEqual([]);
      execFileSync("chmod", ["755", dir]);
    },
  );
});
