/** What lies in a folder of the workspace. One that is there and cannot be read is not taken for one that is missing. */
import { type Dirent, readdirSync } from "node:fs";
import { join } from "node:path";
import { isThere } from "../config/folders.ts";
import { faultOf } from "../errors.ts";
import type { Problem } from "../platform.ts";

/** @returns nothing of a folder that is not there */
export function contentsOf(workspace: string, folder: string): { entries: Dirent[]; problems: Problem[] } {
  const path = join(workspace, folder);
  if (!isThere(path)) return { entries: [], problems: [] };
  try {
    return { entries: readdirSync(path, { withFileTypes: true }), problems: [] };
  } catch (error) {
    const remedy = "Make it a folder that the desk may read, or remove it.";
    return {
      entries: [],
      problems: [{ where: folder, fault: `cannot be read: ${faultOf(error)}`, remedy }],
    };
  }
}
