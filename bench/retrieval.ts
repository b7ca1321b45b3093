/**
 * How well and how fast articles are found: npm run bench:retrieval -- DIR [--repeat-to N]
 *
 * DIR holds a collection in BEIR's form: corpus.jsonl {id, title, text}, queries.jsonl {id, text} and qrels.tsv. An
 * article's rank is that of its best passage. --repeat-to measures time with the collection grown to N articles.
 */
import { cpus, platform, release, totalmem } from "node:os";
import { basename, resolve } from "node:path";
import { parseArgs } from "node:util";
import type { CorpusIndex } from "../src/knowledge/corpus-index.ts";
import { createCorpusIndex } from "../test/doubles/corpus.ts";
import { BadCollection, type Collection, type Document, growTo, readCollection } from "./collection.ts";

const usage = "npm run bench:retrieval -- DIR [--repeat-to N]";
/** As in desk.yaml's defaults. */
const passageTokens = [200, 500] as const;
const passagesPerQuestion = 3;
const depth = 10;
/** Enough passages for ten different articles, even long ones. */
const passagesForDepth = 1_000;
const samplesMin = 1_000;
const measureMsMax = 20_000;

/** @returns the exit code: 2 for wrong arguments or a collection that cannot be read */
export async function main(args: string[]): Promise<number> {
  try {
    const { folder, articles } = readArguments(args);
    const collection = readCollection(folder);
    const index = await indexed(collection.documents);
    const grown =
      articles > collection.documents.length ? await indexed(growTo(articles, collection.documents)) : index;
    report(folder, collection, index, grown);
    return 0;
  } catch (error) {
    if (!(error instanceof BadCollection)) throw error;
    process.stderr.write(`bench:retrieval: ${error.message}\n${usage}\n`);
    return 2;
  }
}

function readArguments(args: string[]): { folder: string; articles: number } {
  let parsed: ReturnType<typeof parse>;
  try {
    parsed = parse(args);
  } catch (error) {
    throw new BadCollection(error instanceof Error ? error.message : String(error));
  }
  const [folder, ...more] = parsed.positionals;
  if (folder === undefined || more.length > 0) throw new BadCollection("give one folder");
  const articles = Number(parsed.values["repeat-to"] ?? 0);
  if (!Number.isInteger(articles) || articles < 0) {
    throw new BadCollection("--repeat-to takes a number of articles");
  }
  return { folder: resolve(folder), articles };
}

function parse(args: string[]) {
  return parseArgs({ args, allowPositionals: true, options: { "repeat-to": { type: "string" } } });
}

interface Indexed {
  index: CorpusIndex;
  articles: number;
  ms: number;
}

async function indexed(documents: readonly Document[]): Promise<Indexed> {
  const start = performance.now();
  const index = await createCorpusIndex(documents, passageTokens);
  return { index, articles: documents.length, ms: performance.now() - start };
}

function report(folder: string, collection: Collection, own: Indexed, timed: Indexed): void {
  const { questions, questionsSkipped } = collection;
  const quality = qualityOf(collection, own.index);
  const times = timesOf(collection, timed.index);
  const skipped = questionsSkipped > 0 ? ` (${questionsSkipped} without a relevant article left out)` : "";
  const rows: [string, string][] = [
    ["collection", basename(folder)],
    ["articles", `${own.articles}, ${own.index.passages.length} passages`],
    ["questions", `${questions.length}${skipped}`],
    ...Object.entries(quality).map(([name, value]): [string, string] => [name, value.toFixed(4)]),
    ...(timed === own
      ? []
      : [
          ["timed with", `${timed.articles} articles, ${timed.index.passages.length} passages`] as [
            string,
            string,
          ],
        ]),
    ["index time", `${timed.ms.toFixed(0)} ms`],
    [
      "per question",
      `p50 ${times.p50.toFixed(3)} ms, p99 ${times.p99.toFixed(3)} ms (${times.samples} searches)`,
    ],
    ["memory", `${(process.memoryUsage().rss / 1e6).toFixed(0)} MB resident`],
    [
      "machine",
      `${cpus().length} × ${cpus()[0]?.model.trim()}, ${(totalmem() / 2 ** 30).toFixed(0)} GB, ${platform()} ${release()}`,
    ],
    ["node", process.version],
  ];
  for (const [name, value] of rows) process.stdout.write(`${name.padEnd(14)}${value}\n`);
}

export function qualityOf({ questions }: Collection, index: CorpusIndex): Record<string, number> {
  const sums = { "hit@1": 0, "hit@3": 0, "hit@5": 0, "MRR@10": 0, "nDCG@10": 0 };
  for (const { text, relevant } of questions) {
    const { found } = index.search(text, passagesForDepth);
    const ranked = [...new Set(found.map(({ passage }) => passage.article))].slice(0, depth);
    const gains = ranked.map((article) => Math.max(0, relevant.get(article) ?? 0));
    const first = gains.findIndex((gain) => gain > 0);
    const ideal = [...relevant.values()].filter((gain) => gain > 0).toSorted((a, b) => b - a);
    if (first >= 0) {
      sums["MRR@10"] += 1 / (first + 1);
      if (first < 1) sums["hit@1"] += 1;
      if (first < 3) sums["hit@3"] += 1;
      if (first < 5) sums["hit@5"] += 1;
    }
    sums["nDCG@10"] += discounted(gains) / discounted(ideal.slice(0, depth));
  }
  return Object.fromEntries(Object.entries(sums).map(([name, sum]) => [name, sum / questions.length]));
}

/** As trec_eval has it: the gain is the judgement itself. */
function discounted(gains: readonly number[]): number {
  return gains.reduce((sum, gain, place) => sum + gain / Math.log2(place + 2), 0);
}

function timesOf(
  { questions }: Collection,
  index: CorpusIndex,
): { p50: number; p99: number; samples: number } {
  for (const { text } of questions) index.search(text, passagesPerQuestion);
  const samples: number[] = [];
  const end = performance.now() + measureMsMax;
  while (samples.length < samplesMin && performance.now() < end) {
    for (const { text } of questions) {
      const start = performance.now();
      index.search(text, passagesPerQuestion);
      samples.push(performance.now() - start);
    }
  }
  samples.sort((a, b) => a - b);
  const at = (share: number) =>
    samples[Math.min(samples.length - 1, Math.floor(share * samples.length))] ?? 0;
  return { p50: at(0.5), p99: at(0.99), samples: samples.length };
}
