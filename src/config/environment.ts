/** The environment's variables, each read by its own form. */
import type { z } from "zod";
import type { Problem } from "../platform.ts";
import { quoted } from "./shape.ts";
import { forms, secretVariables, type VariableName, variables } from "./variables.ts";

/** What is set and well formed. */
export type Variables = { [Name in VariableName]?: z.output<(typeof forms)[Name]> };

export type Environment = Readonly<Record<string, string | undefined>>;

/** @returns `given`: what is set at all, well formed or not */
export function readEnvironment(env: Environment): {
  values: Variables;
  given: Set<VariableName>;
  problems: Problem[];
} {
  const problems: Problem[] = [];
  const given = new Set<VariableName>();
  const read: Partial<Record<VariableName, unknown>> = {};
  for (const { name, byDefault } of variables) {
    const text = env[name]?.trim();
    if (!text) continue;
    given.add(name);
    const result = forms[name].safeParse(text);
    if (result.success) {
      read[name] = result.data;
      continue;
    }
    const expected = result.error.issues[0]?.message ?? "valid";
    const hidden = secretVariables.has(name) || text.includes("@");
    const value = hidden ? "its value" : quoted(text);
    const otherwise = byDefault ? `the default (${byDefault})` : "none";
    problems.push({
      where: name,
      fault: `${value} is not ${expected}`,
      remedy: `Set it to ${expected}, or leave it out for ${otherwise}.`,
    });
  }
  return { values: read as Variables, given, problems };
}
