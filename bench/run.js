// Compiles bench/NAME.ts with what it imports from src/, and runs its main(args): node bench/run.js NAME ARGS…
import { existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "esbuild";

const root = fileURLToPath(new URL("..", import.meta.url));
const [name = "", ...args] = process.argv.slice(2);
const source = join(root, "bench", `${name}.ts`);
if (!/^[a-z][a-z-]*$/.test(name) || !existsSync(source)) {
  process.stderr.write(`there is no benchmark ${JSON.stringify(name)} in bench/\n`);
  process.exit(2);
}

// Inside the checkout, so that the packages it leaves out are found.
const cache = join(root, "node_modules", ".cache");
mkdirSync(cache, { recursive: true });
const folder = mkdtempSync(join(cache, `bench-${name}-`));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
const outfile = join(folder, `${name}.mjs`);
await build({
  absWorkingDir: root,
  entryPoints: [source],
  outfile,
  bundle: true,
  format: "esm",
  platform: "node",
  target: "node20.19",
  packages: "external",
  sourcemap: "inline",
  logLevel: "warning",
});
// A bench that starts processes of its own starts them from the compiled file, so that they hold nothing but themselves.
const { main } = await import(pathToFileURL(outfile).href);
process.exitCode = (await main(args, pathToFileURL(outfile).href)) ?? 0;
