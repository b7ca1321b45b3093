/** desk.yaml from the workspace, checked; a folder without it has every default. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { faultOf } from "../errors.ts";
import type { Problem } from "../platform.ts";
import { type DeskFile, deskFile } from "./desk-file.ts";
import { isThere, shortPath } from "./folders.ts";
import { check } from "./shape.ts";
import { type Path, readYaml } from "./yaml-text.ts";

/** What is faulty has its default in `file`, so that the rest can be examined too. */
export function readDeskFile(
  workspace: string,
  currentFolder: string,
): { file: DeskFile; problems: Problem[] } {
  const path = join(workspace, "desk.yaml");
  const name = shortPath(path, currentFolder);
  const none = deskFile.parse({});
  if (!isThere(path)) return { file: none, problems: misnamed(workspace, currentFolder) };
  const text = readText(path);
  if (text.fault !== undefined) {
    const remedy = "Make it a readable file of UTF-8 text.";
    return { file: none, problems: [{ where: name, fault: text.fault, remedy }] };
  }
  const yaml = readYaml(text.content, name);
  if (yaml.problems.length > 0) return { file: none, problems: yaml.problems };
  const data = yaml.data ?? {};
  const checked = check(deskFile, data, yaml);
  if (checked.data) return { file: checked.data, problems: [] };
  const rest = deskFile.safeParse(without(data, checked.wrong));
  return { file: rest.data ?? none, problems: checked.problems };
}

/** Without a word every limit in it would be the default. */
function misnamed(workspace: string, currentFolder: string): Problem[] {
  return namesIn(workspace)
    .filter((name) => /^desk\.ya?ml$/i.test(name))
    .map((name) => ({
      where: shortPath(join(workspace, name), currentFolder),
      fault: "is not read: its name is not desk.yaml",
      remedy: "Rename it to desk.yaml.",
    }));
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/** The text of a UTF-8 file, or why there is none. */
export function readText(path: string): { content: string; fault?: undefined } | { fault: string } {
  try {
    return { content: new TextDecoder("utf-8", { fatal: true }).decode(readFileSync(path)) };
  } catch (error) {
    return { fault: error instanceof TypeError ? "is not UTF-8 text" : `cannot be read: ${faultOf(error)}` };
  }
}

/** The same data without the top-level keys that anything is wrong in; the names of tools stay known. */
function without(data: unknown, wrong: readonly Path[]): unknown {
  if (typeof data !== "object" || data === null) return {};
  const keys = new Set(wrong.map(([key]) => key));
  return Object.fromEntries(Object.entries(data).filter(([key]) => !keys.has(key)));
}
