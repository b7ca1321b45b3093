/** A disk of its own, which only those can have who may mount one; tests that need it say so and skip elsewhere. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** @param options of `mount`, without the folder; @returns false where it is not allowed */
export function mountAt(folder: string, ...options: string[]): boolean {
  try {
    execFileSync("mount", [...options, folder], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

/** Also when somebody still has a file open there. */
export function unmountAt(folder: string): void {
  execFileSync("umount", ["-l", folder], { stdio: "ignore" });
}

export function canMount(): boolean {
  const folder = mkdtempSync(join(tmpdir(), "deskhand-mount-"));
  try {
    if (!mountAt(folder, "-t", "tmpfs", "-o", "size=64k", "tmpfs")) return false;
    unmountAt(folder);
    return true;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
