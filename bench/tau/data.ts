/** A folder of recordings: the store, the schemas of its tools, and tasks with the calls that solve them. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import type { Tool } from "../../src/tool.ts";
import { parseRecords, type Records } from "./store.ts";

/** What is wrong with a folder, with file and place. */
export class BadData extends Error {
  override readonly name = "BadData";
}

const step = z.object({
  name: z.string().min(1),
  arguments: z.record(z.string(), z.unknown()),
  /** What the call returned, to the character. */
  result: z.string(),
  error: z.boolean(),
  write: z.boolean(),
});
export type Step = z.infer<typeof step>;

const changed = z.record(z.string(), z.unknown()).default({});

const task = z.object({
  id: z.union([z.string(), z.number()]).transform(String),
  steps: z.array(step),
  /** The records that read differently at the end, in full. */
  diff: z.object({ users: changed, orders: changed, products: changed }).nullish(),
  /** The hash of the whole store at the end. */
  db_hash: z.string().nullish(),
});
export type Task = z.infer<typeof task>;

const schemas = z.array(
  z.object({
    function: z.object({
      name: z.string(),
      parameters: z.object({
        properties: z.record(z.string(), z.object({ type: z.string() })).default({}),
        required: z.array(z.string()).default([]),
      }),
    }),
  }),
);

export interface Recordings {
  records: Records;
  tasks: Task[];
}

/**
 * @param tools the store's own tools, whose names and parameters must be the recorded ones
 * @throws BadData
 */
export function readRecordings(folder: string, tools: readonly Tool[]): Recordings {
  const records = parsed("db.json", () => parseRecords(contentOf(folder, "db.json")));
  const recorded = parsed("tools.openai.json", () =>
    schemas.parse(JSON.parse(contentOf(folder, "tools.openai.json"))),
  );
  const differences = differencesOf(
    recorded.map((one) => one.function),
    tools,
  );
  if (differences.length > 0)
    throw new BadData(`tools.openai.json is of another store: ${differences.join("; ")}`);
  const tasks = [...linesOf(contentOf(folder, "gold.jsonl"))].map(({ line, number }) =>
    parsed(`gold.jsonl line ${number}`, () => task.parse(JSON.parse(line))),
  );
  if (tasks.length === 0) throw new BadData("gold.jsonl has no tasks");
  const ids = tasks.map(({ id }) => id);
  const twice = ids.find((id, place) => ids.indexOf(id) < place);
  if (twice !== undefined) throw new BadData(`gold.jsonl has the task ${JSON.stringify(twice)} twice`);
  return { records, tasks };
}

function contentOf(folder: string, name: string): string {
  try {
    return readFileSync(join(folder, name), "utf8");
  } catch (error) {
    throw new BadData(`${name} cannot be read: ${error instanceof Error ? error.message : error}`);
  }
}

function* linesOf(content: string): Generator<{ line: string; number: number }> {
  // Only \n ends a line: JSON strings may hold any other separator.
  for (const [place, line] of content.split("\n").entries()) {
    if (line.trim() !== "") yield { line, number: place + 1 };
  }
}

function parsed<T>(where: string, parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    if (error instanceof BadData) throw error;
    if (error instanceof z.ZodError) {
      const [issue] = error.issues;
      throw new BadData(`${where}: ${issue?.path.join(".") || "the value"}: ${issue?.message}`);
    }
    throw new BadData(`${where} is not JSON: ${error instanceof Error ? error.message : error}`);
  }
}

interface Described {
  name: string;
  parameters: { properties: Record<string, { type: string }>; required: string[] };
}

/** Names, parameters, their types, and which are required. */
function differencesOf(recorded: readonly Described[], tools: readonly Tool[]): string[] {
  const own = new Map(tools.map((tool) => [tool.name, tool]));
  const missing = recorded.filter(({ name }) => !own.has(name)).map(({ name }) => `${name} is unknown`);
  const unrecorded = [...own.keys()]
    .filter((name) => !recorded.some((one) => one.name === name))
    .map((name) => `${name} is missing`);
  const differing = recorded.flatMap((one) => {
    const tool = own.get(one.name);
    if (!tool) return [];
    const schema = z.toJSONSchema(tool.input, { io: "input" }) as unknown as Described["parameters"];
    const [here, there] = [formOf(schema), formOf(one.parameters)];
    return here === there ? [] : [`${one.name} takes (${there}), not (${here})`];
  });
  return [...missing, ...unrecorded, ...differing];
}

function formOf({ properties, required = [] }: Described["parameters"]): string {
  return Object.entries(properties ?? {})
    .map(([name, { type }]) => `${name}${required.includes(name) ? "" : "?"}: ${type}`)
    .sort()
    .join(", ");
}
