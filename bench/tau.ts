/**
 * Recorded customers of a retail store, replayed without a language model: npm run bench:tau -- DIR
 *
 * DIR holds db.json, tools.openai.json and gold.jsonl. Each task is played through the whole desk in six manners. It exits
 * with 1 when anything is off, with 2 for a folder that cannot be read.
 */
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { BadData, type Recordings, readRecordings } from "./tau/data.ts";
import { type Figures, isFlawless, measure } from "./tau/measure.ts";
import { createStore, hashOf, type Records } from "./tau/store.ts";
import { createTools } from "./tau/tools.ts";

const usage = "npm run bench:tau -- DIR";
const faultsShown = 40;

export async function main(args: string[]): Promise<number> {
  let recordings: Recordings;
  try {
    recordings = readRecordings(folderIn(args), createTools(createStore(emptyRecords)));
  } catch (error) {
    if (!(error instanceof BadData)) throw error;
    process.stderr.write(`bench:tau: ${error.message}\n${usage}\n`);
    return 2;
  }
  const before = hashOf(recordings.records);
  const began = performance.now();
  const figures = await measure(recordings);
  process.stdout.write(`${tableOf(figures)}\n\n`);
  const steps = recordings.tasks.reduce((sum, task) => sum + task.steps.length, 0);
  const seconds = ((performance.now() - began) / 1000).toFixed(0);
  process.stdout.write(`${recordings.tasks.length} tasks, ${steps} recorded calls, ${seconds} s\n`);
  const others = figures[0]?.callsOnOthers ?? 0;
  if (others > 0)
    process.stdout.write(`${others} recorded calls are on records of others: these had to be refused\n`);
  const faults = figures.flatMap((one) => one.faults);
  for (const fault of faults.slice(0, faultsShown)) process.stdout.write(`off: ${fault}\n`);
  if (faults.length > faultsShown) process.stdout.write(`… and ${faults.length - faultsShown} more\n`);
  if (hashOf(recordings.records) !== before)
    throw new Error("the records have been changed by the measurement");
  return isFlawless(figures) ? 0 : 1;
}

const emptyRecords: Records = { products: new Map(), users: new Map(), orders: new Map() };

function folderIn(args: string[]): string {
  let folders: string[];
  try {
    folders = parseArgs({ args, allowPositionals: true, options: {} }).positionals;
  } catch (error) {
    throw new BadData(error instanceof Error ? error.message : String(error));
  }
  const [folder, ...more] = folders;
  if (folder === undefined || more.length > 0) throw new BadData("give one folder");
  return resolve(folder);
}

function tableOf(figures: readonly Figures[]): string {
  const head = [
    "manner",
    "tasks",
    "calls as recorded",
    "final state as recorded",
    "unlawful writes",
    "unlawful reads",
    "refusals on record",
  ];
  const rows = figures.map((one) => [
    one.manner,
    String(one.tasks),
    one.lawful ? `${one.callsEqual}/${one.calls}` : "–",
    one.lawful ? `${one.statesEqual}/${one.tasks}` : "–",
    String(one.unlawfulWrites),
    String(one.unlawfulReads),
    `${one.audited}/${one.refused}`,
  ]);
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}
