/**
 * The knowledge base over a folder of Markdown. It is read at the first refresh and watched from then on: a search first
 * looks whether files have changed, at most every two seconds, and waits a moment for the new state; what takes longer is
 * served when it is ready. What the public may see comes from an index of the public articles alone, so that the others
 * cannot even be felt in scores.
 */
import type { Clock } from "../clock.ts";
import type { Audience, KnowledgeBase, KnowledgeReport } from "../knowledge-base.ts";
import type { Log } from "../log.ts";
import { createArticleFolder } from "./article-folder.ts";
import type { Article } from "./articles.ts";
import { type CorpusIndex, createIndexer } from "./corpus-index.ts";
import { createMeanings, type Embedder, type VectorCache } from "./hybrid.ts";
import { questionCharactersMax } from "./lexical-index.ts";
import type { PassageTokens } from "./passages.ts";

export interface MarkdownKnowledgeBaseParts {
  folder: string;
  passageTokens: PassageTokens;
  log: Log;
  clock: Clock;
  /** Turns hybrid search on. */
  embedder?: Embedder;
  cache?: VectorCache;
}

export interface MarkdownKnowledgeBase extends KnowledgeBase {
  /** Resolves when the vectors of all passages are there, or could not be had. */
  embedded(): Promise<void>;
}

const lookEveryMs = 2_000;
/** How long a search waits for the changes it has come upon. */
const patienceMs = 250;

interface State {
  index: Readonly<Record<Audience, CorpusIndex>>;
  articles: readonly Article[];
  report: KnowledgeReport;
}

export function createMarkdownKnowledgeBase(parts: MarkdownKnowledgeBaseParts): MarkdownKnowledgeBase {
  const { folder, passageTokens, log, clock, embedder, cache } = parts;
  const articleFolder = createArticleFolder(folder, passageTokens);
  const indexer = createIndexer();
  const meanings = embedder && createMeanings({ embedder, ...(cache ? { cache } : {}), log, clock });
  let state: State | undefined;
  let lookedAt = Number.NEGATIVE_INFINITY;
  let working: Promise<unknown> = Promise.resolve();
  let embedding: Promise<void> = Promise.resolve();
  let unasked: Promise<void> | undefined;
  let closed = false;

  async function look(): Promise<State> {
    lookedAt = clock.elapsed();
    const { articles, problems } = await articleFolder.look();
    const index = state && sameItems(state.articles, articles) ? state.index : await build(articles);
    const report = { articles: articles.length, passages: index.verified.passages.length, problems };
    state = { index, articles, report };
    return state;
  }

  async function build(articles: readonly Article[]): Promise<State["index"]> {
    const open = articles.filter(({ audience }) => audience === "public");
    const verified = await indexer.index(articles);
    const index = {
      verified,
      public: open.length === articles.length ? verified : await indexer.index(open),
    };
    if (meanings && !closed) embedding = meanings.prepare(verified.passages);
    return index;
  }

  /** One look at a time; whoever asks for one sees what was there when he asked. */
  function lookNext(): Promise<State> {
    const next = working.then(() => (closed && state ? state : look()));
    working = next.catch(() => undefined);
    return next;
  }

  /** A look that nobody has asked for: what it finds is logged. */
  async function lookUnasked(): Promise<void> {
    const before = state;
    try {
      const { report, index } = await lookNext();
      const old = new Set(before?.report.problems.map((problem) => JSON.stringify(problem)));
      for (const problem of report.problems) {
        if (!old.has(JSON.stringify(problem))) log.warn("article.unreadable", { ...problem });
      }
      if (index === before?.index) return;
      log.info("knowledge.indexed", { articles: report.articles, passages: report.passages });
    } catch (error) {
      log.error("knowledge.refresh_failed", { error });
    }
  }

  async function current(): Promise<State> {
    if (!state) return lookNext();
    if (!closed && !unasked && clock.elapsed() - lookedAt >= lookEveryMs) {
      unasked = lookUnasked().finally(() => {
        unasked = undefined;
      });
      await atMost(patienceMs, unasked, clock);
    }
    return state;
  }

  return {
    async search(question, { limit, audience, signal }) {
      signal?.throwIfAborted();
      const { index } = await current();
      if (question.trim() === "") return { found: [], coverage: 0 };
      const asked = question.slice(0, questionCharactersMax);
      const corpus = index[audience];
      return corpus.search(asked, limit, await meanings?.cosines(asked, corpus.passages, signal));
    },
    async refresh() {
      return (await lookNext()).report;
    },
    embedded: () => embedding,
    async close() {
      closed = true;
      meanings?.close();
      await working;
      await embedding;
    },
  };
}

function sameItems<T>(some: readonly T[], others: readonly T[]): boolean {
  return some.length === others.length && some.every((item, at) => item === others[at]);
}

/** Resolves with the work, or when its time is over. */
async function atMost(ms: number, work: Promise<void>, clock: Clock): Promise<void> {
  let cancel = () => {};
  const over = new Promise<void>((resolve) => {
    cancel = clock.after(ms, resolve);
  });
  await Promise.race([work, over]);
  cancel();
}
