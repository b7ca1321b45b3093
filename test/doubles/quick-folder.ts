/** A folder in memory where the machine has room for one: a process that dies does not ask what the disk has kept. */
import { accessSync, constants, mkdtempSync, rmSync, statfsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Containers have some megabytes there, if they are told nothing else. */
const roomMinBytes = 2 ** 31;

export function quickFolder(): { path: string; remove(): void } {
  const path = mkdtempSync(join(inMemory() ?? tmpdir(), "desk-"));
  return { path, remove: () => rmSync(path, { recursive: true, force: true, maxRetries: 5 }) };
}

function inMemory(): string | undefined {
  try {
    accessSync("/dev/shm", constants.W_OK);
    const { bavail, bsize } = statfsSync("/dev/shm");
    return bavail * bsize < roomMinBytes ? undefined : "/dev/shm";
  } catch {
    return undefined;
  }
}
