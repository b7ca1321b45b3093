/** Every story of a chapter on every platform, with a scripted model and without any model. */
import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createOpenAIServer, type OpenAIServer } from "../../doubles/openai-server.ts";
import { writeShop } from "../../fixtures/workspace.ts";
import { createConsoleStage } from "../stages/console-stage.ts";
import { createDiscordStage } from "../stages/discord-stage.ts";
import { createHttpStage } from "../stages/http-stage.ts";
import { createSlackStage } from "../stages/slack-stage.ts";
import type { Platform, Stage, StageOptions } from "../stages/stage.ts";
import { closeTerminals, root, temporaryFolder } from "../terminal.ts";
import type { Chapter } from "./story.ts";
import { createPrompter, tell } from "./tell.ts";

const stages: Readonly<Record<Platform, (options: StageOptions) => Promise<Stage>>> = {
  console: createConsoleStage,
  http: createHttpStage,
  slack: createSlackStage,
  discord: createDiscordStage,
};
const platforms = Object.keys(stages) as Platform[];
/** A story takes a second or two where the machine has nothing else to do. */
const patienceMs = 90_000;

export function perform(chapter: Chapter): void {
  const folder = temporaryFolder();
  const workspace = join(folder.path, "desk");
  beforeAll(() => writeWorkspace(chapter, workspace));
  afterAll(folder.remove);
  // One desk of a kind plays all of a chapter's stories: what a failed attempt has left behind would be in the way of another.
  const once = { retry: 0 };

  describe.each(platforms)(`${chapter.name} on %s, with a model`, once, (platform) => {
    const prompter = createPrompter();
    let model: OpenAIServer;
    let stage: Stage;
    beforeAll(async () => {
      model = await createOpenAIServer({ script: prompter.script });
      stage = await stages[platform]({ workspace, modelUrl: model.url });
    });
    afterAll(async () => {
      await end(stage);
      await model.close();
    });

    it.each(chapter.stories)("$title", (story) => tell(story, stage, prompter), patienceMs);
  });

  describe.each(platforms)(`${chapter.name} on %s, without a model`, once, (platform) => {
    let stage: Stage;
    beforeAll(async () => {
      stage = await stages[platform]({ workspace, modelUrl: undefined });
    });
    afterAll(() => end(stage));

    it.each(chapter.offline ?? chapter.stories)("$title", (story) => tell(story, stage), patienceMs);
  });
}

async function end(stage: Stage): Promise<void> {
  try {
    expect(await stage.close()).toEqual({ code: 0, complaints: [] });
  } finally {
    closeTerminals();
  }
}

function writeWorkspace({ workspace }: Chapter, folder: string): void {
  if ("shop" in workspace) {
    writeShop(folder, workspace.shop);
    return;
  }
  cpSync(join(root, "example"), folder, { recursive: true });
  const file = join(folder, "desk.yaml");
  writeFileSync(file, workspace.example(readFileSync(file, "utf8")));
}
