/** An index of plain documents, public all of them: what retrieval is measured and tested on. */
import { createArticle } from "../../src/knowledge/articles.ts";
import { type CorpusIndex, createIndexer } from "../../src/knowledge/corpus-index.ts";
import type { PassageTokens } from "../../src/knowledge/passages.ts";

export function createCorpusIndex(
  documents: readonly { id: string; title: string; text: string }[],
  passageTokens: PassageTokens,
): Promise<CorpusIndex> {
  return createIndexer().index(
    documents.map(({ id, title, text }) =>
      createArticle(id, { title, audience: "public" }, text, passageTokens),
    ),
  );
}
