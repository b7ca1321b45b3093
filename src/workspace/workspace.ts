/**
 * The workspace: what a company writes. Its configuration and specialists must be right, or nothing starts; a broken
 * tool is left out and said.
 */
import { existsSync, readdirSync, rmdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Clock } from "../clock.ts";
import { ConfigError } from "../config/config-error.ts";
import { suggestion } from "../config/nearest.ts";
import { type Config, readConfig, type Sources } from "../config.ts";
import { DeskError } from "../errors.ts";
import type { Problem } from "../platform.ts";
import type { Specialist } from "../specialist.ts";
import type { Identity, Tool } from "../tool.ts";
import { loadModules, type Modules } from "./modules.ts";
import { loadSnippets, type Snippet } from "./snippets.ts";
import { loadSpecialists } from "./specialists.ts";

export interface Workspace {
  readonly folder: string;
  /** The name of the specialist who meets a customer first; one of `specialists`. */
  readonly entry: string;
  readonly specialists: readonly Specialist[];
  readonly tools: readonly Tool[];
  /** Undefined: nobody can be verified by what they type. */
  readonly identity: Identity | undefined;
  readonly snippets: readonly Snippet[];
  /** Modules that were left out, and what else is probably not meant. */
  readonly warnings: readonly Problem[];
}

export interface Desk {
  readonly config: Config;
  readonly workspace: Workspace;
}

export interface Examination {
  config: Config;
  /** Undefined when there is none, or its tools cannot be compiled into the data folder. */
  workspace: Workspace | undefined;
  /** With any of these nothing starts. */
  problems: readonly Problem[];
  /** With these it starts. */
  warnings: readonly Problem[];
}

/**
 * Configuration and workspace, read together so that every problem of both is reported at once.
 * @throws ConfigError (config_invalid); DeskError data_unusable when compiled tools cannot be kept
 */
export async function loadDesk(sources: Sources, parts: { clock: Clock }): Promise<Desk> {
  const { config, problems, workspaceFound } = readConfig(sources);
  if (!workspaceFound) throw new ConfigError(problems);
  const leave = traceless(config.folders.data);
  const { workspace, problems: more } = await readWorkspace(config, parts);
  if (problems.length + more.length > 0) {
    leave();
    throw new ConfigError([...problems, ...more]);
  }
  return { config, workspace };
}

/** Everything that can be said of configuration and workspace without starting anything. */
export async function examineDesk(sources: Sources, parts: { clock: Clock }): Promise<Examination> {
  const { config, problems, workspaceFound } = readConfig(sources);
  if (!workspaceFound) return { config, workspace: undefined, problems, warnings: config.warnings };
  const leave = traceless(config.folders.data);
  try {
    const { workspace, problems: more } = await readWorkspace(config, parts);
    const warnings = [...config.warnings, ...workspace.warnings];
    return { config, workspace, problems: [...problems, ...more], warnings };
  } catch (error) {
    if (!(error instanceof DeskError)) throw error;
    const unusable = { where: config.folders.data, fault: error.message, remedy: error.remedy };
    return { config, workspace: undefined, problems: [...problems, unusable], warnings: config.warnings };
  } finally {
    leave();
  }
}

/** Compiled tools are kept in the data folder; where that was not there before, the result takes them away again. */
function traceless(data: string): () => void {
  if (existsSync(data)) return () => {};
  return () => {
    rmSync(join(data, "cache"), { recursive: true, force: true });
    // Whatever else has come into it by now stays.
    if (existsSync(data) && readdirSync(data).length === 0) rmdirSync(data);
  };
}

async function readWorkspace(
  config: Config,
  { clock }: { clock: Clock },
): Promise<{ workspace: Workspace; problems: Problem[] }> {
  const { workspace: folder, data } = config.folders;
  const modules = await loadModules({ workspace: folder, data }, clock);
  const { entry, specialists, ...found } = loadSpecialists(folder, config.entry, modules);
  const { snippets, warnings } = loadSnippets(folder);
  const broken = modules.broken.map(({ where, fault, remedy }) => ({ where, fault, remedy }));
  return {
    workspace: {
      folder,
      entry,
      specialists,
      tools: modules.tools,
      identity: modules.identity,
      snippets,
      warnings: [
        ...broken,
        ...found.warnings,
        ...warnings,
        ...takesCustomers(modules.tools),
        ...nobodyKnown(config, modules),
      ],
    },
    problems: [...modules.problems, ...found.problems, ...unknownPolicies(config, modules)],
  };
}

/** A limit that is set for a tool by a wrong name would limit nothing. */
function unknownPolicies({ tools }: Config, modules: Modules): Problem[] {
  const known = modules.tools.map((tool) => tool.name);
  return Object.keys(tools)
    .filter((name) => !known.includes(name) && !modules.broken.some((module) => module.mayDefine(name)))
    .map((name) => ({
      where: `desk.yaml tools.${name}`,
      fault: `no file in tools/ defines ${name}`,
      remedy: suggestion(name, known),
    }));
}

/** The session says who the customer is; an argument that says it comes from the model, that is from anybody. */
function takesCustomers(tools: readonly Tool[]): Problem[] {
  const named = (tool: Tool) => Object.keys((tool.input as { shape?: object }).shape ?? {});
  return tools
    .filter((tool) => tool.account !== false && named(tool).some((key) => /^customer_?id$/i.test(key)))
    .map((tool) => ({
      where: `tool ${tool.name}`,
      fault: "takes a customer's id as an argument; a customer could name another one's",
      remedy: "Use context.customer.id instead.",
    }));
}

/** Verification by e-mail needs somebody to look addresses up. */
function nobodyKnown({ identity }: Config, { tools, identity: found, broken }: Modules): Problem[] {
  const wanted = identity.method === "email_code" && tools.some((tool) => tool.account !== false);
  if (!wanted || found || broken.some(({ where }) => where.startsWith("identity."))) return [];
  const fault = "is not there, so no customer can be verified by e-mail, and tools for accounts refuse";
  const remedy = "Write it, or set account: false in tools that need no account.";
  return [{ where: "identity.ts", fault, remedy }];
}
