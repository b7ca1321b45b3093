/** A knowledge base in which every question finds all passages. */
import type { KnowledgeBase, Passage } from "../../src/knowledge-base.ts";

export function everyPassage(passages: readonly Passage[]): KnowledgeBase {
  return {
    search: async () => ({
      found: passages.map((passage) => ({ passage, score: 1, why: { lexical: 1, terms: [] } })),
      coverage: passages.length > 0 ? 1 : 0,
    }),
    refresh: async () => ({ articles: passages.length, passages: passages.length, problems: [] }),
    close: async () => {},
  };
}
