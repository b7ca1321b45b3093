/** A whole desk on a real ledger, in a room, with a scripted model: what journeys of the core are told with. */
import { type Clock, createClock } from "../../src/clock.ts";
import { type Config, readConfig } from "../../src/config.ts";
import { type Core, createCore } from "../../src/core.ts";
import type { Crew } from "../../src/crew.ts";
import type { Passage } from "../../src/knowledge-base.ts";
import { migrate } from "../../src/ledger/migrate.ts";
import { migrations } from "../../src/ledger/migrations.ts";
import type { Ledger } from "../../src/ledger.ts";
import { createLog, type Log } from "../../src/log.ts";
import type { Memory } from "../../src/memory.ts";
import type { Specialist } from "../../src/specialist.ts";
import type { Identity, Tool } from "../../src/tool.ts";
import { temporaryFolder } from "../journeys/terminal.ts";
import { everyPassage } from "./every-passage.ts";
import { openLedger } from "./ledgers.ts";
import { createRoom, type Room } from "./room.ts";
import { createScriptedModel, type ScriptedModel } from "./scripted-model.ts";
import { createShortMemory } from "./short-memory.ts";

export interface DeskInARoom {
  room: Room;
  model: ScriptedModel;
  offline: ScriptedModel;
  core: Core;
  ledger: Ledger;
  clock: Clock;
  data: string;
  /** Resolves when nothing is under way. */
  quiet(): Promise<void>;
  /** Leaves everything as it is, as if the process had died, and opens the same data again. */
  reopen(room?: Room): Promise<DeskInARoom>;
  close(): Promise<void>;
}

export interface DeskOptions {
  room?: Room;
  model?: ScriptedModel;
  tools?: Tool[];
  specialists?: Specialist[];
  passages?: Passage[];
  data?: string;
  settleMs?: number;
  log?: Log;
  clock?: Clock;
  identity?: Identity;
  snippets?: { name: string; text: string }[];
  /** Stands between the desk and its ledger, e.g. to let the process die at a commit. */
  between?(ledger: Ledger): Ledger;
  /** The other processes of the desk. */
  crew?: Crew;
  /** Shared with the other processes. */
  memory?: Memory;
  /** Changes of the configuration, e.g. the policy of tools. */
  configure?(config: Config): Config;
}

export const passage = (article: string, text: string): Passage => ({
  id: `${article}#1`,
  article,
  title: article,
  headings: [],
  text,
  audience: "public",
});

const only: Specialist = {
  name: "support",
  description: "Helps.",
  tools: [],
  passesTo: [],
  instructions: "Help the customer.",
};

/** Once it is left nothing is waited for any longer: a process that is played to be dead has things under way that never end. */
function clockUntilLeft(real: Clock): { clock: Clock; leave(): void } {
  let restMs = Number.POSITIVE_INFINITY;
  return {
    clock: { ...real, sleep: (ms, signal) => real.sleep(Math.min(ms, restMs), signal) },
    leave() {
      restMs = 100;
    },
  };
}

export function openDesk(options: DeskOptions = {}): Promise<DeskInARoom> {
  return openIn(options.data ? { path: options.data, remove: () => {} } : temporaryFolder(), options);
}

async function openIn(
  folder: ReturnType<typeof temporaryFolder>,
  options: DeskOptions,
): Promise<DeskInARoom> {
  const { clock, leave } = options.clock
    ? { clock: options.clock, leave() {} }
    : clockUntilLeft(createClock());
  const log = options.log ?? createLog("silent");
  const room = options.room ?? createRoom();
  const model = options.model ?? createScriptedModel("Hello, how can I help?");
  const offline = createScriptedModel("I answer without a language model.");
  const file = await openLedger(folder.path, { clock, log });
  await migrate(file, migrations, { clock, log });
  const ledger = options.between?.(file) ?? file;
  const { config } = readConfig({
    env: { SETTLE_MS: String(options.settleMs ?? 0), DESKHAND_DATA: folder.path },
    workspace: folder.path,
  });
  const configure = options.configure ?? ((same: Config) => same);
  const tools = options.tools ?? [];
  const core = createCore({
    config: configure({ ...config, desk: { ...config.desk, channel: room.deskChannel ?? "" } }),
    workspace: {
      specialists: options.specialists ?? [{ ...only, tools: tools.map((tool) => tool.name) }],
      entry: options.specialists?.[0]?.name ?? only.name,
      tools,
      snippets: options.snippets ?? [],
      identity: options.identity,
    },
    ledger,
    memory: options.memory ?? createShortMemory(),
    knowledge: everyPassage(options.passages ?? []),
    model,
    offlineModel: offline,
    platforms: new Map([[room.name, room]]),
    crew: options.crew,
    clock,
    log,
  });
  await core.start();
  return {
    room,
    model,
    offline,
    core,
    ledger,
    clock,
    data: folder.path,
    quiet: core.idle,
    reopen: (next = room) => openIn(folder, { ...options, model, room: next }),
    async close() {
      leave();
      await core.stop(0);
      await ledger.close();
      folder.remove();
    },
  };
}
