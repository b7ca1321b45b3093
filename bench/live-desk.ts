/** A whole desk in this process, durable, before one platform; its limits are out of the way. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "@photostructure/sqlite";
import { z } from "zod";
import { type Clock, createClock } from "../src/clock.ts";
import { readConfig } from "../src/config.ts";
import { createCore } from "../src/core.ts";
import { createMarkdownKnowledgeBase } from "../src/knowledge/markdown-knowledge-base.ts";
import { createOfflineModel } from "../src/language-model/offline-model.ts";
import { createOpenAIModel } from "../src/language-model/openai-model.ts";
import { migrate } from "../src/ledger/migrate.ts";
import { migrations } from "../src/ledger/migrations.ts";
import { createSqliteLedger } from "../src/ledger/sqlite-ledger.ts";
import type { Ledger } from "../src/ledger.ts";
import { createLog, type Log } from "../src/log.ts";
import { createMemory } from "../src/memory/memory.ts";
import type { Platform } from "../src/platform.ts";
import { defineTool } from "../src/tool.ts";

const noLimit = 1_000_000_000;

/**
 * Resolves when it is connected. Its data goes when the process ends.
 * @param desk.fill writes into the ledger's file before the desk begins
 */
export async function openLiveDesk(desk: {
  modelPort: string;
  deskChannel?: string;
  fill?(file: string): void;
  open(parts: { clock: Clock; log: Log; ledger: Ledger }): Platform;
}): Promise<{ close(): Promise<void> }> {
  const folder = temporaryFolder();
  const clock = createClock();
  const log = createLog("error");
  const file = join(folder, "ledger.sqlite");
  const ledger = await createSqliteLedger({ path: file, clock, log });
  await migrate(ledger, migrations, { clock, log });
  desk.fill?.(file);
  const knowledge = createMarkdownKnowledgeBase({
    folder: "example/knowledge",
    passageTokens: [200, 500],
    log,
    clock,
  });
  await knowledge.refresh();
  const channel = desk.deskChannel === undefined ? {} : { DESK_CHANNEL: desk.deskChannel };
  const { config } = readConfig({ env: { SETTLE_MS: "0", ...channel }, workspace: "example" });
  const platform = desk.open({ clock, log, ledger });
  const core = createCore({
    config: {
      ...config,
      limits: {
        ...config.limits,
        turnsPerSessionMax: noLimit,
        toolCallsPerMinuteMax: noLimit,
        messagesPerMinuteMax: noLimit,
        tokensPerDayMax: noLimit,
        tokensPerCustomerPerDayMax: noLimit,
      },
    },
    workspace: {
      specialists: [
        {
          name: "support",
          description: "Helps.",
          tools: ["lookup_order"],
          passesTo: [],
          instructions: "Help the customer with orders.",
        },
      ],
      entry: "support",
      tools: [lookup],
      snippets: [],
      identity: undefined,
    },
    ledger,
    memory: await createMemory({ path: join(folder, "memory.sqlite"), clock, log }),
    knowledge,
    model: createOpenAIModel({
      baseURL: `http://127.0.0.1:${desk.modelPort}/v1`,
      model: "bench",
      temperature: 0.3,
      clock,
      log,
    }),
    offlineModel: createOfflineModel(),
    platforms: new Map([[platform.name, platform]]),
    clock,
    log,
  });
  await core.start();
  return {
    async close() {
      await core.stop();
      await knowledge.close();
      await ledger.close();
    },
  };
}

const lookup = defineTool({
  name: "lookup_order",
  description: "The status of an order.",
  effect: "read",
  account: false,
  input: z.object({ order_id: z.string() }),
  run: ({ order_id }) => ({
    order_id,
    status: "shipped",
    items: [{ product: "Desk Lamp", quantity: 1, price: "34.00" }],
  }),
});

/** The bare loop's database: each commit is on the disk before the call returns. */
export function openBareDatabase(): { commit(text: string): void } {
  const database = new DatabaseSync(join(temporaryFolder(), "bare.sqlite"));
  database.exec(
    "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE log (id INTEGER PRIMARY KEY, text TEXT)",
  );
  const insert = database.prepare("INSERT INTO log (text) VALUES (?)");
  process.once("exit", () => database.close());
  return { commit: (text) => void insert.run(text) };
}

function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "bench-"));
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
