/** `agents/*.md`: who answers, with what instructions and which tools. */
import { basename, join } from "node:path";
import { z } from "zod";
import { suggestion } from "../config/nearest.ts";
import type { Problem } from "../platform.ts";
import type { Specialist } from "../specialist.ts";
import type { Tool } from "../tool.ts";
import { isReserved } from "./check-tool.ts";
import { contentsOf } from "./contents.ts";
import { readDocument } from "./front-matter.ts";
import type { Broken } from "./modules.ts";

const name = (error: string) => z.string({ error }).regex(/^[a-z0-9_-]{1,50}$/, error);
const settings = z.strictObject(
  {
    description: z.string({ error: "one line of text" }).trim().min(1, "one line of text").optional(),
    tools: z.array(name("a tool's name"), { error: "a list of tools, like [lookup_order]" }).default([]),
    passes_to: z
      .array(name("a specialist's name"), { error: "a list of specialists, like [billing]" })
      .default([]),
  },
  { error: "a group of keys" },
);

/** A specialist and where its keys stand, for problems. */
interface Written extends Specialist {
  at(key: string): string;
}

export interface Specialists {
  entry: string;
  specialists: Specialist[];
  problems: Problem[];
  warnings: Problem[];
}

/** @param entry the specialist who meets customers first, where desk.yaml names one */
export function loadSpecialists(
  workspace: string,
  entry: string | undefined,
  modules: { tools: readonly Tool[]; broken: readonly Broken[] },
): Specialists {
  const { entries, problems: unread } = contentsOf(workspace, "agents");
  const files = entries
    .map((entry) => entry.name)
    .filter((file) => file.endsWith(".md") && !file.startsWith("."))
    .sort();
  const tools = modules.tools.map((tool) => tool.name);
  if (files.length === 0) {
    const alone = { ...theOnlyOne, name: entry ?? "support", tools };
    return { entry: alone.name, specialists: [alone], problems: unread, warnings: [] };
  }
  const read = files.map((file) => readSpecialist(join(workspace, "agents", file), file));
  const written = read.flatMap((one) => ("specialist" in one ? [one.specialist] : []));
  const problems = read.flatMap((one) => ("problems" in one ? one.problems : []));
  const names = files.map((file) => basename(file, ".md"));
  const first = entry ?? (names.length === 1 ? names[0] : undefined) ?? "triage";
  if (!names.includes(first)) problems.push(noEntry(first, entry, names));
  for (const specialist of written) problems.push(...unknownNames(specialist, names, tools, modules.broken));
  const specialists = written.map(({ at: _, ...specialist }) => ({
    ...specialist,
    tools: specialist.tools.filter((tool) => tools.includes(tool)),
  }));
  return { entry: first, specialists, problems, warnings: unlisted(tools, specialists) };
}

function readSpecialist(path: string, file: string): { specialist: Written } | { problems: Problem[] } {
  const where = `agents/${file}`;
  const name = basename(file, ".md");
  const document = readDocument(path, where, settings);
  const problems: Problem[] = [...document.problems];
  if (!/^[a-z0-9_-]{1,50}$/.test(name)) {
    const remedy = "Rename it; its name becomes the specialist's.";
    problems.push({ where, fault: "its name is not small letters, digits, - and _", remedy });
  }
  if (document.settings && document.text === "") {
    const remedy = "Write below the settings how this specialist should work.";
    problems.push({ where, fault: "has no instructions", remedy });
  }
  if (!document.settings || problems.length > 0) return { problems };
  const { description = `The ${name} specialist.`, tools, passes_to } = document.settings;
  const own = { name, description, passesTo: unique(passes_to), instructions: document.text };
  // What is always there may be listed, and changes nothing.
  const listed = unique(tools).filter((tool) => !isReserved(tool));
  return { specialist: { ...own, tools: listed, at: document.at } };
}

function unknownNames(
  specialist: Written,
  names: readonly string[],
  tools: readonly string[],
  broken: readonly Broken[],
): Problem[] {
  const others = names.filter((name) => name !== specialist.name);
  const passing = specialist.passesTo
    .filter((name) => !others.includes(name))
    .map((name) => ({
      where: `${specialist.at("passes_to")} passes_to`,
      fault: name === specialist.name ? "names the specialist itself" : `${name} is not a specialist`,
      remedy: suggestion(name, others),
    }));
  const calling = specialist.tools
    .filter((name) => !tools.includes(name) && !broken.some((module) => module.mayDefine(name)))
    .map((name) => ({
      where: `${specialist.at("tools")} tools`,
      fault: `no file in tools/ defines ${name}`,
      remedy: suggestion(name, tools),
    }));
  return [...passing, ...calling];
}

function noEntry(first: string, asked: string | undefined, names: readonly string[]): Problem {
  const fault = asked
    ? `there is no agents/${first}.md`
    : "is not set, there are several specialists, and none is called triage";
  return {
    where: "desk.yaml entry",
    fault,
    remedy: asked ? suggestion(first, names) : `Set it to one of: ${names.join(", ")}.`,
  };
}

function unlisted(tools: readonly string[], specialists: readonly Specialist[]): Problem[] {
  return tools
    .filter((tool) => !specialists.some((specialist) => specialist.tools.includes(tool)))
    .map((tool) => ({
      where: `tool ${tool}`,
      fault: "is listed by no specialist, so nobody can use it",
      remedy: "Add it to tools: in one of agents/*.md, or remove its file.",
    }));
}

function unique(list: readonly string[]): string[] {
  return [...new Set(list)];
}

/** Without agents/, one specialist does everything. */
const theOnlyOne = {
  description: "Answers customers and does what the tools allow.",
  passesTo: [],
  instructions: `You answer the customers of this company.

Answer from the articles you are shown and from what tools return, and from nothing else. Be brief and friendly, in the
customer's language. Ask for one missing thing at a time. When something goes wrong, say so plainly.

Ask for a person when the customer wants one, is upset, disputes a charge, or when neither the articles nor the tools
cover the question.`,
} satisfies Omit<Specialist, "name" | "tools">;
