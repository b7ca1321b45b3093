/** Hostile texts, and where each of them comes in. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";

/** What is wrong with a folder, with file and line. */
export class BadTexts extends Error {
  override readonly name = "BadTexts";
}

const text = z.object({
  id: z.union([z.string(), z.number()]).transform(String),
  source: z.string().default(""),
  where: z.enum(["user_message", "tool_result", "kb_article"]),
  text: z.string().min(1),
});

export type HostileText = z.infer<typeof text>;

const file = "injections.jsonl";

/** @throws BadTexts */
export function readTexts(folder: string): HostileText[] {
  let content: string;
  try {
    content = readFileSync(join(folder, file), "utf8");
  } catch (error) {
    throw new BadTexts(`${file} cannot be read: ${error instanceof Error ? error.message : error}`);
  }
  const texts: HostileText[] = [];
  for (const [place, line] of content.split("\n").entries()) {
    if (line.trim() !== "") texts.push(parsed(line, `${file} line ${place + 1}`));
  }
  if (texts.length === 0) throw new BadTexts(`${file} has no texts`);
  return texts;
}

function parsed(line: string, where: string): HostileText {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    throw new BadTexts(`${where} is not JSON`);
  }
  const checked = text.safeParse(value);
  if (checked.success) return checked.data;
  const [issue] = checked.error.issues;
  throw new BadTexts(`${where}: ${issue?.path.join(".") || "the value"}: ${issue?.message}`);
}
