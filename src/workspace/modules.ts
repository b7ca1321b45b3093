/** A workspace's own code: tools and identity. A broken module is left out and said; the desk runs on without it. */
import type { Dirent } from "node:fs";
import { basename, extname, join, relative } from "node:path";
import type { Clock } from "../clock.ts";
import { isThere } from "../config/folders.ts";
import { readText } from "../config/read-desk-file.ts";
import { showDataFolderToTools } from "../config.ts";
import { DeskError, errors, faultOf } from "../errors.ts";
import type { Problem } from "../platform.ts";
import type { Identity, Tool } from "../tool.ts";
import { checkTool } from "./check-tool.ts";
import { contentsOf } from "./contents.ts";
import { compiledModules } from "./module-cache.ts";

export interface Modules {
  /** In the order of their files' names. */
  tools: Tool[];
  identity: Identity | undefined;
  /** What was left out, and why. */
  broken: Broken[];
  /** With these nothing starts. */
  problems: Problem[];
}

export interface Broken extends Problem {
  /** Whether the module may be the one that defines this tool. */
  mayDefine(tool: string): boolean;
}

const endings = [".ts", ".mts", ".js", ".mjs"];
const importTimeoutMs = 10_000;

/** @throws DeskError data_unusable */
export async function loadModules(
  folders: { workspace: string; data: string },
  clock: Clock,
): Promise<Modules> {
  const identityFile = endings.map((ending) => join(folders.workspace, `identity${ending}`)).find(isThere);
  const { entries, problems } = contentsOf(folders.workspace, "tools");
  const toolFiles = modulesAmong(entries).map((name) => join(folders.workspace, "tools", name));
  const files = identityFile ? [...toolFiles, identityFile] : toolFiles;
  showDataFolderToTools({ folders });
  const cache = join(folders.data, "cache", "workspace");
  const { urls, faults } = await compiledModules(files, folders.workspace, cache);
  const read = await Promise.all(
    files.map(async (file): Promise<Exported> => {
      const url = urls.get(file);
      return url ? await exportOf(url, clock) : { fault: faults.get(file) ?? "could not be compiled" };
    }),
  );
  const modules: Modules = { tools: [], identity: undefined, broken: [], problems };
  files.forEach((file, index) => {
    const name = relative(folders.workspace, file);
    const fault = take(modules, file === identityFile ? "identity" : "tool", read[index] ?? { fault: "" });
    if (fault !== undefined) modules.broken.push(broken(file, name, fault));
  });
  return modules;
}

type Exported = { value: unknown } | { fault: string };

async function exportOf(url: string, clock: Clock): Promise<Exported> {
  const done = new AbortController();
  try {
    const late = clock.sleep(importTimeoutMs, done.signal).then(() => {
      throw new DeskError("tool_module_broken", `it did not finish within ${importTimeoutMs / 1000} s`);
    });
    const module: { default?: unknown } = await Promise.race([import(url), late]);
    return { value: module.default };
  } catch (error) {
    return { fault: `failed when it was loaded: ${faultOf(error)}` };
  } finally {
    done.abort();
  }
}

/** Adds what a module exports; gives the fault when it cannot be used. */
function take(modules: Modules, kind: "identity" | "tool", exported: Exported): string | undefined {
  if ("fault" in exported) return exported.fault;
  if (kind === "identity") {
    const identity = exported.value as Partial<Identity> | undefined;
    if (typeof identity?.find !== "function")
      return "must export defineIdentity({ find(claim) { … } }) by default";
    if (identity.id !== undefined && !(identity.id instanceof RegExp))
      return "the id of its identity must be a regular expression";
    modules.identity = identity as Identity;
    return undefined;
  }
  const checked = checkTool(exported.value);
  if ("fault" in checked) return checked.fault;
  if (modules.tools.some((tool) => tool.name === checked.tool.name))
    return `defines ${checked.tool.name}, which another file already defines`;
  modules.tools.push(checked.tool);
  return undefined;
}

function broken(file: string, name: string, fault: string): Broken {
  const read = readText(file);
  const text = "content" in read ? read.content : undefined;
  const fileName = basename(file, extname(file)).replaceAll("-", "_");
  return {
    where: name,
    fault,
    remedy: errors.tool_module_broken,
    mayDefine: (tool) => tool === fileName || (text?.includes(tool) ?? true),
  };
}

/** Of links, what they lead to is looked at when they are compiled. */
function modulesAmong(entries: readonly Dirent[]): string[] {
  return entries
    .filter((entry) => (entry.isFile() || entry.isSymbolicLink()) && endings.includes(extname(entry.name)))
    .map((entry) => entry.name)
    .filter((name) => !/^\.|\.(test|spec|d)\.\w+$/.test(name))
    .sort();
}
