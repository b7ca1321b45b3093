/** `deskhand doctor`: everything that is wrong or doubtful, at once, with what to do about it. */
import { relative, resolve } from "node:path";
import { createClock } from "../clock.ts";
import type { Config } from "../config.ts";
import { codeOf, DeskError, faultOf } from "../errors.ts";
import { createMarkdownKnowledgeBase } from "../knowledge/markdown-knowledge-base.ts";
import { createLog } from "../log.ts";
import { openModel } from "../main.ts";
import type { Problem } from "../platform.ts";
import { examinePlatforms } from "../platforms.ts";
import { examineDesk } from "../workspace/workspace.ts";
import { type Command, folders, foldersHelp, print, text } from "./command.ts";
import { examineStores } from "./examine-stores.ts";
import { problemLines } from "./report.ts";

const modelTimeoutMs = 15_000;

export const doctor: Command = {
  name: "doctor",
  about: "check configuration, model, knowledge, databases and platforms",
  help: `deskhand doctor [options]

Checks configuration, workspace, articles, the model's endpoint, ledger and memory, and the platforms, and reports every
problem with where it is and what to do. Changes nothing; a desk may run meanwhile. Exit code 0: nothing was found that would
keep it from running; 2: something was.

${foldersHelp}`,
  options: folders,
  async run(given) {
    const sources = { workspace: text(given, "workspace"), data: text(given, "data") };
    const { config, workspace, problems, warnings } = await examineDesk(sources, { clock: createClock() });
    const articles = await examineArticles(config);
    const model = await examineModel(config);
    const stores = await examineStores(config);
    const installed = await examinePlatforms({ config, clock: createClock(), log: createLog("silent") });
    const grave = [...problems, ...model, ...stores.problems, ...installed];
    const doubtful = [...warnings, ...articles.problems, ...stores.doubts];
    print(`workspace  ${config.folders.workspace}`);
    if (workspace) {
      print(`specialists ${workspace.specialists.map((one) => one.name).join(", ") || "none"}`);
      print(
        `tools      ${workspace.tools.map((tool) => `${tool.name}${tool.effect === "write" ? " (write)" : ""}`).join(", ") || "none"}`,
      );
    }
    print(`articles   ${articles.articles} (${articles.passages} passages)`);
    print(
      `model      ${config.model.endpoint ? `${config.model.name} at ${config.model.endpoint.baseUrl}` : "none: the offline model"}`,
    );
    print(`platforms  ${platformsOf(config).join(", ") || "none"}`);
    if (doubtful.length > 0) print(`\n${problemLines(doubtful).join("\n").replaceAll("✗", "?")}`);
    if (grave.length > 0) print(`\n${problemLines(grave).join("\n")}`);
    print(`\n${counted(grave.length, "problem")}, ${counted(doubtful.length, "doubt")}`);
    return grave.length > 0 ? 2 : 0;
  },
};

const counted = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? "" : "s"}`;

async function examineArticles(
  config: Config,
): Promise<{ articles: number; passages: number; problems: Problem[] }> {
  const knowledge = createMarkdownKnowledgeBase({
    folder: config.folders.knowledge,
    passageTokens: [config.knowledge.passageTokensMin, config.knowledge.passageTokensMax],
    log: createLog("silent"),
    clock: createClock(),
  });
  const report = await knowledge.refresh();
  await knowledge.close();
  const remedy = "Correct the file; the desk answers without it until then.";
  const problems = report.problems.map(({ file, fault }) => ({
    where: whereIs(config, file),
    fault,
    remedy,
  }));
  return { ...report, problems };
}

/**
 * As it is found from the workspace: `knowledge/returns.md`.
 * @param article its path below the folder of the articles, or that folder
 */
function whereIs({ folders }: Config, article: string): string {
  return relative(folders.workspace, resolve(folders.knowledge, article)).replaceAll("\\", "/");
}

async function examineModel(config: Config): Promise<Problem[]> {
  if (!config.model.endpoint) return [];
  const clock = createClock();
  const model = await openModel({ config, clock, log: createLog("silent") });
  try {
    await model.examine?.({ signal: AbortSignal.timeout(modelTimeoutMs) });
    return [];
  } catch (error) {
    const remedy = error instanceof DeskError ? error.remedy : "Check OPENAI_BASE_URL.";
    return [
      { where: "OPENAI_BASE_URL", fault: `${codeOf(error) ?? "model_timeout"}: ${faultOf(error)}`, remedy },
    ];
  }
}

function platformsOf(config: Config): string[] {
  const names = (["slack", "discord", "http", "console"] as const).filter(
    (name) => config[name] !== undefined,
  );
  return [...names];
}
