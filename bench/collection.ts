/** A collection to measure retrieval with, in BEIR's form: articles, questions, and which article answers which. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

export interface Document {
  id: string;
  title: string;
  text: string;
}

export interface Collection {
  documents: Document[];
  /** Only those with at least one relevant document. */
  questions: { id: string; text: string; relevant: ReadonlyMap<string, number> }[];
  /** Questions without any. */
  questionsSkipped: number;
}

/** What is wrong with a collection, with file and line. */
export class BadCollection extends Error {
  override readonly name = "BadCollection";
}

/** @throws BadCollection */
export function readCollection(folder: string): Collection {
  const documents = [...records(folder, "corpus.jsonl")].map(({ fields, where }) => ({
    id: idOf(fields, where),
    title: textOf(fields, "title", where, ""),
    text: textOf(fields, "text", where),
  }));
  onlyOnce(documents, "corpus.jsonl");
  const judged = readJudgements(folder);
  const asked = [...records(folder, "queries.jsonl")].map(({ fields, where }) => ({
    id: idOf(fields, where),
    text: textOf(fields, "text", where),
  }));
  onlyOnce(asked, "queries.jsonl");
  const questions = asked.flatMap((question) => {
    const relevant = judged.get(question.id);
    return relevant && [...relevant.values()].some((score) => score > 0) ? { ...question, relevant } : [];
  });
  if (documents.length === 0) throw new BadCollection("corpus.jsonl has no documents");
  if (questions.length === 0) throw new BadCollection("no question of queries.jsonl has a relevant document");
  return { documents, questions, questionsSkipped: asked.length - questions.length };
}

/** Lines of a file; only \n ends one, because JSON strings may hold any other separator. */
function* linesOf(folder: string, name: string): Generator<{ line: string; where: string }> {
  let content: Buffer;
  try {
    content = readFileSync(join(folder, name));
  } catch (error) {
    throw new BadCollection(`${name} cannot be read: ${error instanceof Error ? error.message : error}`);
  }
  for (let from = 0, number = 1; from < content.length; number += 1) {
    const end = content.indexOf(10, from);
    const to = end < 0 ? content.length : end;
    const line = content.toString("utf8", from, to).trim();
    if (line !== "") yield { line, where: `${name} line ${number}` };
    from = to + 1;
  }
}

function* records(
  folder: string,
  name: string,
): Generator<{ fields: Record<string, unknown>; where: string }> {
  for (const { line, where } of linesOf(folder, name)) {
    let value: unknown;
    try {
      value = JSON.parse(line);
    } catch {
      throw new BadCollection(`${where} is not JSON`);
    }
    if (typeof value !== "object" || value === null) throw new BadCollection(`${where} is not an object`);
    yield { fields: value as Record<string, unknown>, where };
  }
}

/** `query TAB document TAB score`, with or without a head; TREC's four columns too. */
function readJudgements(folder: string): Map<string, Map<string, number>> {
  const name = existsSync(join(folder, "qrels.tsv")) ? "qrels.tsv" : "qrels/test.tsv";
  const judged = new Map<string, Map<string, number>>();
  let first = true;
  for (const { line, where } of linesOf(folder, name)) {
    const columns = line.split(line.includes("\t") ? "\t" : /\s+/);
    if (columns.length === 4) columns.splice(1, 1);
    const [question, document, score] = columns;
    const value = Number(score);
    if (!question || !document || !score || Number.isNaN(value)) {
      if (!first) throw new BadCollection(`${where} is not: query, document, score`);
    } else {
      const relevant = judged.get(question) ?? new Map<string, number>();
      judged.set(question, relevant.set(document, value));
    }
    first = false;
  }
  return judged;
}

function idOf(fields: Record<string, unknown>, where: string): string {
  const id = fields.id ?? fields._id;
  if (typeof id !== "string" && typeof id !== "number") throw new BadCollection(`${where} has no id`);
  return String(id);
}

function textOf(fields: Record<string, unknown>, key: string, where: string, otherwise?: string): string {
  const value = fields[key] ?? otherwise;
  if (typeof value !== "string") throw new BadCollection(`${where} has no ${key}`);
  return value;
}

function onlyOnce(records: readonly { id: string }[], name: string): void {
  const seen = new Set<string>();
  for (const { id } of records) {
    if (seen.has(id)) throw new BadCollection(`${name} has the id ${JSON.stringify(id)} twice`);
    seen.add(id);
  }
}

/**
 * The documents and as many new ones as are missing, each of as many sentences as one of the collection's own, every
 * sentence from any of them. The same input gives the same documents.
 */
export function growTo(count: number, documents: readonly Document[]): Document[] {
  const sentences = documents.map(({ text }) => text.split(/(?<=[.!?:])\s+|\n+/));
  const random = createRandom();
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;
  const grown = [...documents];
  while (grown.length < count) {
    const text = pick(sentences)
      .map(() => pick(pick(sentences)))
      .join(" ");
    grown.push({ id: `grown-${grown.length}`, title: pick(documents).title, text });
  }
  return grown;
}

/** Numbers from 0 to 1, always the same ones (mulberry32). */
function createRandom(): () => number {
  let state = 1;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
