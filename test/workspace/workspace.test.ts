import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { createClock } from "../../src/clock.ts";
import { ConfigError } from "../../src/config/config-error.ts";
import { defineTool as programsDefineTool } from "../../src/deskhand.ts";
import type { ToolContext } from "../../src/tool.ts";
import { examineDesk, loadDesk } from "../../src/workspace/workspace.ts";

const clock = createClock();
const context: ToolContext = {
  customer: { id: "c1" },
  thread: { id: "console:t" },
  signal: new AbortController().signal,
  now: () => 0,
  log: { info: () => {} },
};

let folder: string;
let data: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "deskhand-workspace-"));
  data = mkdtempSync(join(tmpdir(), "deskhand-data-"));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
  rmSync(data, { recursive: true });
});

/** Writes files by their paths in the workspace. */
function write(files: Record<string, string | Uint8Array>): void {
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), content);
  }
}

const sources = () => ({ workspace: folder, data, env: {}, currentFolder: folder });
const load = async () => (await loadDesk(sources(), { clock })).workspace;
const examine = () => examineDesk(sources(), { clock });
async function faults(): Promise<string[]> {
  const { problems } = await examine();
  return problems.map(({ where, fault }) => `${where}: ${fault}`);
}

const tool = (name: string, rest = "") => `import { defineTool, z } from "deskhand";
export default defineTool({
  name: "${name}", description: "For a test.", effect: "read", input: z.object({ id: z.string() }),
  account: false, run: ({ id }) => ({ id }), ${rest}
});`;

describe("tools outside the repository", () => {
  it("load from .ts, .js and .mjs, with `deskhand` being the running program", async () => {
    write({
      "tools/a.ts": `import { defineTool, z } from "deskhand";
        import { twice } from "../lib/numbers.ts";
        type Input = { id: string };
        export default defineTool<Input>({
          name: "a", description: "d", effect: "read", input: z.object({ id: z.string() }),
          run: (input: Input) => ({ z, defineTool, twice: twice(21) }),
        });`,
      "tools/b.js": tool("b"),
      "tools/c.mjs": `import { z } from "zod";
        import { count } from "./lib/counter.js";
        export default { name: "c", description: "d", effect: "read", input: z.object({}), run: () => ({ z, count: count() }) };`,
      "tools/lib/counter.js": "let n = 0; export const count = () => ++n;",
      "tools/d.ts": `import { count } from "./lib/counter.js"; import { z } from "deskhand";
        export default { name: "d", description: "d", effect: "read", input: z.object({}), run: () => count() };`,
      "lib/numbers.ts": "export const twice = (n: number): number => 2 * n;",
    });
    const { tools } = await load();
    expect(tools.map(({ name }) => name)).toEqual(["a", "b", "c", "d"]);
    const results = [];
    for (const each of tools) results.push(await each.run({ id: "7" }, context));
    expect(results[0]).toMatchObject({ twice: 42 });
    expect((results[0] as { z: unknown }).z).toBe(z);
    expect((results[0] as { defineTool: unknown }).defineTool).toBe(programsDefineTool);
    expect((results[2] as { z: { object: unknown } }).z.object).toBe(z.object);
    // What two tools import is one module.
    expect([(results[2] as { count: number }).count, results[3]]).toEqual([1, 2]);
  });

  it("import packages from the workspace first, then from the program", async () => {
    write({
      "node_modules/own-package/package.json":
        '{ "name": "own-package", "type": "module", "exports": "./main.js" }',
      "node_modules/own-package/main.js": 'export const from = "workspace";',
      "node_modules/zod/package.json": '{ "name": "zod", "type": "module", "exports": "./main.js" }',
      "node_modules/zod/main.js": 'export const z = "another zod";',
      "tools/a.ts": `import { z } from "zod"; import { from } from "own-package"; import { parse } from "yaml"; import { join } from "path";
        import data from "../data.json" with { type: "json" };
        export default { name: "a", description: "d", effect: "read", input: z.object({}), run: () => ({ from, parsed: parse("a: 1"), joined: join("a", "b"), data }) };`,
      "data.json": '{ "b": 2 }',
    });
    const { tools } = await load();
    const result = await tools[0]?.run({}, context);
    expect(result).toEqual({ from: "workspace", parsed: { a: 1 }, joined: "a/b", data: { b: 2 } });
  });

  it("find files beside themselves by import.meta", async () => {
    write({
      "tools/a.ts": `import { z } from "deskhand"; import { here } from "../lib/here.ts";
        export default { name: "a", description: "d", effect: "read", input: z.object({}), run: () => [import.meta.url, import.meta.dirname, here] };`,
      "lib/here.ts": "export const here = import.meta.filename;",
    });
    const { tools } = await load();
    expect(await tools[0]?.run({}, context)).toEqual([
      `file://${join(folder, "tools/a.ts")}`,
      join(folder, "tools"),
      join(folder, "lib/here.ts"),
    ]);
  });

  it("know the data folder by DESKHAND_DATA", async () => {
    write({
      "tools/a.ts": `import { z } from "deskhand";
        export default { name: "a", description: "d", effect: "read", input: z.object({}), run: () => process.env.DESKHAND_DATA };`,
    });
    const { tools } = await load();
    expect(await tools[0]?.run({}, context)).toBe(data);
  });

  it("may be links, and are what these lead to now", async () => {
    write({ "one/x.ts": tool("first"), "two/x.ts": tool("second"), "desk.yaml": "" });
    for (const [place, name] of [
      ["one", "first"],
      ["two", "second"],
    ]) {
      rmSync(join(folder, "tools"), { recursive: true, force: true });
      mkdirSync(join(folder, "tools"));
      symlinkSync(join(folder, place ?? "", "x.ts"), join(folder, "tools", "x.ts"));
      expect((await load()).tools.map((one) => one.name)).toEqual([name]);
    }
  });

  it("are those of the workspace that a link leads to now", async () => {
    write({ "releases/1/tools/x.ts": tool("first"), "releases/2/tools/x.ts": tool("second") });
    const current = join(folder, "current");
    for (const [release, name] of [
      ["1", "first"],
      ["2", "second"],
    ]) {
      rmSync(current, { force: true });
      symlinkSync(join("releases", release ?? ""), current);
      const { workspace } = await loadDesk({ ...sources(), workspace: current }, { clock });
      expect(workspace.tools.map((one) => one.name)).toEqual([name]);
    }
  });

  it("are what their files say now, not at an earlier start", async () => {
    const reads = (value: number) => `import { z } from "deskhand"; import { value } from "../lib/value.ts";
      export default { name: "a", description: "d${value}", effect: "read", input: z.object({}), run: () => value };`;
    write({ "tools/a.ts": reads(0), "lib/value.ts": "export const value = 1;" });
    expect(await (await load()).tools[0]?.run({}, context)).toBe(1);
    write({ "lib/value.ts": "export const value = 2;" });
    expect(await (await load()).tools[0]?.run({}, context)).toBe(2);
    write({ "tools/a.ts": reads(1) });
    expect((await load()).tools[0]?.description).toBe("d1");
    rmSync(join(folder, "tools/a.ts"));
    expect((await load()).tools).toEqual([]);
  });
});

describe("a broken tool", () => {
  const broken: [what: string, code: string, fault: RegExp][] = [
    [
      "has a syntax error",
      "export default {",
      /^tools\/x\.ts:1:17: Expected identifier but found end of file$/,
    ],
    [
      "imports a file that is not there",
      'import "./nowhere.ts";',
      /^tools\/x\.ts:1:8: Could not resolve "\.\/nowhere\.ts"$/,
    ],
    [
      "imports a package that is not there",
      'import "no-such-package";',
      /Could not resolve "no-such-package"/,
    ],
    [
      "throws when it is loaded",
      'throw new Error("no database\\nhere");',
      /^failed when it was loaded: no database here$/,
    ],
    ["throws no error when it is loaded", "throw undefined;", /^failed when it was loaded: undefined$/],
    ["exports nothing", "export const tool = 1;", /^has no default export/],
    ["exports no object", 'export default "tool";', /^exports no tool by default$/],
    ["has no name", tool(""), /^its name must be/],
    ["has a name with capitals", tool("lookupOrder"), /^its name must be/],
    ["has a name of the desk's own", tool("escalate_to_human"), /is one of the desk's own$/],
    ["has a name that passes on", tool("transfer_to_billing"), /is one of the desk's own$/],
    ["has a name that is taken", tool("good"), /^defines good, which another file already defines$/],
    ["has no description", tool("x", 'description: " "'), /^it has no description/],
    ["has an unknown effect", tool("x", 'effect: "delete"'), /^its effect must be/],
    ["has an account that is no boolean", tool("x", 'account: "no"'), /^its account must be/],
    ["has nothing to run", tool("x", "run: 1"), /^it has no run function$/],
    ["writes without a preview", tool("x", 'effect: "write"'), /^it writes, but has no preview/],
    ["previews but only reads", tool("x", "preview: () => ({})"), /which only writes have/],
    ["has no input", tool("x", "input: undefined"), /^its input must be a z\.object/],
    [
      "has an input that is no schema",
      tool("x", 'input: { type: "object" }'),
      /^its input must be a z\.object/,
    ],
    ["has an input that is no object", tool("x", "input: z.string()"), /^its input must be a z\.object/],
    [
      "has an input without a JSON schema",
      tool("x", "input: z.object({ at: z.date() })"),
      /^its input cannot be told/,
    ],
  ];
  for (const [what, code, fault] of broken) {
    it(`that ${what} is left out with its reason, and the rest goes on`, async () => {
      write({ "tools/good.ts": tool("good"), "tools/x.ts": code });
      const { tools, warnings } = await load();
      expect(tools.map(({ name }) => name)).toEqual(["good"]);
      expect(warnings.map(({ where }) => where)).toEqual(["tools/x.ts"]);
      expect(warnings[0]?.fault).toMatch(fault);
      expect(warnings[0]?.remedy).not.toBe("");
    });
  }

  it("that never finishes loading is left out after its time", async () => {
    write({ "tools/x.ts": "await new Promise(() => {});" });
    const waits: number[] = [];
    const impatient = { ...clock, sleep: async (ms: number) => void waits.push(ms) };
    const { workspace, warnings } = await examineDesk(sources(), { clock: impatient });
    expect(workspace?.tools).toEqual([]);
    expect(warnings[0]?.fault).toBe("failed when it was loaded: it did not finish within 10 s");
    expect(waits).toEqual([10_000]);
  });

  it("leaves its specialist working without it", async () => {
    write({
      "tools/good.ts": tool("good"),
      "tools/other-name.ts": `${tool("bad_one")} }`,
      "agents/triage.md": "---\ntools: [good, bad_one]\n---\nHelp.",
    });
    const { specialists } = await load();
    expect(specialists[0]?.tools).toEqual(["good"]);
  });

  it("keeps its policy in desk.yaml from being an unknown name", async () => {
    write({ "desk.yaml": "tools: { refund: { confirm: none } }", "tools/refund.ts": "throw 1" });
    expect(await faults()).toEqual([]);
  });

  it("of two that are broken in different ways leaves out both", async () => {
    write({ "tools/a.ts": "export default {", "tools/b.ts": "throw 1", "tools/c.ts": "export {" });
    const { tools, warnings } = await load();
    expect(tools).toEqual([]);
    expect(warnings.map(({ where }) => where)).toEqual(["tools/a.ts", "tools/b.ts", "tools/c.ts"]);
  });

  it("that cannot be read is left out and said, the only one, too", async () => {
    mkdirSync(join(folder, "identity.ts"), { recursive: true });
    write({ "desk.yaml": "" });
    expect((await load()).warnings.map(({ where }) => where)).toEqual(["identity.ts"]);
    write({ "tools/good.ts": tool("good") });
    symlinkSync("nowhere.ts", join(folder, "tools", "moved.ts"));
    const { tools, warnings } = await load();
    expect(tools.map(({ name }) => name)).toEqual(["good"]);
    expect(warnings.map(({ where }) => where)).toEqual(["tools/moved.ts", "identity.ts"]);
  });

  it("does not include declarations, tests and hidden files", async () => {
    write({
      "tools/a.d.ts": "x",
      "tools/a.test.ts": "x",
      "tools/.a.ts": "x",
      "tools/README.md": "x",
      "desk.yaml": "",
    });
    const { tools, warnings } = await load();
    expect([tools, warnings]).toEqual([[], []]);
  });
});

describe("identity", () => {
  it("is what identity.ts exports", async () => {
    write({
      "identity.ts": `import { defineIdentity } from "deskhand";
        export default defineIdentity({ find: (claim) => (claim === "a@b.c" ? { id: "c1", email: claim } : undefined) });`,
    });
    write({ "desk.yaml": "" });
    const { identity } = await load();
    expect(await identity?.find("a@b.c")).toEqual({ id: "c1", email: "a@b.c" });
    expect(await identity?.find("x")).toBeUndefined();
  });

  it("that is not there is said when tools need to know the customer", async () => {
    write({ "tools/a.ts": tool("a", "account: true") });
    const { warnings } = await load();
    expect(warnings.map(({ where }) => where)).toEqual(["identity.ts"]);
    write({ "desk.yaml": "identity: { method: none }" });
    expect((await load()).warnings).toEqual([]);
  });

  it("may say what ids look like, by a regular expression", async () => {
    const identity = (id: string) => ({
      "desk.yaml": "",
      "identity.js": `export default { id: ${id}, find: () => undefined }`,
    });
    write(identity("/^c\\d+$/"));
    expect((await load()).identity?.id?.source).toBe("^c\\d+$");
    write(identity('"c1"'));
    expect((await load()).warnings[0]?.fault).toContain("regular expression");
  });

  it("that is broken leaves customers unverified, and is said", async () => {
    write({ "identity.js": "export default {}", "desk.yaml": "" });
    const { identity, warnings } = await load();
    expect(identity).toBeUndefined();
    expect(warnings[0]).toMatchObject({
      where: "identity.js",
      fault: expect.stringContaining("defineIdentity"),
    });
  });
});

describe("specialists", () => {
  it("are read from their front matter and prose", async () => {
    write({
      "tools/lookup.ts": tool("lookup"),
      "agents/triage.md":
        "---\r\ndescription: First contact\r\ntools: [lookup, escalate_to_human]\r\npasses_to: [billing]\r\n---\r\n\r\n# Triage\r\n\r\nGreet.\r\n",
      "agents/billing.md": "Only prose.\n\n---\n\nWith a line.",
    });
    const { specialists, entry } = await load();
    expect(entry).toBe("triage");
    expect(specialists).toEqual([
      {
        name: "billing",
        description: "The billing specialist.",
        tools: [],
        passesTo: [],
        instructions: "Only prose.\n\n---\n\nWith a line.",
      },
      {
        name: "triage",
        description: "First contact",
        tools: ["lookup"],
        passesTo: ["billing"],
        instructions: "# Triage\n\nGreet.",
      },
    ]);
  });

  it("are one with every tool where there is no agents folder", async () => {
    write({ "tools/a.ts": tool("a"), "tools/b.ts": tool("b") });
    const { specialists, entry } = await load();
    expect(specialists).toHaveLength(1);
    expect(specialists[0]).toMatchObject({ name: entry, tools: ["a", "b"], passesTo: [] });
  });

  it("begin with the only one, whatever its name", async () => {
    write({ "agents/sales.md": "Sell." });
    expect((await load()).entry).toBe("sales");
  });

  it("with unknown names are refused, all problems together, each with its line and the nearest name", async () => {
    write({
      "desk.yaml": "entry: triag\ntools: { isue_refund: { confirm: none } }\nlimits: { steps_max: 0 }",
      "tools/issue_refund.ts": tool("issue_refund"),
      "agents/triage.md": "---\ntool: []\n---\nHelp.",
      "agents/billing.md":
        "---\ndescription: Money\ntools: [issue_refnd]\npasses_to: [technica, billing]\n---\nHelp.",
      "agents/technical.md": "---\ntools: [issue_refund\n---\nHelp.",
      "agents/Sales Team.md": "Help.",
      "agents/empty.md": "---\ntools: []\n---\n",
      "agents/open.md": "---\ntools: []\n",
      "agents/latin.md": Buffer.from("caf\xe9", "latin1"),
    });
    const { problems } = await examine();
    expect(problems.map(({ where, fault, remedy }) => `${where}: ${fault}. ${remedy}`)).toEqual([
      "desk.yaml:3 limits.steps_max: 0 is not a whole number from 1 to 50. Write a whole number from 1 to 50, or leave it out for the default.",
      "agents/Sales Team.md: its name is not small letters, digits, - and _. Rename it; its name becomes the specialist's.",
      "agents/empty.md: has no instructions. Write below the settings how this specialist should work.",
      "agents/latin.md: is not UTF-8 text. Make it a readable file of UTF-8 text.",
      "agents/open.md: has a --- in its first line, but no second one. End the settings with a line of ---.",
      expect.stringMatching(/^agents\/technical\.md:\d:\d+: is not valid YAML: /),
      "agents/triage.md:2 tool: is not a known key. Did you mean tools?",
      "desk.yaml entry: there is no agents/triag.md. Did you mean triage?",
      "agents/billing.md:4 passes_to: technica is not a specialist. Did you mean technical?",
      expect.stringMatching(/^agents\/billing\.md:4 passes_to: names the specialist itself\. /),
      "agents/billing.md:3 tools: no file in tools/ defines issue_refnd. Did you mean issue_refund?",
      "desk.yaml tools.isue_refund: no file in tools/ defines isue_refund. Did you mean issue_refund?",
    ]);
    await expect(load()).rejects.toThrow(ConfigError);
  });

  it("need one to begin with", async () => {
    write({ "agents/a.md": "A", "agents/b.md": "B" });
    expect(await faults()).toEqual([
      "desk.yaml entry: is not set, there are several specialists, and none is called triage",
    ]);
  });

  it("are warned of when they leave a tool to nobody, or a tool takes a customer's id", async () => {
    write({
      "agents/triage.md": "Help.",
      "tools/a.ts": tool("a", "account: true, input: z.object({ customer_id: z.string() })"),
      "identity.ts": "export default { find: () => undefined };",
    });
    const { warnings } = await load();
    expect(warnings.map(({ where, fault }) => `${where} ${fault}`)).toEqual([
      "tool a is listed by no specialist, so nobody can use it",
      "tool a takes a customer's id as an argument; a customer could name another one's",
    ]);
  });
});

describe("snippets", () => {
  it("are answers by name; an unreadable one is said and left out", async () => {
    write({
      "desk.yaml": "",
      "snippets/hello.md": "Hello **there**.\n",
      "snippets/none.md": "\n",
      "snippets/odd.md": "---\ntitel: x\n---\nText",
      "snippets/latin.md": Buffer.from([0xff]),
    });
    const { snippets, warnings } = await load();
    expect(snippets).toEqual([{ name: "hello", text: "Hello **there**." }]);
    expect(warnings.map(({ where }) => where)).toEqual([
      "snippets/latin.md",
      "snippets/none.md",
      "snippets/odd.md:2 titel",
    ]);
  });
});

describe("what is there and cannot be read", () => {
  it.each([
    ["desk.yaml", /desk\.yaml: cannot be read: /],
    ["agents", /^agents: cannot be read: /],
    ["tools", /^tools: cannot be read: /],
  ])("is not taken for missing: %s", async (name, told) => {
    write({ "knowledge/a.md": "Hello." });
    symlinkSync("nowhere", join(folder, name));
    expect(await faults()).toEqual([expect.stringMatching(told)]);
  });

  it("is said of a file where a folder should be", async () => {
    write({ agents: "", tools: "", snippets: "", "desk.yaml": "" });
    const { problems, warnings } = await examine();
    expect(problems.map(({ where }) => where)).toEqual(["tools", "agents"]);
    expect(warnings.map(({ where }) => where)).toEqual(["snippets"]);
  });
});

describe("examining", () => {
  it("a folder that does not exist says so and loads nothing", async () => {
    rmSync(folder, { recursive: true });
    const { workspace, problems } = await examine();
    mkdirSync(folder);
    expect(workspace).toBeUndefined();
    expect(problems.map(({ where }) => where)).toEqual(["--workspace"]);
  });

  it("a folder that is no workspace runs nothing that lies in it", async () => {
    write({ "tools/a.ts": 'import { writeFileSync } from "node:fs"; writeFileSync("../ran", "");' });
    const given = { data, env: {}, currentFolder: folder };
    const { workspace, problems } = await examineDesk(given, { clock });
    expect([workspace, problems.length]).toEqual([undefined, 1]);
    await expect(loadDesk(given, { clock })).rejects.toThrow(ConfigError);
    expect(readdirSync(data)).toEqual([]);
  });

  it("says when the data folder cannot be written, beside all other problems", async () => {
    write({ "tools/a.ts": tool("a"), "desk.yaml": "nam: x" });
    writeFileSync(join(data, "file"), "");
    const { problems } = await examineDesk({ ...sources(), data: join(data, "file") }, { clock });
    expect(problems.map(({ where }) => where)).toEqual(["desk.yaml:1 nam", join(data, "file")]);
  });
});
