/** A new version beside the old one during a deploy: what both have in common grows, and the old one goes on. */
import { cpSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { run } from "../commands/run.ts";
import { freePort } from "../doubles/free-port.ts";
import { postgresForTests } from "../doubles/postgres-run.ts";
import { careful } from "../fixtures/scenarios.ts";
import { writeShop } from "../fixtures/workspace.ts";
import { openTerminal, root, type Terminal, temporaryFolder } from "../journeys/terminal.ts";

/** Touches what is read and written all the time. */
const nextStep = `{ name: "what comes next", statements: [
  "CREATE TABLE labels (thread TEXT PRIMARY KEY, label TEXT NOT NULL)",
  "ALTER TABLE threads ADD COLUMN mood TEXT",
  "ALTER TABLE inbox ADD COLUMN origin TEXT",
  "ALTER TABLE messages ADD COLUMN origin TEXT",
  "ALTER TABLE outbox ADD COLUMN origin TEXT",
  "ALTER TABLE tickets ADD COLUMN origin TEXT",
  "CREATE INDEX messages_origin ON messages (origin) WHERE origin IS NOT NULL",
] },`;

/** The program of the version after this one: the same, with one more step of the ledger. */
async function compileNext(): Promise<{ cli: string; remove(): void }> {
  const folder = mkdtempSync(join(root, "node_modules", ".next-version-"));
  const steps = join(root, "src", "ledger", "migrations.ts");
  const text = readFileSync(steps, "utf8");
  const end = text.lastIndexOf("];");
  const contents = `${text.slice(0, end)}${nextStep}${text.slice(end)}`;
  await build({
    absWorkingDir: root,
    entryPoints: { cli: "src/cli.ts", deskhand: "src/deskhand.ts" },
    outdir: join(folder, "dist"),
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "node",
    target: "node20.19",
    packages: "external",
    logLevel: "warning",
    plugins: [
      {
        name: "next version",
        setup(building) {
          building.onLoad({ filter: /migrations\.ts$/ }, ({ path }) =>
            path === steps ? { contents, loader: "ts" } : undefined,
          );
        },
      },
    ],
  });
  return {
    cli: join(folder, "dist", "cli.js"),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

const postgres = await postgresForTests();
let next: Awaited<ReturnType<typeof compileNext>>;
beforeAll(async () => {
  next = await compileNext();
});
afterAll(async () => {
  next.remove();
  await postgres.remove();
});

let folder: ReturnType<typeof temporaryFolder>;
const running: Terminal[] = [];
beforeEach(() => {
  folder = temporaryFolder();
});
afterEach(async () => {
  for (const one of running.splice(0)) await one.kill("SIGKILL");
  folder.remove();
});

async function start(env: Record<string, string>, cli?: string): Promise<Terminal> {
  const args = ["--workspace", writeShop(join(folder.path, "shop"), careful)];
  const desk = await openTerminal(folder.path, { env, args, ...(cli ? { cli } : {}) });
  running.push(desk);
  return desk;
}

const question = "How long does express shipping take?";
const answer = "1-2 business days";

interface Said {
  status: number;
  session: string;
  text: string;
}

async function ask(port: number, message: string, session?: string): Promise<Said> {
  const response = await fetch(`http://127.0.0.1:${port}/chat`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ message, ...(session ? { session_id: session } : {}) }),
  });
  const body = (await response.json()) as { session_id: string; response: string | null };
  return { status: response.status, session: body.session_id, text: body.response ?? "" };
}

describe.skipIf(postgres.missing)("two versions on one Postgres", () => {
  let url: string;
  let ports: [number, number];
  beforeEach(async () => {
    url = await postgres.place();
    ports = [await freePort(), await freePort()];
  });
  const env = (at: 0 | 1) => ({ DATABASE_URL: url, HTTP_PORT: String(ports[at]) });

  it("answer all that is asked, while the newer one changes the tables and after, until the old one is told to stop", async () => {
    const old = await start(env(0));
    let asking = true;
    const answers: Said[] = [];
    const customer = async () => {
      let session: string | undefined;
      while (asking) {
        const said = await ask(ports[0], question, session);
        session = said.session;
        answers.push(said);
      }
    };
    const customers = Promise.all(Array.from({ length: 6 }, customer));
    // What has failed before they are waited for is no news.
    customers.catch(() => {});
    await expect.poll(() => answers.length).toBeGreaterThan(12);

    const newer = await start(env(1), next.cli);
    await newer.logs("migration.applied");
    const before = answers.length;
    await expect.poll(() => answers.length).toBeGreaterThan(before + 12);
    expect((await ask(ports[1], question)).text).toContain(answer);
    asking = false;
    await customers;
    const unanswered = answers.filter(({ status, text }) => status !== 200 || !text.includes(answer));
    expect(unanswered, old.errors().slice(-8_000)).toEqual([]);

    const ticket = await ask(ports[0], "I want to talk to a person");
    expect(ticket.text).toContain("#1");
    expect(await old.kill("SIGTERM")).toBe(0);
    expect((await ask(ports[1], question)).text).toContain(answer);
    expect(await newer.kill("SIGTERM")).toBe(0);
    expect([...old.log(), ...newer.log()].filter(({ level }) => level === "error")).toEqual([]);
  }, 180_000);

  it("an old one that is started on what a newer one has made is refused, says so, and disturbs nobody", async () => {
    await start(env(1), next.cli);
    const { code, err } = await run(["start", "--data", join(folder.path, "other")], { env: env(0) });
    expect(code).toBe(1);
    expect(err).toContain("the ledger was made by a newer version: it has migration");
    expect(err).toContain("what comes next");
    expect(err).not.toContain("hush");
    expect((await ask(ports[1], question)).text).toContain(answer);
  });
});

describe("two versions, one after the other, on one file", () => {
  it("the old one is refused what the newer one has made, and the newer one goes on with it", async () => {
    const env = { HTTP_PORT: "0" };
    expect(await (await start(env, next.cli)).kill("SIGTERM")).toBe(0);
    const kept = join(folder.path, "kept");
    cpSync(join(folder.path, "ledger.sqlite"), kept);
    const { code, err } = await run(["start", "--data", folder.path], { env });
    expect(code).toBe(1);
    expect(err).toContain("the ledger was made by a newer version");
    expect(readFileSync(join(folder.path, "ledger.sqlite"))).toEqual(readFileSync(kept));
    expect(await (await start(env, next.cli)).kill("SIGTERM")).toBe(0);
  });
});
