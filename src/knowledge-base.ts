/** The contract of a knowledge base: what the bot may say, found by question. */

export interface KnowledgeBase {
  /** The best passages, best first; never throws for odd questions, an empty one finds nothing. */
  search(question: string, options: SearchOptions): Promise<Retrieval>;
  /** Brings the index up to date with its source; says what could not be read. */
  refresh(): Promise<KnowledgeReport>;
  close(): Promise<void>;
}

export interface SearchOptions {
  limit: number;
  /** `public` leaves out what only verified customers may read. */
  audience: Audience;
  signal?: AbortSignal;
}

export type Audience = "public" | "verified";

export interface Passage {
  /** Stable while the text is the same: `shipping#express-1`. */
  id: string;
  /** The article's path below the knowledge folder without its ending: `policies/returns`. */
  article: string;
  title: string;
  /** The headings above the passage, outermost first, without the title. */
  headings: string[];
  text: string;
  category?: string;
  /** ISO date. */
  updated?: string;
  audience: Audience;
  /** Where a customer can read the article, when its front matter has `url`. */
  url?: string;
}

export interface Found {
  passage: Passage;
  /** 0 to 1, for ordering within one retrieval. */
  score: number;
  /** For `deskhand search` and the journal: what each list said of it. */
  why: { lexical: number; semantic?: number; terms: string[] };
}

export interface Retrieval {
  found: Found[];
  /**
   * 0 to 1: how much of what the question asks the best passage speaks about (weighted share of the question's terms
   * found there, or the cosine where embeddings are on, whichever is higher).
   */
  coverage: number;
}

export interface KnowledgeReport {
  articles: number;
  passages: number;
  /** A file that was left out, and why. */
  problems: { file: string; fault: string }[];
}
