import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));

interface SourceFile {
  path: string;
  text: string;
  /** Paths of this project that it imports, types included. */
  imports: string[];
  /** Packages that it imports. */
  packages: string[];
}

const files: SourceFile[] = ["src", "adapters"].flatMap((folder) => sourcesIn(folder));
const byPath = new Map(files.map((file) => [file.path, file]));

/** What each room may import from other rooms. A room is a folder of src/, an adapter, or a single file of src/. */
const foundation = [
  "src/thread.ts",
  "src/message.ts",
  "src/errors.ts",
  "src/log.ts",
  "src/clock.ts",
  "src/time-limit.ts",
  "src/waits.ts",
  "src/money.ts",
];
const contracts = [
  "src/platform.ts",
  "src/language-model.ts",
  "src/knowledge-base.ts",
  "src/ledger.ts",
  "src/memory.ts",
  "src/tool.ts",
  "src/policy.ts",
  "src/specialist.ts",
  "src/escalation.ts",
  "src/proposal.ts",
  "src/crew.ts",
];
const ground = [...foundation, ...contracts];
const arrows: Readonly<Record<string, readonly string[]>> = {
  "src/agent/": [...ground, "src/markdown.ts", "src/redaction/"],
  "src/knowledge/": ground,
  "src/language-model/": [...ground, "src/routing/"],
  "src/routing/": [],
  "src/ledger/": ground,
  "src/crew/": [...ground, "src/ledger/"],
  "src/memory/": ground,
  "src/desk/": [...ground, "src/ledger/"],
  "src/intents/": [...ground, "src/ledger/"],
  "src/identity/": [...ground, "src/ledger/"],
  "src/redaction/": [],
  "src/records/": [...ground, "src/ledger/"],
  "src/metrics/": ground,
  "src/config/": ground,
  "src/workspace/": [...ground, "src/config/", "src/config.ts"],
};
const adapterMayImport = [...foundation, "src/platform.ts", "src/markdown.ts"];

/** The one home of each package that must not spread. */
const homes: readonly (readonly [RegExp, RegExp])[] = [
  [/^@slack\//, /^adapters\/slack\//],
  [/^(discord\.js|@discordjs\/|discord-api-types)/, /^adapters\/discord\//],
  [/^openai(\/|$)/, /^src\/language-model\/openai-/],
  [/^(keyv|@keyv\/)/, /^src\/memory\//],
  // The pool of @keyv/postgres needs a connection that it does not make itself.
  [/^(@photostructure\/sqlite|pg)$/, /^src\/(ledger\/|memory\/postgres-backend\.ts$)/],
  [/^pg-boss$/, /^src\/crew\//],
  [/^hono|^@hono\//, /^adapters\/http\//],
  [/^pino$/, /^src\/log\.ts$/],
  [/^nodemailer$/, /^src\/identity\//],
];

describe("the arrows", () => {
  it("reads the project it is about", () => {
    expect(files.length).toBeGreaterThan(40);
    expect(byPath.get("src/core.ts")?.imports).toContain("src/answering.ts");
  });

  it("threads and messages stand on nothing else", () => {
    expect(importsOf("src/thread.ts")).toEqual([]);
    expect(importsOf("src/message.ts")).toEqual(["src/thread.ts"]);
  });

  it("contracts import only contracts, threads and messages", () => {
    const allowed = new Set([...contracts, "src/thread.ts", "src/message.ts"]);
    expect(strays(contracts, (to) => allowed.has(to))).toEqual([]);
  });

  it("each room imports only what it stands on", () => {
    for (const [room, allowed] of Object.entries(arrows)) {
      const inside = files.filter((file) => file.path.startsWith(room)).map((file) => file.path);
      const may = (to: string) =>
        to.startsWith(room) ||
        allowed.some((place) => to === place || (place.endsWith("/") && to.startsWith(place)));
      expect(strays(inside, may), room).toEqual([]);
    }
  });

  it("adapters know the contract and nothing else, and never each other", () => {
    for (const file of files.filter(({ path }) => path.startsWith("adapters/"))) {
      const own = file.path.split("/").slice(0, 2).join("/");
      expect(strays([file.path], (to) => to.startsWith(`${own}/`) || adapterMayImport.includes(to))).toEqual(
        [],
      );
    }
  });

  it("only platforms.ts reaches for adapters, and only when they are configured", () => {
    const outside = files.filter(
      ({ path, imports }) => path.startsWith("src/") && imports.some((to) => to.startsWith("adapters/")),
    );
    expect(outside.map(({ path }) => path).filter((path) => path !== "src/platforms.ts")).toEqual([]);
    expect(byPath.get("src/platforms.ts")?.text).not.toMatch(/^import [^(]*"\.\.\/adapters\//m);
  });

  it("nothing imports in a circle, types included", () => {
    expect(circles()).toEqual([]);
  });
});

describe("the homes", () => {
  it("each SDK and driver has one home", () => {
    const astray = files.flatMap(({ path, packages }) =>
      packages
        .filter((name) => homes.some(([pack, home]) => pack.test(name) && !home.test(path)))
        .map((name) => `${path}: ${name}`),
    );
    expect(astray).toEqual([]);
  });

  it("tests reach for Postgres' driver only in the doubles of its server, and where chaos reads and breaks a desk from outside", () => {
    const users = sourcesIn("test").filter(({ packages }) => packages.includes("pg"));
    const may = /^test\/(doubles\/postgres-|chaos\/(books|preload)\.ts$)/;
    expect(users.map(({ path }) => path).filter((path) => !may.test(path))).toEqual([]);
  });

  it("the environment is read in one place", () => {
    expect(pathsWith(/process\.env\b/)).toEqual(["src/config.ts"]);
  });

  it("time and chance come from one place", () => {
    const chance =
      /\bDate\.now\(|\bnew Date\(\)|\bMath\.random\(|(?<![.\w])set(?:Timeout|Interval)\(|\brandom(?:Bytes|Int|UUID)\(/;
    expect(pathsWith(chance)).toEqual(["src/clock.ts"]);
  });

  it("no file is a drawer without a name", () => {
    const drawers = /\/(types|utils|helpers|common|misc|index)\.ts$/;
    expect(files.map(({ path }) => path).filter((path) => drawers.test(path))).toEqual([]);
  });

  it("the page names every room, and the files of src/ and of the human side", () => {
    const page = readFileSync(join(root, "ARCHITECTURE.md"), "utf8");
    const named = new Set([...page.matchAll(/`(?:src\/)?([\w/-]+\.ts|[\w-]+\/)`/g)].map(([, name]) => name));
    const known = files.map(({ path }) => path.split("/")).filter(([folder]) => folder === "src");
    const rooms = known.flatMap(([, room = "", file]) => (file === undefined ? [room] : [`${room}/`]));
    const desk = known.flatMap(([, room, file = ""]) => (room === "desk" ? [file] : []));
    expect([...new Set([...rooms, ...desk])].filter((name) => !named.has(name))).toEqual([]);
  });

  it("no check is switched off", () => {
    expect(pathsWith(/@ts-ignore|@ts-expect-error|@ts-nocheck|biome-ignore|\bas any\b|: any\b/)).toEqual([]);
  });
});

function sourcesIn(folder: string): SourceFile[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts"))
    .map((name) => sourceFile(join(folder, name)));
}

function sourceFile(path: string): SourceFile {
  const text = readFileSync(join(root, path), "utf8");
  const code = text.replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, "");
  const named = [
    ...code.matchAll(
      /(?:^|[\s;])(?:import|export)\s(?:[^;"']*?\sfrom\s)?["']([^"']+)["']|\bimport\(\s*["']([^"']+)["']/g,
    ),
  ].map((match) => match[1] ?? match[2] ?? "");
  const local = named.filter((name) => name.startsWith("."));
  return {
    path,
    text: code,
    imports: local.map((name) => relative(root, normalize(join(root, dirname(path), name)))),
    packages: named.filter((name) => !name.startsWith(".") && !name.startsWith("node:")),
  };
}

const importsOf = (path: string): string[] => [...new Set(byPath.get(path)?.imports)].sort();

function strays(paths: readonly string[], may: (to: string) => boolean): string[] {
  return paths.flatMap((path) =>
    importsOf(path)
      .filter((to) => !may(to))
      .map((to) => `${path} → ${to}`),
  );
}

function pathsWith(pattern: RegExp): string[] {
  return files.filter(({ text }) => pattern.test(text)).map(({ path }) => path);
}

/** Every circle of imports, as `a → b → a`. */
function circles(): string[] {
  const found: string[] = [];
  const done = new Set<string>();
  const trail: string[] = [];
  const visit = (path: string): void => {
    const at = trail.indexOf(path);
    if (at >= 0) {
      found.push([...trail.slice(at), path].join(" → "));
      return;
    }
    if (done.has(path)) return;
    trail.push(path);
    for (const to of importsOf(path)) visit(to);
    trail.pop();
    done.add(path);
  };
  for (const { path } of files) visit(path);
  return found;
}
