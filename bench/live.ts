/**
 * What the benches of the platforms share. Three kinds of processes, each with one thing in it: the platform's double,
 * which also writes as the customers and times what comes back, the scripted model, and a desk or the bare loop that it
 * is compared with. The bench itself only asks them.
 */
import { cpus } from "node:os";
import { parseArgs } from "node:util";
import { startModel } from "./live-model.ts";
import { type Answers, answer, start } from "./live-process.ts";

/** The side of the customers, in the process of the platform's double. */
export interface Customers<Address = Record<string, string>> {
  /** What whoever answers has to be told: addresses, tokens. */
  address: Address;
  /** Told by who answers once it listens, where the platform calls it. */
  listening?(port: number): void;
  /** Writes as a customer; `replied` is when the reply's call came in, `acked` when the message was acknowledged. */
  say(customer: number): { replied: Promise<void>; acked: Promise<void> };
  /** Milliseconds from the model's first words to the first of the bot's that the customer sees. */
  firstWords?(customer: number): Promise<number>;
}

interface Timed {
  turns: number;
  seconds: number;
  p50Ms: number;
  p99Ms: number;
  ackP99Ms: number;
}

interface Spent {
  cpuMs: number;
  rssMb: number;
}

/** What the customers' process can be asked. */
function customersAnswers(customers: Customers): Answers {
  return {
    address: () => customers.address,
    listening: (port: number) => customers.listening?.(port),
    closed: (load: { threads: number; turns: number }) => closedLoop(customers, load),
    open: (load: { perSecond: number; seconds: number; threads: number }) => openLoop(customers, load),
    async first(times: number) {
      const all: number[] = [];
      for (let at = 0; at < times; at++) all.push((await customers.firstWords?.(1_000 + at)) ?? Number.NaN);
      return percentile(all, 0.5);
    },
  };
}

/** What the process that answers the customers can be asked. */
function spentAnswers(): Answers {
  return {
    spent: (): Spent => {
      const { user, system } = process.cpuUsage();
      return { cpuMs: (user + system) / 1000, rssMb: process.resourceUsage().maxRSS / 1024 };
    },
  };
}

/** Everybody writes again when the reply is there. */
async function closedLoop(
  customers: Customers,
  { threads, turns }: { threads: number; turns: number },
): Promise<Timed> {
  const replies: number[] = [];
  const acks: number[] = [];
  const began = performance.now();
  await Promise.all(
    Array.from({ length: threads }, async (_, customer) => {
      for (let at = 0; at < turns / threads; at++) await one(customers, customer, replies, acks);
    }),
  );
  return timed(replies, acks, performance.now() - began);
}

/** So many messages a second, whatever becomes of them; nobody writes while they wait. */
async function openLoop(
  customers: Customers,
  { perSecond, seconds, threads }: { perSecond: number; seconds: number; threads: number },
): Promise<Timed> {
  const replies: number[] = [];
  const acks: number[] = [];
  const free = Array.from({ length: threads }, (_, customer) => customer);
  const going: Promise<void>[] = [];
  const began = performance.now();
  let late = 0;
  for (let sent = 0; sent < perSecond * seconds; ) {
    const due = Math.floor(((performance.now() - began) / 1000) * perSecond);
    for (; sent < Math.min(due, perSecond * seconds); sent++) {
      const customer = free.shift();
      if (customer === undefined) late += 1;
      else going.push(one(customers, customer, replies, acks).then(() => void free.push(customer)));
    }
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  await Promise.all(going);
  if (late > 0)
    console.log(`(${late} messages of ${perSecond * seconds} were not written: everybody waited)`);
  return timed(replies, acks, performance.now() - began);
}

async function one(customers: Customers, customer: number, replies: number[], acks: number[]): Promise<void> {
  const began = performance.now();
  const { replied, acked } = customers.say(customer);
  await Promise.all([
    replied.then(() => replies.push(performance.now() - began)),
    acked.then(() => acks.push(performance.now() - began)),
  ]);
}

function timed(replies: number[], acks: number[], ms: number): Timed {
  return {
    turns: replies.length,
    seconds: ms / 1000,
    p50Ms: percentile(replies, 0.5),
    p99Ms: percentile(replies, 0.99),
    ackP99Ms: percentile(acks, 0.99),
  };
}

function percentile(values: number[], part: number): number {
  return values.sort((a, b) => a - b)[Math.floor(values.length * part)] ?? Number.NaN;
}

/** One platform's bench. */
export interface LiveBench<Address> extends Rates {
  /** The platform's double and its people. */
  customers(): Promise<Customers<Address>>;
  /** What the desk is compared with, and the desk; each resolves to where it listens, if the platform calls it. */
  bare(address: Address): Promise<number | undefined>;
  desk(address: Address): Promise<number | undefined>;
}

interface Rates {
  /** Of the second part, the one in which latency is measured. */
  perSecond: number;
  /** Of the part in which acknowledgements are measured; none where the platform wants no acknowledgement. */
  eventsPerSecond?: number;
}

interface Run extends Rates {
  compiled: string;
  turns: number;
  /** A folder for V8's profiles of what the desk's processes spend their time on. */
  profile: string | undefined;
}

/** The bench, or the one of its processes that its arguments say; resolves to the exit code. */
export async function runLive<Address extends Record<string, string>>(
  bench: LiveBench<Address>,
  args: string[],
  compiled: string,
): Promise<number> {
  const { values } = parseArgs({
    args,
    options: {
      turns: { type: "string", default: "4000" },
      profile: { type: "string" },
      worker: { type: "string" },
      address: { type: "string", default: "{}" },
    },
  });
  const turns = Number(values.turns);
  if (!Number.isInteger(turns) || turns < 100) {
    process.stderr.write("--turns takes a whole number of at least 100\n");
    return 2;
  }
  const address = JSON.parse(values.address) as Address;
  switch (values.worker) {
    case undefined:
      return compare({ ...bench, compiled, turns, profile: values.profile });
    case "customers":
      return answer(customersAnswers(await bench.customers()));
    default: {
      const port = await (values.worker === "bare" ? bench.bare(address) : bench.desk(address));
      return answer({ ...spentAnswers(), port: () => port });
    }
  }
}

const threads = 32;
const seconds = 10;
const firstTimes = 12;

/** Runs the whole bench and prints it. */
async function compare(bench: Run): Promise<number> {
  console.log(
    `node ${process.version}, ${cpus().length} × ${cpus()[0]?.model ?? "?"}, ${bench.turns} turns each\n`,
  );
  const model = await startModel();
  const bare = await measure(bench, "bare", model.port);
  const desk = await measure(bench, "desk", model.port);
  await model.stop();
  print("CPU, ms a turn", bare.cpuMs, desk.cpuMs, 3);
  print("turns a second", bare.perSecond, desk.perSecond, 0);
  print(`p50 at ${bench.perSecond} turns/s, ms`, bare.open.p50Ms, desk.open.p50Ms);
  print(`p99 at ${bench.perSecond} turns/s, ms`, bare.open.p99Ms, desk.open.p99Ms);
  if (bare.ackP99Ms !== undefined && desk.ackP99Ms !== undefined)
    print(`ack p99 at ${bench.eventsPerSecond} events/s, ms`, bare.ackP99Ms, desk.ackP99Ms);
  print("memory at most, MB", bare.rssMb, desk.rssMb, 0);
  console.log(
    `added at ${bench.perSecond} turns/s: p50 ${(desk.open.p50Ms - bare.open.p50Ms).toFixed(1)} ms, p99 ${(desk.open.p99Ms - bare.open.p99Ms).toFixed(1)} ms`,
  );
  const first = await firstWords(bench);
  console.log(
    `first words on the platform after the model's: ${first.toFixed(1)} ms (median of ${firstTimes})`,
  );
  return 0;
}

async function measure(bench: Run, name: "bare" | "desk", modelPort: string) {
  const { customers, answering } = await pair(bench, name, modelPort);
  await customers.ask("closed", { threads, turns: Math.max(threads * 10, bench.turns / 4) });
  const before = await answering.ask<Spent>("spent");
  const closed = await customers.ask<Timed>("closed", { threads, turns: bench.turns });
  const after = await answering.ask<Spent>("spent");
  const open = await customers.ask<Timed>("open", { perSecond: bench.perSecond, seconds, threads });
  const burst =
    bench.eventsPerSecond &&
    (await customers.ask<Timed>("open", { perSecond: bench.eventsPerSecond, seconds, threads: 1_000 }));
  await answering.stop();
  await customers.stop();
  return {
    cpuMs: (after.cpuMs - before.cpuMs) / closed.turns,
    perSecond: closed.turns / closed.seconds,
    open,
    ackP99Ms: burst ? burst.ackP99Ms : undefined,
    rssMb: after.rssMb,
  };
}

/** A model that says a few words, and the rest later; it is in the customers' process, so that one clock times both. */
async function firstWords(bench: Run): Promise<number> {
  const { customers, answering } = await pair(bench, "desk", "own");
  const median = await customers.ask<number>("first", firstTimes);
  await answering.stop();
  await customers.stop();
  return median;
}

async function pair(bench: Run, name: "bare" | "desk", modelPort: string) {
  const customers = await start(bench.compiled, ["--worker", "customers"]);
  const address = await customers.ask<Record<string, string>>("address");
  const told = { ...address, ...(modelPort === "own" ? {} : { modelPort }) };
  const flags = name === "desk" && bench.profile ? ["--cpu-prof", `--cpu-prof-dir=${bench.profile}`] : [];
  const answering = await start(bench.compiled, ["--worker", name, "--address", JSON.stringify(told)], flags);
  const port = await answering.ask<number | undefined>("port");
  if (port !== undefined) await customers.ask("listening", port);
  return { customers, answering };
}

function print(what: string, bare: number, desk: number, digits = 1): void {
  const figures = [bare.toFixed(digits), desk.toFixed(digits), `${(desk / bare).toFixed(2)}×`];
  console.log(`${what.padEnd(32)}${figures.map((figure) => figure.padStart(12)).join("")}`);
}
