/** The program with its ledger on Postgres, by one variable. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeEach, describe, expect, it } from "vitest";
import { run } from "../commands/run.ts";
import { postgresForTests } from "../doubles/postgres-run.ts";
import { openTerminal, type Terminal, temporaryFolder } from "../journeys/terminal.ts";

const postgres = await postgresForTests();
afterAll(() => postgres.remove());

describe.skipIf(postgres.missing)("a desk with DATABASE_URL", () => {
  let folder: { path: string; remove(): void };
  let terminal: Terminal | undefined;
  let env: Record<string, string>;
  beforeEach(async () => {
    folder = temporaryFolder();
    env = { DATABASE_URL: await postgres.place() };
  });
  afterEach(async () => {
    await terminal?.kill("SIGKILL");
    terminal = undefined;
    folder.remove();
  });
  const start = async () => {
    terminal = await openTerminal(folder.path, { env });
    return terminal;
  };

  it("keeps nothing of the ledger in its folder, and knows everything after it was killed", async () => {
    const first = await start();
    expect(await first.say("I want to talk to a person")).toContain("#1");
    await first.kill("SIGKILL");
    expect(existsSync(join(folder.path, "ledger.sqlite"))).toBe(false);
    const listed = await run(["tickets", "--data", folder.path], { env });
    expect(listed.err).toBe("");
    expect(listed.out).toContain("#1");
    const second = await start();
    second.type("@staff take 1");
    await second.sees("[desk] ");
    await second.sees(/Taken by/);
    expect(await second.end()).toBe(0);
    expect(second.errors() + second.output()).not.toContain("hush");
  });

  it("is paused and erased from beside it, without one running", async () => {
    expect(await run(["pause", "--data", folder.path], { env })).toMatchObject({ code: 0, err: "" });
    const paused = await start();
    expect(await paused.say("how long does shipping take?")).not.toContain("5 to 7");
    expect(await paused.end()).toBe(0);
    terminal = undefined;
    const erased = await run(["erase", "console:local:customer", "--yes", "--data", folder.path], { env });
    expect(erased.err).toBe("");
    expect(erased.out).toMatch(/^Erased: .*message/m);
  });

  it("that cannot be let in says so, with what to do, and not the password", async () => {
    const wrong = new URL(env.DATABASE_URL ?? "");
    wrong.password = "hush-wrong";
    const failed = await run(["start", "--console", "--data", folder.path], {
      env: { DATABASE_URL: wrong.href },
    });
    expect(failed.code).toBe(1);
    expect(failed.err).toContain("does not let us in");
    expect(failed.err + failed.out).not.toContain("hush");
  });
});
