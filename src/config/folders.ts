/** Where the workspace and the data are. */
import { existsSync, statSync } from "node:fs";
import { isAbsolute, join, relative, resolve } from "node:path";
import { errors } from "../errors.ts";
import type { Problem } from "../platform.ts";

/** What makes a folder a workspace. */
const marks = ["desk.yaml", "agents", "knowledge", "tools"];

/**
 * The folder given, or the current one when it is a workspace, or `example` in it. A folder is never guessed from
 * further away: a desk that is started in the wrong place must not answer from somebody else's articles.
 */
export function workspaceFolder(
  given: string | undefined,
  currentFolder: string,
): { folder: string; problems: Problem[] } {
  const candidates =
    given === undefined ? [currentFolder, join(currentFolder, "example")] : [resolve(currentFolder, given)];
  const folder = candidates.find((candidate) => isWorkspace(candidate, given === undefined));
  if (folder !== undefined) return { folder, problems: [] };
  const fault =
    given === undefined ? `there is no desk.yaml in ${currentFolder}` : faultOfFolder(candidates[0] ?? "");
  return {
    folder: candidates[0] ?? currentFolder,
    problems: [{ where: "--workspace", fault, remedy: errors.workspace_missing }],
  };
}

export function dataFolder(given: string | undefined, currentFolder: string): string {
  return resolve(currentFolder, given ?? ".deskhand");
}

/** A path as a reader of the terminal would write it. */
export function shortPath(path: string, currentFolder: string): string {
  const short = relative(currentFolder, path);
  return short === "" || short.startsWith("..") || isAbsolute(short) ? path : short;
}

function isWorkspace(folder: string, guessed: boolean): boolean {
  return (guessed ? ["desk.yaml"] : marks).some((name) => existsSync(join(folder, name)));
}

function faultOfFolder(folder: string): string {
  if (!existsSync(folder)) return `${folder} does not exist`;
  if (!statSync(folder).isDirectory()) return `${folder} is not a folder`;
  return `${folder} has no desk.yaml, agents, knowledge or tools`;
}
