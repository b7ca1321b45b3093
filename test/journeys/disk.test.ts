import { appendFileSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { canMount, mountAt, unmountAt } from "../doubles/disk.ts";
import { careful } from "../fixtures/scenarios.ts";
import { writeShop } from "../fixtures/workspace.ts";
import { closeTerminals, openTerminal, temporaryFolder } from "./terminal.ts";
import { play } from "./transcript.ts";

const shops = temporaryFolder();
const disk = join(shops.path, "disk");
const ballast = join(disk, "ballast");

const mayMount = canMount();

function fillDisk(): void {
  for (let size = 65_536; size >= 1; ) {
    try {
      appendFileSync(ballast, Buffer.alloc(size));
    } catch {
      size = Math.floor(size / 2);
    }
  }
}

/** A tool that leaves no room on the disk, as a log that runs full at the worst moment would. */
const fillingTool = `import { appendFileSync } from "node:fs";
import { defineTool, z } from "deskhand";
export default defineTool({
  name: "lookup_order_status",
  description: "Look up an order by its number.",
  effect: "read",
  account: false,
  input: z.object({ order_id: z.string().regex(/^ORD-\\d+$/) }),
  run({ order_id }) {
    for (let size = 65_536; size >= 1; ) {
      try { appendFileSync(process.env.BALLAST, Buffer.alloc(size)); } catch { size = Math.floor(size / 2); }
    }
    return { order_id, status: "shipped" };
  },
});
`;

beforeAll(() => {
  writeShop(join(shops.path, "careful"), careful);
  writeShop(join(shops.path, "filling"), {
    ...careful,
    files: { "tools/lookup_order_status.ts": fillingTool },
  });
});
beforeEach(() => {
  mkdirSync(disk, { recursive: true });
  mountAt(disk, "-t", "tmpfs", "-o", "size=4m", "tmpfs");
});
afterEach(() => {
  closeTerminals();
  unmountAt(disk);
});
afterAll(shops.remove);

describe.skipIf(!mayMount)("a disk that is full (skipped where no disk can be mounted)", () => {
  it("a message is refused as a whole, its writer is told, and the next one is taken when there is room", async () => {
    const args = ["--workspace", join(shops.path, "careful")];
    const desk = await openTerminal(join(disk, "data"), { args });
    await play(
      desk,
      `customer: How long does express shipping take?
            bot: … 1-2 business days`,
    );
    fillDisk();
    await play(
      desk,
      `customer: Where is my order ORD-12345?
            bot: Your message was not taken. The disk is full or read-only.
       customer: Where is my order ORD-67890?
            bot: Your message was not taken. The disk is full or read-only.`,
    );
    rmSync(ballast);
    await play(
      desk,
      `customer: How long does standard shipping take?
            bot: … 5-7 business days
       customer: summary
            bot: Summary: 2 turns
          never: ORD-12345 … ORD-67890`,
    );
    expect(await desk.end()).toBe(0);
  });

  it("an answer that cannot be kept is not given; it comes once there is room", async () => {
    const args = ["--workspace", join(shops.path, "filling")];
    const desk = await openTerminal(join(disk, "data"), { args, env: { BALLAST: ballast } });
    desk.type("Where is my order ORD-12345?");
    await desk.logs("turn.broke");
    expect(desk.output()).toBe("");
    rmSync(ballast);
    // The tool would fill it again.
    mkdirSync(ballast);
    await desk.sees("shipped");
    expect(await desk.end()).toBe(0);
    expect(desk.output().match(/shipped/g)).toHaveLength(1);
  });
});

describe.skipIf(!mayMount)("a disk that is read-only (skipped where no disk can be mounted)", () => {
  it("is told at the start", async () => {
    const args = ["--workspace", join(shops.path, "careful")];
    const first = await openTerminal(join(disk, "data"), { args });
    expect(await first.end()).toBe(0);
    mountAt(disk, "-o", "remount,ro");
    for (const folder of ["data", "another"]) {
      const desk = await openTerminal(join(disk, folder), { args, early: true });
      expect(await desk.gone).toBe(1);
      expect(desk.errors()).toContain(join(disk, folder));
      expect(desk.errors()).toContain("is writable");
      expect(desk.output()).toBe("");
    }
  });
});
