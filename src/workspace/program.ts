/** Where the running program lies, for the modules of a workspace that import from it. */
import { existsSync } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";

/**
 * The module that `deskhand` means in a workspace. Compiled, everything lies in one folder (dist/deskhand.js beside this
 * code); from the sources it is src/deskhand.ts.
 */
export function programModule(): { url: string; folder: string } {
  const compiled = new URL("./deskhand.js", import.meta.url);
  const url = existsSync(compiled) ? compiled : new URL("../deskhand.ts", import.meta.url);
  return { url: url.href, folder: dirname(fileURLToPath(url)) };
}
