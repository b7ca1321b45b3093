/**
 * Compiled modules kept in the data folder, so that an unchanged workspace starts without a compiler. A record names
 * every file that went in and every file that came out with its hash; when one of them differs, all is compiled anew.
 * Outputs lie in a folder named for their content, put in place by one rename: a process that dies leaves nothing half.
 */
import {
  existsSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { z } from "zod";
import { makeFolder } from "../config/folders.ts";
import { DeskError, faultOf } from "../errors.ts";
import { type Bundle, compileModules } from "./compile.ts";
import { hashOf } from "./hash.ts";
import { programModule } from "./program.ts";

/** Raised when compiled modules of an older program no longer fit. */
const format = 1;
const foldersKept = 8;

export interface CachedModules {
  /** By the module's file: what to import. */
  urls: Map<string, string>;
  faults: Map<string, string>;
}

const record = z.object({
  folder: z.string(),
  entries: z.record(z.string(), z.string()),
  inputs: z.record(z.string(), z.string()),
  outputs: z.record(z.string(), z.string()),
  packages: z.array(z.string()),
});

/**
 * @param cache a folder of the data folder
 * @throws DeskError data_unusable when the cache cannot be written
 */
export async function compiledModules(
  files: readonly string[],
  workspace: string,
  cache: string,
  compile: typeof compileModules = compileModules,
): Promise<CachedModules> {
  if (files.length === 0) return { urls: new Map(), faults: new Map() };
  const key = hashOf(JSON.stringify([format, programModule().url, workspace, files.map(placeOf)]));
  const recordFile = join(cache, `${key}.json`);
  const kept = unchanged(recordFile, cache);
  if (kept) return { urls: kept, faults: new Map() };
  const { bundle, faults } = await compile(files, workspace);
  try {
    const folder = keep(bundle, cache);
    if (faults.size === 0) replaceFile(recordFile, JSON.stringify(recordOf(bundle, folder)));
    sweep(cache, folder);
    return { urls: urlsOf(join(cache, folder), bundle.entries), faults };
  } catch (error) {
    throw new DeskError("data_unusable", `compiled tools cannot be kept in ${cache}: ${faultOf(error)}`, {
      cause: error,
    });
  }
}

function unchanged(recordFile: string, cache: string): Map<string, string> | undefined {
  try {
    const { folder, entries, inputs, outputs, packages } = record.parse(
      JSON.parse(readFileSync(recordFile, "utf8")),
    );
    const same =
      Object.entries(inputs).every(([path, hash]) => hashOfFile(path) === hash) &&
      areThere(join(cache, folder), Object.entries(outputs)) &&
      packages.every((path) => existsSync(path));
    return same ? urlsOf(join(cache, folder), new Map(Object.entries(entries))) : undefined;
  } catch {
    return undefined;
  }
}

function areThere(folder: string, hashes: readonly (readonly [name: string, hash: string])[]): boolean {
  try {
    return existsSync(folder) && hashes.every(([name, hash]) => hashOfFile(join(folder, name)) === hash);
  } catch {
    return false;
  }
}

function recordOf(bundle: Bundle, folder: string): z.infer<typeof record> {
  return {
    folder,
    entries: Object.fromEntries(bundle.entries),
    inputs: Object.fromEntries(bundle.inputs),
    outputs: Object.fromEntries(bundle.outputs.map(({ name, content }) => [name, hashOf(content)])),
    packages: bundle.packages,
  };
}

/** Writes the outputs; gives the name of their folder. */
function keep({ outputs }: Bundle, cache: string): string {
  const hashes = outputs.map(({ name, content }) => [name, hashOf(content)] as const);
  const folder = hashOf(JSON.stringify(hashes));
  const place = join(cache, folder);
  // Another process may be importing them at this moment, and would do without what it does not find.
  if (areThere(place, hashes)) return folder;
  const half = join(cache, `${folder}.${process.pid}`);
  rmSync(half, { recursive: true, force: true });
  // The data folder may not exist yet; it is for nobody else to read.
  makeFolder(half, 0o700);
  for (const { name, content } of outputs) writeFileSync(join(half, name), content);
  try {
    renameSync(half, place);
  } catch {
    // What is there is damaged, or another process has just been faster.
    if (!areThere(place, hashes)) {
      rmSync(place, { recursive: true, force: true });
      renameSync(half, place);
    } else rmSync(half, { recursive: true, force: true });
  }
  return folder;
}

/** Folders of earlier versions go; a few stay, for a desk that still runs on one. */
function sweep(cache: string, current: string): void {
  const folders = readdirSync(cache, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && entry.name !== current)
    .map((entry) => join(cache, entry.name))
    // Another process that starts may just have put its own in place.
    .map((path) => ({ path, usedAt: statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0 }))
    .sort((a, b) => b.usedAt - a.usedAt);
  for (const { path } of folders.slice(foldersKept)) rmSync(path, { recursive: true, force: true });
}

function replaceFile(path: string, text: string): void {
  const half = `${path}.${process.pid}`;
  writeFileSync(half, text);
  renameSync(half, path);
}

function urlsOf(folder: string, entries: ReadonlyMap<string, string>): Map<string, string> {
  return new Map([...entries].map(([file, name]) => [file, pathToFileURL(join(folder, name)).href]));
}

/** A link that leads elsewhere than before is another module, though what it led to may still be there, unchanged. */
function placeOf(file: string): readonly string[] {
  try {
    return [file, realpathSync(file)];
  } catch {
    return [file];
  }
}

function hashOfFile(path: string): string {
  return hashOf(readFileSync(path));
}
