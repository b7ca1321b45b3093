/** `npm run chaos`: makes a run, judges it, and tells what was found. */
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { takenInStream } from "./in-stream.ts";
import { judge } from "./judge.ts";
import { groups, percentile } from "./measures.ts";
import { type ChaosOptions, help, readOptions } from "./options.ts";
import { compileProgram } from "./program.ts";
import { fairAcks, type Silence, silences } from "./rules-of-limits.ts";
import { type Finished, run } from "./run.ts";
import { excerpt, storyOf } from "./story.ts";
import type { Violation } from "./violation.ts";

const storiesMax = 5;

/** @returns the exit code: see `help` */
export async function main(args: string[]): Promise<number> {
  const tell = (line: string) => void process.stdout.write(`${line}\n`);
  let options: ChaosOptions | "help";
  try {
    options = readOptions(args);
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
    return 2;
  }
  if (options === "help") {
    tell(help);
    return 0;
  }
  tell(
    `seed ${options.seed}, ${options.db}, ${options.platform}${options.plant ? `, planted: ${options.plant}` : ""}`,
  );
  // Each desk listens for the end of this process.
  process.setMaxListeners(0);
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(2));
  const root = process.cwd();
  const program = await compileProgram(root, options.plant);
  try {
    const shared = process.env.DESKHAND_SHARED ?? join(root, "..", "shared");
    const finished = await run({ program, options, shared, tell });
    return report(finished, options, tell);
  } finally {
    program.remove();
  }
}

function report(finished: Finished, options: ChaosOptions, tell: (line: string) => void): number {
  const { record, folder } = finished;
  const violations = judge(record).filter((one) => options.speed || one.rule !== "acks");
  for (const line of figuresOf(finished)) tell(line);
  const write = () => writeFileSync(join(folder, "record.json"), JSON.stringify(record, undefined, 1));
  if (violations.length === 0) {
    tell("nothing was violated");
    if (options.keep) write();
    if (!options.keep) rmSync(folder, { recursive: true, force: true });
    else tell(`kept: ${folder}`);
    return 0;
  }
  write();
  tell(`VIOLATED: ${violations.length}`);
  for (const [rule, same] of groups(violations, (one) => one.rule)) tell(`  ${rule}: ${same.length}`);
  for (const violation of violations.slice(0, 40))
    tell(`${violation.rule} ${violation.what} [${violation.thread ?? ""}]`);
  for (const violation of firstOfEach(violations.filter((one) => one.thread !== undefined))) {
    tell(`\n${violation.rule}: ${violation.what}\nThe story of ${violation.thread}:`);
    const about = /\b(?:q|st)\d+\b|ord_\d+/.exec(violation.what)?.[0] ?? "";
    for (const line of excerpt(storyOf(record, violation.thread ?? ""), about)) tell(`  ${line}`);
  }
  tell(`\nagain: npm run chaos -- ${again(options)}`);
  tell(`record, ledger and log: ${folder}`);
  return 1;
}

function firstOfEach(violations: readonly Violation[]): Violation[] {
  return [...groups(violations, (one) => one.rule).values()]
    .flatMap((same) => same.slice(0, 1))
    .slice(0, storiesMax);
}

function again(options: ChaosOptions): string {
  const { seed, minutes, db, platform, transport, point, plant, kills, each } = options;
  return [
    ...(options.speed ? [] : ["--no-speed"]),
    `--seed ${seed} --minutes ${minutes} --db ${db} --platform ${platform}`,
    ...(platform === "slack" && transport === "http" ? ["--transport http"] : []),
    ...(kills === undefined ? [] : [`--kills ${kills}`]),
    ...(each === undefined ? [] : [`--each ${each}`]),
    ...(point === undefined ? [] : [`--point ${point}`]),
    ...(plant === undefined ? [] : [`--plant ${plant}`]),
  ].join(" ");
}

function figuresOf({ record, kills, missed, faults, modelRequests, source }: Finished): string[] {
  const acked = record.said.filter((one) => one.ackedAt !== undefined);
  const deaths = [...kills.values()].reduce((sum, count) => sum + count, 0);
  const list = (map: ReadonlyMap<string, number>) =>
    [...map]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, count]) => `${name} ${count}`)
      .join(", ");
  const took = fairAcks(record);
  const waits = silences(record);
  const longest = (of: (one: Silence) => number) => (Math.max(0, ...waits.map(of)) / 1000).toFixed(1);
  const busyMs = record.outages
    .filter((one) => one.what === "the machine was busy")
    .reduce((sum, { from, to }) => sum + to - from, 0);
  return [
    `deaths ${deaths}: ${list(kills)}`,
    ...(missed.size > 0 ? [`points not reached in their life: ${list(missed)}`] : []),
    `other faults: ${list(faults)}`,
    `messages ${record.said.length} (${source}), acknowledged ${acked.length}, turns ${record.books.journal.length}, model requests ${modelRequests}`,
    `tickets ${record.books.tickets.length}, takeovers ${takenInStream(record).taken}, of them ${takenInStream(record).growing} in an answer that was growing on the screen, intents ${record.books.intents.length}, payments ${record.effects.length}`,
    `ack p50 ${percentile(took, 0.5).toFixed(1)} ms, p99 ${percentile(took, 0.99).toFixed(1)} ms of ${took.length}; backlog gone ${record.drainedMs ?? "never"} ms after the last fault; end ${record.exit.code} in ${record.exit.tookMs} ms`,
    `longest wait for a sign of life ${longest((one) => one.waitedMs)} s; without what is excused ${longest((one) => one.waitedMs - one.excusedMs)} s`,
    `the machine itself stood still for ${(busyMs / 1000).toFixed(1)} s`,
  ];
}
