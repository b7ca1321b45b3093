/** The same stories on every platform, with a scripted model and without any model. */
import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createOpenAIServer, type OpenAIServer } from "../doubles/openai-server.ts";
import { writeShop } from "../fixtures/workspace.ts";
import { createConsoleStage } from "./stages/console-stage.ts";
import { createDiscordStage } from "./stages/discord-stage.ts";
import { createHttpStage } from "./stages/http-stage.ts";
import { createSlackStage } from "./stages/slack-stage.ts";
import type { Platform, Stage, StageOptions } from "./stages/stage.ts";
import { knowledgeAndOrders } from "./stories/knowledge-and-orders.ts";
import { refundDialogue } from "./stories/refund-dialogue.ts";
import { safetyValve } from "./stories/safety-valve.ts";
import { statefulDesk } from "./stories/stateful-desk.ts";
import type { Chapter } from "./stories/story.ts";
import { createPrompter, tell } from "./stories/tell.ts";
import { closeTerminals, root, temporaryFolder } from "./terminal.ts";

const stages: Readonly<Record<Platform, (options: StageOptions) => Promise<Stage>>> = {
  console: createConsoleStage,
  http: createHttpStage,
  slack: createSlackStage,
  discord: createDiscordStage,
};
const platforms = Object.keys(stages) as Platform[];

function workspaceOf({ workspace }: Chapter, folder: string): string {
  if ("shop" in workspace) return writeShop(folder, workspace.shop);
  cpSync(join(root, "example"), folder, { recursive: true });
  const file = join(folder, "desk.yaml");
  writeFileSync(file, workspace.example(readFileSync(file, "utf8")));
  return folder;
}

describe.each([refundDialogue, knowledgeAndOrders, safetyValve, statefulDesk])("$name", (chapter) => {
  const folder = temporaryFolder();
  const workspace = join(folder.path, "desk");
  beforeAll(() => void workspaceOf(chapter, workspace));
  afterAll(folder.remove);

  describe.each(platforms)("on %s, with a model", (platform) => {
    const prompter = createPrompter();
    let model: OpenAIServer;
    let stage: Stage;
    beforeAll(async () => {
      model = await createOpenAIServer({ script: prompter.script });
      stage = await stages[platform]({ workspace, modelUrl: model.url });
    });
    afterAll(async () => {
      expect(await stage.close()).toEqual({ code: 0, complaints: [] });
      await model.close();
      closeTerminals();
    });

    it.each(chapter.stories)("$title", (story) => tell(story, stage, prompter));
  });

  describe.each(platforms)("on %s, without a model", (platform) => {
    let stage: Stage;
    beforeAll(async () => {
      stage = await stages[platform]({ workspace, modelUrl: undefined });
    });
    afterAll(async () => {
      expect(await stage.close()).toEqual({ code: 0, complaints: [] });
      closeTerminals();
    });

    it.each(chapter.offline ?? chapter.stories)("$title", (story) => tell(story, stage));
  });
});
