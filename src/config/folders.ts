/** Where the workspace and the data are. */
import { existsSync, lstatSync, mkdirSync, statSync } from "node:fs";
import { dirname, isAbsolute, join, relative, resolve } from "node:path";
import { faultOf } from "../errors.ts";
import type { Problem } from "../platform.ts";

/** What makes a folder a workspace. */
const marks = ["desk.yaml", "agents", "knowledge", "tools"];
const missing = "Give the folder that holds desk.yaml with --workspace, or make one with: deskhand init DIR";

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
    problems: [{ where: "--workspace", fault, remedy: missing }],
  };
}

export function dataFolder(given: string | undefined, currentFolder: string): string {
  return resolve(currentFolder, given ?? ".deskhand");
}

/**
 * Makes a folder and those above it that are missing. Node's own `recursive` never returns where a folder exists that
 * takes none, as in /proc.
 * @param mode the permissions of what is made
 * @throws the system's error
 */
export function makeFolder(path: string, mode?: number): void {
  if (existsSync(path)) return;
  const above = dirname(resolve(path));
  if (above !== resolve(path)) makeFolder(above, mode);
  try {
    mkdirSync(path, mode);
  } catch (error) {
    // Somebody else may have been faster.
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
}

/** A path as a reader of the terminal would write it. */
export function shortPath(path: string, currentFolder: string): string {
  const short = relative(currentFolder, path);
  return short === "" || short.startsWith("..") || isAbsolute(short) ? path : short;
}

function isWorkspace(folder: string, guessed: boolean): boolean {
  return (guessed ? ["desk.yaml"] : marks).some((name) => existsSync(join(folder, name)));
}

/** Whether anything is there, also what cannot be read, or a link that leads nowhere. */
export function isThere(path: string): boolean {
  try {
    return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
  } catch {
    return true;
  }
}

/** Why what does not seem to be there cannot be looked at; undefined where it is just not there. */
export function whyMissing(path: string): string | undefined {
  try {
    statSync(path);
    return undefined;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ENOENT" ? undefined : faultOf(error);
  }
}

function faultOfFolder(folder: string): string {
  if (!existsSync(folder)) return whyMissing(folder) ?? `${folder} does not exist`;
  if (!statSync(folder).isDirectory()) return `${folder} is not a folder`;
  return whyMissing(join(folder, "desk.yaml")) ?? `${folder} has no desk.yaml, agents, knowledge or tools`;
}
