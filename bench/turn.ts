/**
 * npm run bench:turn [-- --turns N]
 *
 * What a turn costs: two model rounds and one tool call, over HTTP to a scripted server in another process that answers
 * without delay, every commit durable. Beside it, in the same run, a bare loop that only does the HTTP, and one that
 * also does the commits. Each is a process of its own.
 */
import { spawnSync } from "node:child_process";
import { cpus } from "node:os";
import { parseArgs } from "node:util";
import { DatabaseSync } from "@photostructure/sqlite";
import { Agent } from "undici";
import type { Platform, Post, Receiver } from "../src/platform.ts";
import { openBareDatabase, openLiveDesk } from "./live-desk.ts";
import { createRounds, question, startModel } from "./live-model.ts";

interface Figures {
  turns: number;
  cpuMs: number;
  seconds: number;
  p50Ms: number;
  p99Ms: number;
  rssMb: number;
}

/** One turn in a thread; resolves when its reply is there. */
type Turn = (thread: number, turn: number) => Promise<void>;

export async function main(args: string[], compiled: string): Promise<number> {
  const { values } = parseArgs({
    args,
    options: {
      turns: { type: "string", default: "4000" },
      worker: { type: "string" },
      threads: { type: "string", default: "1" },
      port: { type: "string" },
      messages: { type: "string", default: "0" },
    },
  });
  const turns = Number(values.turns);
  if (!Number.isInteger(turns) || turns < 100) {
    process.stderr.write("--turns takes a whole number of at least 100\n");
    return 2;
  }
  if (values.worker === undefined) return compare(turns, compiled);
  const worker = await workers[values.worker as keyof typeof workers](
    String(values.port),
    Number(values.messages),
  );
  const figures =
    values.worker === "depth"
      ? await depth(worker.turn)
      : await measure(worker.turn, Number(values.threads), turns);
  await worker.close();
  process.stdout.write(`${JSON.stringify(figures)}\n`);
  return 0;
}

async function compare(turns: number, compiled: string): Promise<number> {
  const model = await startModel();
  const run = <T = Figures>(worker: string, threads: number, more: string[] = []): T => {
    const child = spawnSync(
      process.execPath,
      [
        "--input-type=module",
        "--eval",
        `import { main } from "${compiled}"; process.exitCode = await main(process.argv.slice(1));`,
        "--",
        "--worker",
        worker,
        "--port",
        model.port,
        "--threads",
        String(threads),
        "--turns",
        String(turns),
        ...more,
      ],
      { encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] },
    );
    return JSON.parse(child.stdout) as T;
  };
  console.log(
    `node ${process.version}, ${cpus().length} × ${cpus()[0]?.model ?? "?"}, ${turns} turns each\n`,
  );
  console.log("threads  what              CPU ms/turn  ratio   turns/s  ratio   p50 ms   p99 ms   RSS MB");
  for (const threads of [1, 32, 256]) {
    const bare = run("bare", threads);
    for (const [name, worker] of [
      ["bare HTTP loop", "bare"],
      ["… with commits", "commits"],
      ["desk, durable", "desk"],
    ] as const) {
      const figures = worker === "bare" ? bare : run(worker, threads);
      console.log(row(threads, name, figures, bare));
    }
  }
  const empty = run("desk", 32);
  const full = run("desk", 32, ["--messages", "1000000"]);
  console.log(
    `\na ledger with 1,000,000 messages: ${ratio(full.cpuMs, empty.cpuMs)} of the CPU of an empty one (${full.cpuMs.toFixed(3)} : ${empty.cpuMs.toFixed(3)} ms)`,
  );
  const deep = run<{ early: number; late: number }>("depth", 20);
  console.log(
    `the 1,000th turn of a thread: ${ratio(deep.late, deep.early)} of the CPU of the 10th (${deep.late.toFixed(3)} : ${deep.early.toFixed(3)} ms)`,
  );
  await model.stop();
  return 0;
}

function row(threads: number, name: string, figures: Figures, bare: Figures): string {
  const perSecond = figures.turns / figures.seconds;
  return [
    String(threads).padStart(7),
    name.padEnd(16),
    figures.cpuMs.toFixed(3).padStart(11),
    ratio(figures.cpuMs, bare.cpuMs).padStart(6),
    perSecond.toFixed(0).padStart(9),
    ratio(perSecond, bare.turns / bare.seconds).padStart(6),
    figures.p50Ms.toFixed(2).padStart(8),
    figures.p99Ms.toFixed(2).padStart(8),
    figures.rssMb.toFixed(0).padStart(8),
  ].join("  ");
}

const ratio = (one: number, other: number): string => `${(one / other).toFixed(2)}×`;

async function measure(turn: Turn, threads: number, turns: number): Promise<Figures> {
  const each = Math.max(2, Math.round(turns / threads));
  const warm = Math.max(1, Math.round(each / 10));
  await Promise.all(Array.from({ length: threads }, (_, thread) => series(turn, thread, 0, warm)));
  const times: number[] = [];
  const cpu = process.cpuUsage();
  const began = performance.now();
  await Promise.all(
    Array.from({ length: threads }, (_, thread) => series(turn, thread, warm, warm + each, times)),
  );
  const seconds = (performance.now() - began) / 1000;
  const used = process.cpuUsage(cpu);
  times.sort((a, b) => a - b);
  return {
    turns: times.length,
    cpuMs: (used.user + used.system) / 1000 / times.length,
    seconds,
    p50Ms: times[Math.floor(times.length * 0.5)] ?? 0,
    p99Ms: times[Math.floor(times.length * 0.99)] ?? 0,
    rssMb: process.resourceUsage().maxRSS / 1024,
  };
}

/** CPU ms of a turn around the 10th and around the 1,000th, over twenty threads. */
async function depth(turn: Turn): Promise<{ early: number; late: number }> {
  const threads = 20;
  const around = async (from: number, to: number) => {
    const cpu = process.cpuUsage();
    await Promise.all(Array.from({ length: threads }, (_, thread) => series(turn, thread, from, to)));
    const used = process.cpuUsage(cpu);
    return (used.user + used.system) / 1000 / (threads * (to - from));
  };
  // A process that has just begun is slow: these turns are in threads of their own.
  await Promise.all(Array.from({ length: threads }, (_, thread) => series(turn, thread + threads, 0, 60)));
  await around(0, 8);
  const early = await around(8, 13);
  await around(13, 990);
  return { early, late: await around(990, 1040) };
}

async function series(turn: Turn, thread: number, from: number, to: number, times?: number[]): Promise<void> {
  for (let number = from; number < to; number++) {
    const began = performance.now();
    await turn(thread, number);
    times?.push(performance.now() - began);
  }
}

const workers = { bare: bareLoop, commits: bareWithCommits, desk: aDesk, depth: aDesk };

interface Worker {
  turn: Turn;
  close(): Promise<void>;
}

async function bareLoop(modelPort: string): Promise<Worker> {
  const agent = new Agent({ pipelining: 1 });
  return { turn: createRounds(agent, modelPort), close: () => agent.close() };
}

async function bareWithCommits(modelPort: string): Promise<Worker> {
  const bare = await bareLoop(modelPort);
  const { commit } = openBareDatabase();
  return {
    async turn(thread, number) {
      commit("message".repeat(20));
      await bare.turn(thread, number);
      commit("turn".repeat(200));
      commit("sent");
    },
    close: bare.close,
  };
}

async function aDesk(modelPort: string, messages: number): Promise<Worker> {
  const room = listeningRoom();
  const { close } = await openLiveDesk({
    modelPort,
    fill: (file) => fill(file, messages),
    open: () => room.platform,
  });
  return { turn: room.turn, close };
}

/** A platform that takes a reply for read when it is posted. */
function listeningRoom(): { platform: Platform; turn: Turn } {
  const waiting = new Map<string, () => void>();
  let desk: Receiver | undefined;
  const platform: Platform = {
    name: "bench",
    async connect(receiver) {
      desk = receiver;
    },
    async post(target, post: Post, key) {
      const place = "thread" in target ? target.thread : target.channel;
      if (!post.text.includes("ord_1001")) throw new Error(`not the answer: ${post.text}`);
      waiting.get(place)?.();
      return { id: `bench:${key}`, thread: String(place) };
    },
    find: async () => undefined,
    async close() {},
  };
  const turn: Turn = async (number, at) => {
    const thread = `bench:t:${number}`;
    const replied = new Promise<void>((resolve) => waiting.set(thread, resolve));
    const id = `${thread}:${at}`;
    const author = { id: `bench:t:u${number}`, tenant: "t", name: `customer ${number}` };
    const order = String(at).padStart(9, "0");
    await desk?.receive({
      kind: "message",
      keys: [id],
      message: {
        id,
        thread,
        channel: thread,
        author,
        text: question,
        sentAt: at,
        order,
        visibility: "private",
        addressed: true,
        files: [],
      },
    });
    await replied;
  };
  return { platform, turn };
}

/** Messages of other threads, as a desk of some years has them. */
function fill(path: string, count: number): void {
  const database = new DatabaseSync(path);
  database.exec("PRAGMA synchronous = OFF; BEGIN");
  const insert = database.prepare(
    "INSERT INTO messages (id, thread, seq, author, text, at) VALUES (?, ?, ?, 'customer', 'Where is my order? It should have been here yesterday.', 1)",
  );
  for (let at = 0; at < count; at++) insert.run(`old:${at}`, `old:t:${at % 20_000}`, Math.floor(at / 20_000));
  database.exec("COMMIT");
  database.close();
}
