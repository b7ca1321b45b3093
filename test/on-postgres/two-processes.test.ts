/** The two processes of docs/operations.md, on one Postgres: one listens and posts, the other takes turns. */
import { afterAll, afterEach, beforeEach, describe, expect, it } from "vitest";
import { run } from "../commands/run.ts";
import { freePort } from "../doubles/free-port.ts";
import { postgresForTests } from "../doubles/postgres-run.ts";
import { openTerminal, type Terminal, temporaryFolder } from "../journeys/terminal.ts";

const postgres = await postgresForTests();
afterAll(() => postgres.remove());

describe.skipIf(postgres.missing)("a desk in two processes", () => {
  let folder: { path: string; remove(): void };
  let env: Record<string, string>;
  const running: Terminal[] = [];
  beforeEach(async () => {
    folder = temporaryFolder();
    env = { DATABASE_URL: await postgres.place(), HTTP_PORT: String(await freePort()) };
  });
  afterEach(async () => {
    for (const one of running.splice(0)) await one.kill("SIGKILL");
    folder.remove();
  });

  const start = async (roles: string) => {
    const one = await openTerminal(folder.path, { env, args: ["--roles", roles] });
    running.push(one);
    return one;
  };
  const ask = async (message: string, session?: string) => {
    const answer = await fetch(`http://127.0.0.1:${env.HTTP_PORT}/chat`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ message, ...(session ? { session_id: session } : {}) }),
    });
    return (await answer.json()) as { session_id: string; response: string | null; ticket?: number };
  };

  it("answers, and goes on answering when the one that works has died and another has begun", async () => {
    const front = await start("receive,send");
    const worker = await start("work");
    expect((await front.logs("desk.ready")).http).toBe(`http://127.0.0.1:${env.HTTP_PORT}`);
    expect((await worker.logs("desk.ready")).platforms).toEqual([]);
    const first = await ask("What is your return policy?");
    expect(first.response).toContain("30 days");
    await worker.kill("SIGKILL");
    const asked = ask("I want to talk to a person", first.session_id);
    // What has failed before it is waited for is no news.
    asked.catch(() => {});
    await start("work");
    expect((await asked).response).toContain("your ticket is #1");
    const listed = await run(["tickets", "--data", folder.path], { env });
    expect(listed).toMatchObject({ code: 0, out: expect.stringMatching(/^#1 /), err: "" });
  });

  it("answers where it was asked, whoever sends all else; and each stops by itself when it is told to", async () => {
    const front = await start("receive");
    const worker = await start("work,send");
    expect((await ask("What is your return policy?")).response).toContain("30 days");
    expect(await worker.kill("SIGTERM")).toBe(0);
    expect(await front.kill("SIGTERM")).toBe(0);
    running.length = 0;
  });
});
