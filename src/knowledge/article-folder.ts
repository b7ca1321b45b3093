/** The articles of a folder as they are now; only files that have changed are read again. */
import { DeskError, faultOf } from "../errors.ts";
import { type Article, type ArticleFile, listArticles, type Problem, readArticle } from "./articles.ts";
import type { PassageTokens } from "./passages.ts";

export interface ArticleFolder {
  /** One look at a time. Articles that have not changed are the same objects as the last time. */
  look(): Promise<{ articles: Article[]; problems: Problem[] }>;
}

/** What is known of one file. */
interface Held {
  /** The file's when it was read; empty when it must be tried again. */
  stamp: string;
  article?: Article;
  problem?: Problem;
}

const filesAtOnce = 32;

export function createArticleFolder(folder: string, passageTokens: PassageTokens): ArticleFolder {
  let held = new Map<string, Held>();

  async function read(file: ArticleFile): Promise<Held | undefined> {
    const before = held.get(file.name);
    if (before?.stamp === file.stamp) return before;
    try {
      const article = await readArticle(file, passageTokens);
      return article && { stamp: file.stamp, article };
    } catch (error) {
      const problem = { file: file.name, fault: faultOf(error) };
      if (error instanceof DeskError) return { stamp: file.stamp, problem };
      // The disk's fault, not the article's: the last good version stays, and it is tried again.
      return { stamp: "", problem, ...(before?.article ? { article: before.article } : {}) };
    }
  }

  return {
    async look() {
      const { files, problems, unseen } = await listArticles(folder);
      const next = new Map([...held].filter(([file]) => unseen.some((place) => isWithin(place, file))));
      for (let from = 0; from < files.length; from += filesAtOnce) {
        const some = files.slice(from, from + filesAtOnce);
        const found = await Promise.all(some.map(read));
        for (const [at, { name }] of some.entries()) {
          if (found[at]) next.set(name, found[at]);
          else next.delete(name);
        }
      }
      held = next;
      const faults = [...held.values()].flatMap(({ problem }) => problem ?? []);
      const { articles, doubles } = distinct(held);
      return { articles, problems: [...problems, ...doubles, ...faults] };
    },
  };
}

/** Whether a file is this place, or below it; everything is below the empty one. */
function isWithin(place: string, file: string): boolean {
  return place === "" || file === place || file.startsWith(`${place}/`);
}

/** Articles by id; of two files that differ only in the case of their ending, the first. */
function distinct(held: ReadonlyMap<string, Held>): { articles: Article[]; doubles: Problem[] } {
  const articles = new Map<string, Article>();
  const doubles: Problem[] = [];
  for (const [file, { article }] of held) {
    if (!article) continue;
    if (articles.has(article.id)) doubles.push({ file, fault: "another file has the same name" });
    else articles.set(article.id, article);
  }
  return { articles: [...articles.values()], doubles };
}
