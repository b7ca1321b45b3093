/** A folder in memory where the machine has one: a death that is only played does not ask what the disk has kept. */
import { accessSync, constants, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export function quickFolder(): { path: string; remove(): void } {
  const path = mkdtempSync(join(inMemory() ?? tmpdir(), "desk-"));
  return { path, remove: () => rmSync(path, { recursive: true, force: true, maxRetries: 5 }) };
}

function inMemory(): string | undefined {
  try {
    accessSync("/dev/shm", constants.W_OK);
    return "/dev/shm";
  } catch {
    return undefined;
  }
}
