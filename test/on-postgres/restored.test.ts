/** A desk on Postgres is backed up into a file and put into another database, as docs/operations.md says. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeEach, describe, expect, it } from "vitest";
import { run } from "../commands/run.ts";
import { askPostgres } from "../doubles/postgres-ask.ts";
import { postgresForTests } from "../doubles/postgres-run.ts";
import { closeTerminals, openTerminal, root, type Terminal, temporaryFolder } from "../journeys/terminal.ts";

const postgres = await postgresForTests();
afterAll(() => postgres.remove());

const page = readFileSync(join(root, "docs", "operations.md"), "utf8");
const [leaveRoom = "", writes = ""] = [...page.matchAll(/```sql\n([\s\S]*?)```/g)].map(([, sql = ""]) => sql);

describe.skipIf(postgres.missing)("a desk on Postgres", () => {
  let folder: ReturnType<typeof temporaryFolder>;
  beforeEach(() => {
    folder = temporaryFolder();
  });
  afterEach(() => {
    closeTerminals();
    folder.remove();
  });
  const start = (data: string, url: string): Promise<Terminal> =>
    openTerminal(join(folder.path, data), { env: { DATABASE_URL: url } });
  const migrate = async (...args: string[]) =>
    expect(await run(["migrate", ...args, "--data", join(folder.path, "other")])).toMatchObject({
      code: 0,
      err: "",
    });

  it("goes on in another database with its open ticket, and gives no number that was given since", async () => {
    const [lost, found] = [await postgres.place(), await postgres.place()];
    const copy = `sqlite:${join(folder.path, "desk.sqlite")}`;
    const first = await start("a", lost);
    expect(await first.say("I want to talk to a person about my kettle")).toContain("your ticket is #1");
    expect(await first.say("@staff take")).toContain("Taken by");
    expect(await first.end()).toBe(0);
    await migrate("--from", lost, "--to", copy);

    const second = await start("b", lost);
    second.type("@staff resolve");
    expect(await second.end()).toBe(0);

    await migrate("--from", copy, "--to", found);
    await askPostgres(found, leaveRoom);
    const env = { DATABASE_URL: found };
    const data = join(folder.path, "c");
    expect(await run(["pause", "--data", data], { env })).toMatchObject({ code: 0 });
    const listed = await run(["tickets", "--data", data], { env });
    expect(listed.out).toMatch(/^#1 .*taken.*my kettle/);
    const third = await start("c", found);
    expect(await third.say("@staff I have it.")).toContain("staff: I have it.");
    expect(await third.say("@staff resolve")).toContain("Resolved");
    expect(await third.say("I want to talk to a person")).toContain("your ticket is #1002");
    expect(await third.end()).toBe(0);
    expect(await askPostgres(found, writes)).toEqual([]);
  }, 60_000);
});
