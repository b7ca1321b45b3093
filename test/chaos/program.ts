/** The program under test, compiled from the sources as they are, or with one protection taken out. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { build, type Plugin } from "esbuild";
import { type Edit, plants } from "./plants.ts";

export interface Program {
  cli: string;
  /** Runs inside of the desk's process, before it. */
  preload: string;
  remove(): void;
}

/**
 * @param root the checkout
 * @throws when an edit of the plant no longer applies
 */
export async function compileProgram(root: string, plant: string | undefined): Promise<Program> {
  const cache = join(root, "node_modules", ".cache");
  mkdirSync(cache, { recursive: true });
  const folder = mkdtempSync(join(cache, "chaos-"));
  const edits = plant === undefined ? [] : editsOf(plant);
  const done = new Set<Edit>();
  const common = {
    absWorkingDir: root,
    bundle: true,
    format: "esm",
    platform: "node",
    target: "node20.19",
    packages: "external",
    logLevel: "warning",
    sourcemap: true,
  } as const;
  await build({
    ...common,
    entryPoints: { cli: "src/cli.ts", deskhand: "src/deskhand.ts" },
    outdir: join(folder, "dist"),
    splitting: true,
    plugins: [editing(root, edits, done)],
  });
  const missed = edits.filter((edit) => !done.has(edit));
  if (missed.length > 0)
    throw new Error(`nothing was planted: ${missed.map((edit) => edit.file).join(", ")}`);
  await build({ ...common, entryPoints: { preload: "test/chaos/preload.ts" }, outdir: folder });
  return {
    cli: join(folder, "dist", "cli.js"),
    preload: join(folder, "preload.js"),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

function editsOf(plant: string): readonly Edit[] {
  const edits = plants[plant]?.edits;
  if (!edits) throw new Error(`there is no plant ${plant}: ${Object.keys(plants).join(", ")}`);
  return edits;
}

/** Changes the sources while they are compiled; the files stay as they are. */
function editing(root: string, edits: readonly Edit[], done: Set<Edit>): Plugin {
  return {
    name: "plant",
    setup(building) {
      for (const file of new Set(edits.map((edit) => edit.file))) {
        const path = join(root, file);
        building.onLoad({ filter: new RegExp(`${file.replace(/[.]/g, "\\.")}$`) }, (args) => {
          if (args.path !== path) return undefined;
          let contents = readFileSync(path, "utf8");
          for (const edit of edits.filter((one) => one.file === file)) {
            contents = applied(contents, edit);
            done.add(edit);
          }
          return { contents, loader: "ts" };
        });
      }
    },
  };
}

/** @throws when the text does not stand in the source exactly once */
export function applied(source: string, { file, find, replace }: Edit): string {
  const times = source.split(find).length - 1;
  if (times !== 1) throw new Error(`${file} holds the text of the plant ${times} times: ${find}`);
  return source.replace(find, () => replace);
}
