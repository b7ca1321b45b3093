/** Markdown files that people write, with settings between two lines of `---` at their head. */
import type { z } from "zod";
import { readText } from "../config/read-desk-file.ts";
import { check } from "../config/shape.ts";
import { readYaml } from "../config/yaml-text.ts";
import type { Problem } from "../platform.ts";

export type Document<T> =
  | { settings: T; text: string; at(key: string): string; problems: [] }
  | { settings: undefined; problems: Problem[] };

/** @param name how the file is called in problems */
export function readDocument<T>(path: string, name: string, schema: z.ZodType<T>): Document<T> {
  const faulty = (fault: string, remedy: string) => ({
    settings: undefined,
    problems: [{ where: name, fault, remedy }],
  });
  const file = readText(path);
  if (file.fault !== undefined) return faulty(file.fault, "Make it a readable file of UTF-8 text.");
  const lines = file.content.split(/\r?\n/);
  const headed = lines[0]?.trimEnd() === "---";
  const end = headed ? lines.findIndex((line, index) => index > 0 && line.trimEnd() === "---") : 0;
  if (end < 0)
    return faulty("has a --- in its first line, but no second one", "End the settings with a line of ---.");
  const yaml = readYaml(lines.slice(1, Math.max(end, 1)).join("\n"), name, 1);
  if (yaml.problems.length > 0) return { settings: undefined, problems: yaml.problems };
  const checked = check(schema, yaml.data ?? {}, yaml);
  if (checked.data === undefined) return { settings: undefined, problems: checked.problems };
  const text = lines
    .slice(headed ? end + 1 : 0)
    .join("\n")
    .trim();
  return { settings: checked.data, text, at: (key) => yaml.at([key]), problems: [] };
}
