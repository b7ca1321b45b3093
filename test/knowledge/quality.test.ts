/** What the benchmark's figures must not fall below, where the public collections are at hand. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { readCollection } from "../../bench/collection.ts";
import { qualityOf } from "../../bench/retrieval.ts";
import { createCorpusIndex } from "../doubles/corpus.ts";

const shared = process.env.DESKHAND_SHARED ?? fileURLToPath(new URL("../../../shared", import.meta.url));
const wixqa = join(shared, "bench", "retrieval", "wixqa");
const clinc = join(shared, "bench", "oos", "clinc150.json");
const absent = existsSync(wixqa) && existsSync(clinc) ? "" : `, skipped: there is no ${wixqa}`;

describe.skipIf(absent !== "")(`on a real help centre${absent}`, () => {
  const load = async () => {
    const collection = readCollection(wixqa);
    return { collection, index: await createCorpusIndex(collection.documents, [200, 500]) };
  };

  it("the articles that experts chose are found", async () => {
    const { collection, index } = await load();
    const quality = qualityOf(collection, index);
    expect(quality["nDCG@10"]).toBeGreaterThanOrEqual(0.82);
    expect(quality["hit@3"]).toBeGreaterThanOrEqual(0.86);
  });

  it("coverage tells its questions from those of other worlds", async () => {
    const { collection, index } = await load();
    const coverages = (questions: string[]) =>
      questions.map((question) => index.search(question, 3).coverage).toSorted((a, b) => a - b);
    const ours = coverages(collection.questions.map(({ text }) => text));
    const { oos_test } = JSON.parse(readFileSync(clinc, "utf8")) as { oos_test: [string, string][] };
    const theirs = coverages(oos_test.map(([question]) => question));
    const share = (values: number[], from: number) =>
      values.filter((value) => value >= from).length / values.length;
    expect(share(ours, 0.2)).toBeGreaterThan(0.97);
    expect(share(ours, 0.65)).toBeGreaterThan(0.3);
    expect(share(theirs, 0.65)).toBeLessThan(0.03);
    expect(share(theirs, 0.35)).toBeLessThan(0.3);
  });
});
