/** Reading JSON that others wrote: a field that is missing or of another kind is simply absent. */
import { clean } from "./plain-text.ts";

export type Json = Record<string, unknown>;

export function record(value: unknown): Json | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Json) : undefined;
}

/** The object under a path of keys. */
export function at(value: unknown, ...path: string[]): Json | undefined {
  let here = record(value);
  for (const key of path) here = record(here?.[key]);
  return here;
}

/** The text under the last of the keys, cleaned; undefined when it is empty or no text. */
export function textAt(value: unknown, ...path: string[]): string | undefined {
  const found = at(value, ...path.slice(0, -1))?.[path.at(-1) ?? ""];
  return (typeof found === "string" && clean(found)) || undefined;
}

export function listAt(value: unknown, ...path: string[]): Json[] {
  const found = at(value, ...path.slice(0, -1))?.[path.at(-1) ?? ""];
  return Array.isArray(found) ? found.filter((item) => record(item) !== undefined) : [];
}
