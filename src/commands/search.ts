/** `deskhand search`: which passages a question finds, with their scores and why. */
import { createClock } from "../clock.ts";
import { ConfigError } from "../config/config-error.ts";
import { readConfig } from "../config.ts";
import { askRunningDesk } from "../control.ts";
import { createMarkdownKnowledgeBase } from "../knowledge/markdown-knowledge-base.ts";
import type { Retrieval } from "../knowledge-base.ts";
import { createLog } from "../log.ts";
import { type Command, folders, foldersHelp, print, text } from "./command.ts";
import { problemLines } from "./report.ts";

export const search: Command = {
  name: "search",
  about: "show which passages a question finds, and why",
  help: `deskhand search "QUESTION" [options]

Shows the passages that a question finds, with their scores, the words that found them, and how much of the question
they cover. A running desk is asked (with embeddings, where it has them); without one the articles are read from the
workspace and ranked by their words.

${foldersHelp}
  --limit N         how many passages (default 5)
  --json            the same as JSON`,
  takesWords: true,
  options: { ...folders, limit: { type: "string" }, json: { type: "boolean" } },
  async run(given) {
    const question = given.positionals.join(" ").trim();
    const limit = Number(text(given, "limit") ?? 5);
    if (question === "" || !Number.isInteger(limit) || limit < 1) {
      process.stderr.write(`${search.help}\n`);
      return 2;
    }
    const sources = { workspace: text(given, "workspace"), data: text(given, "data") };
    const { config, problems, workspaceFound } = readConfig(sources);
    if (!workspaceFound) throw new ConfigError(problems);
    const asked = await askRunningDesk(config.folders.data, "search", { question, limit });
    // What is wrong in desk.yaml may be where the articles are.
    const doubtful = asked ? [] : problems.filter(({ where }) => where.includes("desk.yaml"));
    for (const line of problemLines(doubtful)) process.stderr.write(`${line}\n`);
    const retrieval = asked ? (asked.result as Retrieval) : await searchFiles(config, question, limit);
    if (given.values.json === true) print(JSON.stringify(retrieval, undefined, 2));
    else show(retrieval);
    return 0;
  },
};

async function searchFiles(
  config: ReturnType<typeof readConfig>["config"],
  question: string,
  limit: number,
): Promise<Retrieval> {
  const knowledge = createMarkdownKnowledgeBase({
    folder: config.folders.knowledge,
    passageTokens: [config.knowledge.passageTokensMin, config.knowledge.passageTokensMax],
    log: createLog("warn"),
    clock: createClock(),
  });
  const report = await knowledge.refresh();
  for (const problem of report.problems) process.stderr.write(`✗ ${problem.file}: ${problem.fault}\n`);
  const retrieval = await knowledge.search(question, { limit, audience: "verified" });
  await knowledge.close();
  return retrieval;
}

function show({ found, coverage }: Retrieval): void {
  print(`coverage ${coverage.toFixed(2)}: ${coverageSays(coverage)}`);
  if (found.length === 0) print("No passage speaks of this.");
  found.forEach(({ passage, score, why }, at) => {
    const place = [passage.title, ...passage.headings].join(" › ");
    const semantic = why.semantic === undefined ? "" : ` · semantic ${why.semantic.toFixed(3)}`;
    print(
      `\n[${at + 1}] ${place} — ${passage.article}${passage.audience === "verified" ? " (verified customers only)" : ""}`,
    );
    print(
      `    score ${score.toFixed(3)} · lexical ${why.lexical.toFixed(3)}${semantic} · found by: ${why.terms.join(", ") || "-"}`,
    );
    print(`    ${passage.text.replace(/\s+/g, " ").slice(0, 240)}`);
  });
}

function coverageSays(coverage: number): string {
  if (coverage < 0.2) return "the bot will not answer from these";
  if (coverage < 0.5) return "the model decides whether these answer it";
  return "the articles speak of this";
}
