import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, it } from "vitest";
import { growTo, readCollection } from "../../bench/collection.ts";
import { qualityOf } from "../../bench/retrieval.ts";
import { createCorpusIndex } from "../doubles/corpus.ts";
import { createTemporaryArticles, type TemporaryArticles } from "./temporary-articles.ts";

const corpus = [
  { id: "a", title: "Shipping", text: "Standard shipping takes five days. Express takes one." },
  { _id: "b", title: "Returns", text: "Return items within 30 days.\u2028Keep the receipt." },
  { id: 3, text: "Passwords can be reset." },
]
  .map((document) => JSON.stringify(document))
  .join("\n");
const queries = [
  { id: "q1", text: "express shipping" },
  { _id: "q2", text: "reset a password" },
  { id: "q3", text: "judged irrelevant" },
  { id: "q4", text: "not judged" },
]
  .map((query) => JSON.stringify(query))
  .join("\n");
const qrels = "q1\ta\t2\nq1\tb\t1\nq2\t3\t1\nq3\ta\t0\n";

let folder: TemporaryArticles | undefined;
afterEach(() => folder?.remove());

function collection(files: Record<string, string> = {}): string {
  folder = createTemporaryArticles({
    "corpus.jsonl": corpus,
    "queries.jsonl": queries,
    "qrels.tsv": qrels,
    ...files,
  });
  return folder.path;
}

function run(...args: string[]) {
  const script = fileURLToPath(new URL("../../bench/run.js", import.meta.url));
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, ...args], { encoding: "utf8" });
  return { status, stdout, stderr };
}

describe("a collection", () => {
  it("has documents, and the questions that some document answers", () => {
    const { documents, questions, questionsSkipped } = readCollection(collection());
    expect(documents.map(({ id, title }) => [id, title])).toEqual([
      ["a", "Shipping"],
      ["b", "Returns"],
      ["3", ""],
    ]);
    expect(documents[1]?.text).toContain("\u2028");
    expect(questions.map(({ id }) => id)).toEqual(["q1", "q2"]);
    expect(questions[0]?.relevant).toEqual(
      new Map([
        ["a", 2],
        ["b", 1],
      ]),
    );
    expect(questionsSkipped).toBe(2);
  });

  it.each([
    ["a head", `query-id\tcorpus-id\tscore\n${qrels}`],
    ["spaces and TREC's second column", "q1 0 a 2\nq1 0 b 1\nq2 0 3 1\n"],
    ["Windows line ends", qrels.replaceAll("\n", "\r\n")],
  ])("may have judgements with %s", (_, judgements) => {
    expect(readCollection(collection({ "qrels.tsv": judgements })).questions).toHaveLength(2);
  });

  it("may have BEIR's own folder of judgements", () => {
    const path = collection({ "qrels/test.tsv": qrels });
    folder?.delete("qrels.tsv");
    expect(readCollection(path).questions).toHaveLength(2);
  });

  it.each([
    ["a line that is not JSON", { "corpus.jsonl": `${corpus}\n{` }, /corpus\.jsonl line 4 is not JSON/],
    ["a line that is no object", { "queries.jsonl": '"x"' }, /queries\.jsonl line 1 is not an object/],
    ["a document without id", { "corpus.jsonl": '{"text":"x"}' }, /line 1 has no id/],
    ["a question without text", { "queries.jsonl": '{"id":"x"}' }, /line 1 has no text/],
    ["an id twice", { "corpus.jsonl": `${corpus}\n{"id":"3","text":"x"}` }, /"3" twice/],
    ["a judgement without score", { "qrels.tsv": `${qrels}q1\ta\n` }, /qrels\.tsv line 5 is not/],
    ["no documents", { "corpus.jsonl": "\n" }, /no documents/],
    ["no answers", { "qrels.tsv": "q3\ta\t0\n" }, /no question/],
  ])("with %s is refused, and it says where", (_, files, says) => {
    expect(() => readCollection(collection(files))).toThrow(says);
  });

  it("grows by its own sentences, always the same way", () => {
    const { documents } = readCollection(collection());
    const grown = growTo(50, documents);
    expect(grown).toHaveLength(50);
    expect(grown.slice(0, 3)).toEqual(documents);
    expect(new Set(grown.map(({ id }) => id)).size).toBe(50);
    expect(growTo(50, documents)).toEqual(grown);
  });
});

describe("the figures", () => {
  it("are those of the definitions", async () => {
    const index = await createCorpusIndex(
      [
        { id: "x", title: "", text: "apple apple apple" },
        { id: "y", title: "", text: "apple pear" },
        { id: "z", title: "", text: "plum" },
      ],
      [200, 500],
    );
    const ranked = index.search("apple", 10).found.map(({ passage }) => passage.article);
    expect(ranked).toEqual(["x", "y"]);
    const question = (relevant: Record<string, number>) => ({
      id: "q",
      text: "apple",
      relevant: new Map(Object.entries(relevant)),
    });
    const quality = (relevant: Record<string, number>) =>
      qualityOf({ documents: [], questions: [question(relevant)], questionsSkipped: 0 }, index);
    expect(quality({ x: 1 })).toEqual({ "hit@1": 1, "hit@3": 1, "hit@5": 1, "MRR@10": 1, "nDCG@10": 1 });
    expect(quality({ y: 1, x: 0 })).toMatchObject({ "hit@1": 0, "hit@3": 1, "MRR@10": 0.5 });
    expect(quality({ y: 1 })["nDCG@10"]).toBeCloseTo(1 / Math.log2(3));
    expect(quality({ x: 1, y: 2, z: 1 })["nDCG@10"]).toBeCloseTo(
      (1 + 2 / Math.log2(3)) / (2 + 1 / Math.log2(3) + 1 / 2),
    );
    expect(quality({ z: 1 })).toEqual({ "hit@1": 0, "hit@3": 0, "hit@5": 0, "MRR@10": 0, "nDCG@10": 0 });
  });

  it("are printed for a folder", () => {
    const { status, stdout } = run("retrieval", collection(), "--repeat-to", "20");
    expect(status).toBe(0);
    for (const name of ["hit@1", "hit@3", "hit@5", "MRR@10", "nDCG@10"]) {
      expect(stdout).toMatch(new RegExp(`^${name} +[01]\\.\\d{4}$`, "m"));
    }
    expect(stdout).toMatch(/^timed with +20 articles/m);
    expect(stdout).toMatch(/p50 \d+\.\d+ ms, p99/);
    expect(stdout).toContain(process.version);
  });

  it.each([
    ["no folder", []],
    ["a folder that is not there", ["/nowhere"]],
    ["an option that there is not", ["/nowhere", "--fast"]],
    ["a number that is none", ["/nowhere", "--repeat-to", "many"]],
  ])("are not printed for %s: exit code 2 and how to call it", (_, args) => {
    const { status, stdout, stderr } = run("retrieval", ...args);
    expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
    expect(stderr).toContain("npm run bench:retrieval -- DIR");
  });

  it("need a benchmark that exists", () => {
    expect(run("../package").status).toBe(2);
    expect(run("nothing").stderr).toContain('no benchmark "nothing"');
  });
});
