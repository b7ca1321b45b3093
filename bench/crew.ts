/**
 * npm run bench:crew [-- --turns N --at-once N]: turns a second of one and of two processes that work on one Postgres,
 * each with so many threads at once and a model that takes 50 ms a call; and how long it takes from a customer's message
 * to the first call of the model when nothing else goes on. The program is the real one, before the double of Slack.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { createInhabitedSlack } from "../test/adapters/slack/harness.ts";
import { createOpenAIServer } from "../test/doubles/openai-server.ts";
import { startPostgres } from "../test/doubles/postgres-server.ts";

const modelMs = 50;
const singles = 40;

interface Measured {
  perSecond: number;
  /** Milliseconds until a turn begins, of messages that come alone. */
  startP50: number;
  startP99: number;
}

export async function main(args: string[]): Promise<number> {
  const { values } = parseArgs({
    args,
    options: { turns: { type: "string", default: "400" }, "at-once": { type: "string", default: "2" } },
  });
  const atOnce = values["at-once"];
  const turns = Number(values.turns);
  const postgres = await startPostgres();
  try {
    const one = await measured(await postgres.database(), { members: 1, turns, atOnce });
    const two = await measured(await postgres.database(), { members: 2, turns, atOnce });
    console.log(
      `${turns} turns, ${atOnce} threads at once in each process, a model that takes ${modelMs} ms\n`,
    );
    console.log("processes   turns/s   start of a turn p50   p99");
    for (const [count, it] of [one, two].entries())
      console.log(
        `${count + 1}           ${it.perSecond.toFixed(1).padStart(7)}   ${it.startP50.toFixed(0).padStart(12)} ms   ${it.startP99.toFixed(0).padStart(8)} ms`,
      );
    console.log(`\ntwo : one = ${(two.perSecond / one.perSecond).toFixed(2)}`);
  } finally {
    await postgres.remove();
  }
  return 0;
}

async function measured(
  url: string,
  { members, turns, atOnce }: { members: number; turns: number; atOnce: string },
): Promise<Measured> {
  const slack = await createInhabitedSlack();
  const asked = new Map<string, (at: number) => void>();
  const model = await createOpenAIServer({
    async script({ body }) {
      const messages = body.messages as { role: string; content: string | null }[];
      const said = messages.findLast((message) => message.role === "user")?.content ?? "";
      asked.get(said)?.(performance.now());
      await new Promise((resolve) => setTimeout(resolve, modelMs));
      return { text: `What can I do for you? (${said})` };
    },
  });
  const folders: string[] = [];
  const crew: ChildProcess[] = [];
  for (let at = 0; at < members; at++) {
    const folder = mkdtempSync(join(tmpdir(), "bench-crew-"));
    folders.push(folder);
    crew.push(
      await started(folder, {
        DATABASE_URL: url,
        WORK_AT_ONCE: atOnce,
        SLACK_BOT_TOKEN: slack.botToken,
        SLACK_APP_TOKEN: slack.appToken,
        SLACK_API_URL: slack.apiUrl,
        DESK_CHANNEL: "slack:C2",
        OPENAI_BASE_URL: model.url,
        OPENAI_API_KEY: "k",
      }),
    );
  }
  const users = Array.from({ length: 64 }, (_, at) => `U1${at}`);
  for (const user of users) slack.addUser(user, { name: user });
  const places = new Map(users.map((user) => [user, slack.asUser(user)]));
  const answered = (user: string) =>
    slack.messages(places.get(user)?.directChannel ?? "").filter((one) => one.byBot && !one.streaming).length;

  /** Writes, and resolves to when the model was asked; the reply is waited for. */
  async function says(user: string, text: string): Promise<number> {
    const before = answered(user);
    const at = new Promise<number>((resolve) => asked.set(text, resolve));
    await places.get(user)?.dm(text);
    const began = await at;
    asked.delete(text);
    while (answered(user) === before) await new Promise((resolve) => setTimeout(resolve, 5));
    return began;
  }

  await Promise.all(users.map((user) => says(user, `Hello from ${user}`)));
  const starts: number[] = [];
  for (let at = 0; at < singles; at++) {
    const since = performance.now();
    starts.push((await says(users[at % users.length] as string, `Alone ${at}`)) - since);
  }
  const began = performance.now();
  await Promise.all(
    users.map(async (user, place) => {
      for (let at = place; at < turns; at += users.length) await says(user, `Number ${at}`);
    }),
  );
  const perSecond = turns / ((performance.now() - began) / 1000);
  for (const member of crew) {
    member.kill("SIGTERM");
    if (member.exitCode === null) await once(member, "exit");
  }
  await slack.close();
  await model.close();
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
  starts.sort((a, b) => a - b);
  return {
    perSecond,
    startP50: starts[Math.floor(starts.length / 2)] ?? Number.NaN,
    startP99: starts.at(-1) ?? Number.NaN,
  };
}

/** The program, once it is ready. */
async function started(folder: string, env: Record<string, string>): Promise<ChildProcess> {
  const child = spawn(process.execPath, ["dist/cli.js", "start", "--data", folder], {
    env: { PATH: process.env.PATH ?? "", SETTLE_MS: "0", ...env },
    stdio: ["ignore", "ignore", "pipe"],
  });
  let log = "";
  await new Promise<void>((resolve, reject) => {
    child.once("exit", () => reject(new Error(log.slice(-2_000))));
    child.stderr?.on("data", (text) => {
      if (log.includes("desk.ready")) return;
      log += String(text);
      if (log.includes("desk.ready")) resolve();
    });
  });
  return child;
}
