/** Told to stop while the database is gone. */
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { afterAll, afterEach, beforeEach, describe, expect, it } from "vitest";
import { createOpenAIServer, type OpenAIServer } from "../doubles/openai-server.ts";
import { ownPostgres } from "../doubles/postgres-run.ts";
import { closeTerminals, openTerminal, type Terminal, temporaryFolder, until } from "../journeys/terminal.ts";

/** What the program promises, and what a busy machine takes for the rest. */
const stopMaxMs = 20_000 + 3_000;

const postgres = await ownPostgres();
afterAll(() => postgres?.remove());

describe.skipIf(!postgres)("a desk on Postgres, told to stop", () => {
  if (!postgres) return;
  let folder: ReturnType<typeof temporaryFolder>;
  let model: OpenAIServer;
  let env: Record<string, string>;
  let release = () => {};
  beforeEach(async () => {
    folder = temporaryFolder();
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    model = await createOpenAIServer({
      async script() {
        await held;
        return { text: "Express takes 1-2 business days [1]." };
      },
    });
    env = { DATABASE_URL: await postgres.database(), OPENAI_BASE_URL: model.url, OPENAI_API_KEY: "k" };
  });
  afterEach(async () => {
    closeTerminals();
    release();
    await model.close();
    folder.remove();
  });

  async function atWork(): Promise<Terminal> {
    const desk = await openTerminal(folder.path, { env });
    desk.type("How long does express shipping take?");
    await until(
      () => model.chats().length === 1,
      () => desk.errors(),
    );
    return desk;
  }

  async function stopped(desk: Terminal): Promise<number | null> {
    const began = performance.now();
    const code = await desk.kill("SIGTERM");
    expect(performance.now() - began).toBeLessThan(stopMaxMs);
    return code;
  }

  it.each(["stopped", "frozen"] as const)(
    "just as the database is %s with a turn under way, ends in time, and the next process answers once",
    async (how) => {
      const desk = await atWork();
      const thaw = how === "frozen" ? postgres.freeze() : undefined;
      if (!thaw) await postgres.stop();
      try {
        const gone = stopped(desk);
        await desk.logs("desk.stopping");
        release();
        expect(await gone).toBe(0);
      } finally {
        if (thaw) thaw();
        else await postgres.start();
      }
      const again = await openTerminal(folder.path, { env });
      await again.sees("1-2 business days");
      expect(await again.end()).toBe(0);
      const said = (desk.output() + again.output()).match(/1-2 business days/g);
      expect(said).toHaveLength(1);
    },
    180_000,
  );

  it("while it starts and the database does not answer, at once", async () => {
    // Nobody takes a connection's first byte.
    const silent = createServer(() => {});
    await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
    const url = new URL(env.DATABASE_URL ?? "");
    url.port = String((silent.address() as AddressInfo).port);
    const asked = once(silent, "connection");
    const desk = await openTerminal(folder.path, { env: { ...env, DATABASE_URL: url.href }, early: true });
    await asked;
    const began = performance.now();
    expect(await desk.kill("SIGTERM")).toBe(0);
    expect(performance.now() - began).toBeLessThan(8_000);
    silent.close();
  });
});
