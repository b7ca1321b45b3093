/**
 * Checks data against a zod schema whose messages say what is expected (`a whole number from 1 to 20`), and turns
 * every issue into a problem with its place and remedy; an unknown key is told its nearest known one.
 */
import { z } from "zod";
import type { Problem } from "../platform.ts";
import { suggestion } from "./nearest.ts";
import type { Path } from "./yaml-text.ts";

export interface Place {
  /** `desk.yaml:12`, or the same for the file as a whole. */
  at(path: Path): string;
}

export type Checked<T> = { data: T; problems: [] } | { data: undefined; problems: Problem[]; wrong: Path[] };

export function check<T>(schema: z.ZodType<T>, data: unknown, place: Place): Checked<T> {
  const result = schema.safeParse(data);
  if (result.success) return { data: result.data, problems: [] };
  const { issues } = result.error;
  const problems = issues.flatMap((issue) =>
    issue.code === "unrecognized_keys"
      ? issue.keys.map((key) => unknownKey(schema, issue.path, key, place))
      : [wrongValue(issue, data, place)],
  );
  const wrong = issues.flatMap((issue) =>
    issue.code === "unrecognized_keys" ? issue.keys.map((key) => [...issue.path, key]) : [issue.path],
  );
  return { data: undefined, problems, wrong };
}

/** What is at fault, as far as it is fit to print. */
export function quoted(value: unknown): string {
  if (value === undefined) return "nothing";
  const text = typeof value === "string" ? `"${value}"` : (JSON.stringify(value) ?? String(value));
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}

function unknownKey(schema: z.ZodType, path: Path, key: string, place: Place): Problem {
  return {
    where: `${place.at([...path, key])} ${dotted([...path, key])}`,
    fault: "is not a known key",
    remedy: suggestion(key, keysAt(schema, path)),
  };
}

function wrongValue(issue: z.core.$ZodIssue, data: unknown, place: Place): Problem {
  const isKey = issue.code === "invalid_key";
  const expected = (isKey && issue.issues[0]?.message) || issue.message;
  return {
    where: `${place.at(issue.path)} ${dotted(issue.path)}`.trim(),
    fault: `${quoted(isKey ? issue.path.at(-1) : valueAt(data, issue.path))} is not ${expected}`,
    remedy: `Write ${expected}, or leave it out for the default.`,
  };
}

function dotted(path: Path): string {
  return path.map(String).join(".");
}

function valueAt(data: unknown, path: Path): unknown {
  return path.reduce<unknown>(
    (value, key) => (typeof value === "object" && value !== null ? Reflect.get(value, key) : undefined),
    data,
  );
}

function keysAt(schema: z.ZodType, path: Path): string[] {
  let here: unknown = unwrapped(schema);
  for (const key of path) {
    if (here instanceof z.ZodObject) here = unwrapped(here.shape[String(key)]);
    else if (here instanceof z.ZodRecord) here = unwrapped(here.valueType);
    else if (here instanceof z.ZodArray) here = unwrapped(here.element);
  }
  return here instanceof z.ZodObject ? Object.keys(here.shape) : [];
}

function unwrapped(schema: unknown): unknown {
  let here = schema;
  while (here instanceof z.ZodOptional || here instanceof z.ZodDefault || here instanceof z.ZodPrefault)
    here = here.unwrap();
  return here instanceof z.ZodPipe ? unwrapped(here.in) : here;
}
