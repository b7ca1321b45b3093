/**
 * Compiles a workspace's modules with esbuild, wherever the workspace lies: its own relative imports are bundled (and
 * shared between its modules), `deskhand` and `zod` are the running program's, other packages come from the
 * workspace's node_modules or else the program's. Nothing is written here; see module-cache.ts.
 */
import { readFile } from "node:fs/promises";
import { isBuiltin } from "node:module";
import { basename, dirname, extname, join } from "node:path";
import { pathToFileURL } from "node:url";
import type { BuildFailure, Loader, OnResolveArgs, Plugin, PluginBuild } from "esbuild";
import { faultOf } from "../errors.ts";
import { hashOf } from "./hash.ts";
import { programModule } from "./program.ts";

export interface Bundle {
  /** By the module's file: the name of its output. */
  entries: Map<string, string>;
  outputs: { name: string; content: Uint8Array }[];
  /** By absolute path, the hash of every file that went in, of the very content that was compiled. */
  inputs: Map<string, string>;
  /** Absolute paths of package files that the outputs import. */
  packages: string[];
}

export interface Compiled {
  bundle: Bundle;
  /** By file, why a module could not be compiled; the others are in the bundle. */
  faults: Map<string, string>;
}

export async function compileModules(files: readonly string[], workspace: string): Promise<Compiled> {
  const esbuild = await import("esbuild");
  const attempt = (entries: readonly string[]) => bundle(esbuild, entries, workspace);
  try {
    const all = await attempt(files);
    if ("bundle" in all) return { bundle: all.bundle, faults: new Map() };
    const faults = new Map<string, string>();
    for (const file of files) {
      const alone = await attempt([file]);
      if ("fault" in alone) faults.set(file, alone.fault);
    }
    const sound = files.filter((file) => !faults.has(file));
    const rest = sound.length > 0 ? await attempt(sound) : { fault: "" };
    if ("bundle" in rest) return { bundle: rest.bundle, faults };
    for (const file of sound) faults.set(file, rest.fault);
    return { bundle: { entries: new Map(), outputs: [], inputs: new Map(), packages: [] }, faults };
  } finally {
    await esbuild.stop();
  }
}

/** One bundle of these modules, or what is wrong in one of them. */
async function bundle(
  { build }: typeof import("esbuild"),
  files: readonly string[],
  workspace: string,
): Promise<{ bundle: Bundle } | { fault: string }> {
  const packages = new Set<string>();
  const inputs = new Map<string, string>();
  const named = files.map((file, index) => ({ in: file, out: `${index}-${basename(file, extname(file))}` }));
  try {
    const result = await build({
      absWorkingDir: workspace,
      entryPoints: named,
      outdir: join(workspace, "out"),
      outExtension: { ".js": ".mjs" },
      write: false,
      bundle: true,
      splitting: true,
      format: "esm",
      platform: "node",
      target: "node20.19",
      charset: "utf8",
      logLevel: "silent",
      // Nothing of the workspace's own compiler settings, so that the result depends on its modules alone.
      tsconfigRaw: "{}",
      conditions: [],
      mainFields: ["main"],
      define: Object.fromEntries(placeNames.map((name) => [`import.meta.${name}`, local(name)])),
      plugins: [imports(packages), sources(inputs)],
    });
    const entries = new Map(named.map((entry) => [entry.in, `${entry.out}.mjs`]));
    const outputs = result.outputFiles.map(({ path, contents }) => ({
      name: basename(path),
      content: contents,
    }));
    return { bundle: { entries, outputs, inputs, packages: [...packages] } };
  } catch (error) {
    return { fault: faultOfBuild(error) };
  }
}

/** Decides what an import means; remembers the files of packages in `packages`. */
function imports(packages: Set<string>): Plugin {
  const program = programModule();
  const asked = Symbol("already asked");
  return {
    name: "deskhand-imports",
    setup(build) {
      build.onResolve({ filter: /^[^./#]/ }, async (wanted) => {
        if (wanted.pluginData === asked || wanted.kind === "entry-point" || isBuiltin(wanted.path))
          return undefined;
        if (wanted.path === "deskhand") return { path: program.url, external: true };
        if (/^[a-z]+:/i.test(wanted.path)) return undefined;
        const own = /^zod(\/|$)/.test(wanted.path) ? [] : [wanted.resolveDir];
        const found = await packageFile(build, wanted, [...own, program.folder], asked);
        if (found === undefined) return undefined;
        // A package that is linked in as TypeScript is compiled along.
        if (/\.[cm]?tsx?$/.test(found)) return { path: found };
        packages.add(found);
        return { path: pathToFileURL(found).href, external: true };
      });
    },
  };
}

async function packageFile(
  build: PluginBuild,
  wanted: OnResolveArgs,
  folders: readonly string[],
  pluginData: symbol,
): Promise<string | undefined> {
  for (const resolveDir of folders) {
    const found = await build.resolve(wanted.path, { kind: wanted.kind, resolveDir, pluginData });
    if (found.errors.length === 0 && found.path !== "") return found.path;
  }
  return undefined;
}

/**
 * Reads every file, and remembers its hash in `inputs`. In a bundle `import.meta` would be the bundle's; here every file
 * keeps its own place.
 */
function sources(inputs: Map<string, string>): Plugin {
  return {
    name: "deskhand-sources",
    setup(build) {
      build.onLoad({ filter: /.*/ }, async ({ path }) => {
        const content = await readFile(path);
        inputs.set(path, hashOf(content));
        const ending = extname(path);
        if (!/^\.[cm]?[jt]sx?$/.test(ending)) return { contents: content, loader: "default" };
        const loader = ending.replace(/^\.[cm]?/, "") as Loader;
        const text = content.toString("utf8");
        return { contents: text.includes("import.meta") ? `${placesIn(path)}${text}` : text, loader };
      });
    },
  };
}

const placeNames = ["url", "filename", "dirname"] as const;

function placesIn(path: string): string {
  const places = { url: pathToFileURL(path).href, filename: path, dirname: dirname(path) };
  return `const ${placeNames.map((name) => `${local(name)} = ${JSON.stringify(places[name])}`).join(", ")};`;
}

function local(name: string): string {
  return `__deskhand_${name}`;
}

/** `store.ts:3:7: Expected ";" but found "x"`. */
function faultOfBuild(error: unknown): string {
  const first = (error as Partial<BuildFailure>).errors?.[0];
  if (!first) return faultOf(error);
  const { location, text } = first;
  return location ? `${location.file}:${location.line}:${location.column + 1}: ${text}` : text;
}
