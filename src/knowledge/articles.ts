/** Articles: Markdown files in a folder, one article a file, described by their front matter. */
import type { Dirent, Stats } from "node:fs";
import { readdir, readFile, realpath, stat } from "node:fs/promises";
import { join } from "node:path";
import { DeskError, faultOf } from "../errors.ts";
import type { Audience, Passage } from "../knowledge-base.ts";
import { type FrontMatter, readFrontMatter } from "./front-matter.ts";
import { type PassageTokens, passagesOf } from "./passages.ts";
import { type Heading, type Section, sectionsOf } from "./sections.ts";

export interface Article {
  /** Its path below the folder without the ending: `policies/returns`. */
  id: string;
  title: string;
  audience: Audience;
  passages: Passage[];
}

/** A file as it was when the folder was looked through. */
export interface ArticleFile {
  /** Its path below the folder, with `/`. */
  name: string;
  path: string;
  bytes: number;
  /** Changes whenever the content may have changed. */
  stamp: string;
}

export const articleBytesMax = 5_000_000;
const articleFilesMax = 50_000;

const ending = /\.md$/i;

export interface Problem {
  file: string;
  fault: string;
}

export interface Listing {
  files: ArticleFile[];
  problems: Problem[];
  /** Files and folders that could not be looked at for now: what is not listed of them may still be there. */
  unseen: string[];
}

/**
 * Every `*.md` below a folder, in the order of their names. Hidden files and folders are left out; links are followed,
 * but no folder is entered twice.
 */
export async function listArticles(folder: string): Promise<Listing> {
  const listing: Listing = { files: [], problems: [], unseen: [] };
  const entered = new Set<string>();

  const enter = async (path: string, below: string): Promise<void> => {
    const real = await realpath(path);
    if (entered.has(real)) return;
    entered.add(real);
    const entries = (await readdir(path, { withFileTypes: true })).filter(mayBeArticles);
    entries.sort((a, b) => (a.name < b.name ? -1 : 1));
    const found = await Promise.all(
      entries.map(({ name }) => stat(join(path, name)).catch((error: unknown) => ({ error }))),
    );
    for (const [at, { name }] of entries.entries()) {
      await take(found[at]!, join(path, name), `${below}${name}`);
    }
  };
  const take = async (found: Stats | { error: unknown }, path: string, name: string): Promise<void> => {
    if ("error" in found) fail(name, found.error);
    else if (found.isDirectory()) await enter(path, `${name}/`).catch((error) => fail(name, error));
    else if (!found.isFile() || !ending.test(name)) return;
    else if (listing.files.length < articleFilesMax) listing.files.push(fileOf(path, name, found));
    else listing.problems.push({ file: name, fault: `there are more than ${articleFilesMax} articles` });
  };
  const fail = (name: string, error: unknown): void => {
    const fault = codeOf(error) === "ENOENT" ? "it does not exist" : faultOf(error);
    listing.problems.push({ file: name || folder, fault });
    if (!isGone(error)) listing.unseen.push(name);
  };

  await enter(folder, "").catch((error) => fail("", error));
  return listing;
}

function mayBeArticles(entry: Dirent): boolean {
  if (entry.name.startsWith(".")) return false;
  return entry.isDirectory() || entry.isSymbolicLink() || (entry.isFile() && ending.test(entry.name));
}

function fileOf(path: string, name: string, { size, mtimeMs, ctimeMs, ino }: Stats): ArticleFile {
  return { name, path, bytes: size, stamp: `${size} ${mtimeMs} ${ctimeMs} ${ino}` };
}

/**
 * Reads one article; undefined when the file has gone meanwhile.
 * @throws DeskError article_unreadable, with the fault but not the file's name; the file system's errors as they are
 */
export async function readArticle(file: ArticleFile, tokens: PassageTokens): Promise<Article | undefined> {
  if (file.bytes > articleBytesMax) throw unreadable(`larger than ${articleBytesMax / 1_000_000} MB`);
  let content: Uint8Array;
  try {
    content = await readFile(file.path);
  } catch (error) {
    if (isGone(error)) return undefined;
    throw error;
  }
  return parseArticle(file.name.replace(ending, ""), textOf(content), tokens);
}

/** An article from its source, front matter included. @throws DeskError article_unreadable */
export function parseArticle(id: string, source: string, tokens: PassageTokens): Article {
  const { about, markdown } = readFrontMatter(source.replace(controls, ""));
  return createArticle(id, about, markdown, tokens);
}

/** Without a title the article has that of its first heading, or else the file's name. */
export function createArticle(
  id: string,
  about: FrontMatter,
  markdown: string,
  tokens: PassageTokens,
): Article {
  const sections = sectionsOf(markdown);
  const first = sections.flatMap(({ headings }) => headings)[0];
  const title = about.title ?? (first?.text || id.slice(id.lastIndexOf("/") + 1));
  const { audience, category, updated, url } = about;
  const passages = passagesOf(first?.text === title ? without(first, sections) : sections, tokens).map(
    ({ slug, headings, text }): Passage => ({
      id: `${id}#${slug}`,
      article: id,
      title,
      headings,
      text,
      audience,
      ...(category === undefined ? {} : { category }),
      ...(updated === undefined ? {} : { updated }),
      ...(url === undefined ? {} : { url }),
    }),
  );
  return { id, title, audience, passages };
}

/** A heading that only says the title again is not shown twice. */
function without(heading: Heading, sections: readonly Section[]): Section[] {
  return sections
    .map(({ headings, blocks }) => ({ headings: headings.filter((other) => other !== heading), blocks }))
    .filter(({ headings, blocks }) => headings.length > 0 || blocks.length > 0);
}

/** All control characters but tab and the ends of lines. */
const controls = /[\0-\x08\x0b\x0c\x0e-\x1f\x7f]/g;

function textOf(content: Uint8Array): string {
  if (content.byteLength > articleBytesMax) throw unreadable(`larger than ${articleBytesMax / 1_000_000} MB`);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(content);
  } catch (error) {
    throw unreadable("not UTF-8 text", error);
  }
}

const codeOf = (error: unknown): unknown =>
  error instanceof Error && "code" in error ? error.code : undefined;

function isGone(error: unknown): boolean {
  const code = codeOf(error);
  return code === "ENOENT" || code === "ENOTDIR" || code === "ELOOP";
}

function unreadable(fault: string, cause?: unknown): DeskError {
  return new DeskError("article_unreadable", fault, cause === undefined ? {} : { cause });
}
