/** `snippets/*.md`: answers that staff send again and again, by name. */
import { basename, join } from "node:path";
import { z } from "zod";
import type { Problem } from "../platform.ts";
import { contentsOf } from "./contents.ts";
import { readDocument } from "./front-matter.ts";

export interface Snippet {
  /** The file's name without its ending. */
  name: string;
  /** Markdown. */
  text: string;
}

export function loadSnippets(workspace: string): { snippets: Snippet[]; warnings: Problem[] } {
  const folder = join(workspace, "snippets");
  const snippets: Snippet[] = [];
  const { entries, problems: warnings } = contentsOf(workspace, "snippets");
  for (const file of entries.map(({ name }) => name).sort()) {
    if (!file.endsWith(".md") || file.startsWith(".")) continue;
    const where = `snippets/${file}`;
    const document = readDocument(
      join(folder, file),
      where,
      z.strictObject({}, { error: "a group of keys" }),
    );
    if (!document.settings) warnings.push(...document.problems);
    else if (document.text === "")
      warnings.push({ where, fault: "is empty", remedy: "Write the answer, or remove the file." });
    else snippets.push({ name: basename(file, ".md"), text: document.text });
  }
  return { snippets, warnings };
}
