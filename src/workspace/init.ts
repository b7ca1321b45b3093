/** `deskhand init DIR`: a new workspace. */
import { readdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { makeFolder } from "../config/folders.ts";
import { DeskError, faultOf } from "../errors.ts";
import { starter } from "./starter.ts";

/**
 * Writes a small workspace that starts as it is; gives the files written, by their paths in it.
 * @param folder new or empty; nothing that is there is ever overwritten
 * @throws DeskError init_refused
 */
export function initWorkspace(folder: string): string[] {
  try {
    makeFolder(folder);
    if (readdirSync(folder).length > 0) throw new Error("the folder is not empty");
    for (const [name, text] of Object.entries(starter)) {
      makeFolder(dirname(join(folder, name)));
      writeFileSync(join(folder, name), text, { flag: "wx" });
    }
  } catch (cause) {
    throw new DeskError("init_refused", `${folder}: ${faultOf(cause)}`, { cause });
  }
  return Object.keys(starter);
}
