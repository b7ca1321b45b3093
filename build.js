// Compiles src/ and adapters/ into dist/ with esbuild; does nothing when dist/ is newer than every source.
import { existsSync, readdirSync, statSync, utimesSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL(".", import.meta.url));
const newest = (path) => {
  const stat = statSync(path);
  if (!stat.isDirectory()) return stat.mtimeMs;
  return Math.max(stat.mtimeMs, ...readdirSync(path).map((name) => newest(join(path, name))));
};
const stamp = join(root, "dist", "cli.js");
const sources = ["src", "adapters", "package.json", "build.js"].map((name) => join(root, name));
const fresh = existsSync(stamp) && statSync(stamp).mtimeMs >= Math.max(...sources.map(newest));

if (process.argv.includes("--force") || !fresh) {
  const { build } = await import("esbuild");
  await build({
    absWorkingDir: root,
    entryPoints: { cli: "src/cli.ts", deskhand: "src/deskhand.ts" },
    outdir: "dist",
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "node",
    target: "node20.19",
    packages: "external",
    sourcemap: true,
    logLevel: "warning",
  });
  utimesSync(stamp, new Date(), new Date());
}
