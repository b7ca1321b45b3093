/** A whole desk for a measurement: the real road on a real ledger, in a room, with a model that plays its part. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createClock } from "../src/clock.ts";
import { type Config, readConfig, type ToolPolicy } from "../src/config.ts";
import { createCore } from "../src/core.ts";
import type { Passage } from "../src/knowledge-base.ts";
import type { LanguageModel, TranscriptItem } from "../src/language-model.ts";
import { auditOf, type Deed } from "../src/ledger/audit.ts";
import type { Intent, IntentState } from "../src/ledger/intents.ts";
import { migrate } from "../src/ledger/migrate.ts";
import { migrations } from "../src/ledger/migrations.ts";
import { createSqliteLedger } from "../src/ledger/sqlite-ledger.ts";
import { createLog, type Log } from "../src/log.ts";
import type { Platform, Post } from "../src/platform.ts";
import type { Specialist } from "../src/specialist.ts";
import type { Tool } from "../src/tool.ts";
import { everyPassage } from "../test/doubles/every-passage.ts";
import { createRoom, type Room, type Shown, threadOf } from "../test/doubles/room.ts";
import { createShortMemory } from "../test/doubles/short-memory.ts";

export interface DeskOptions {
  tools: Tool[];
  model: LanguageModel;
  specialists?: Specialist[];
  passages?: Passage[];
  policies?: Record<string, ToolPolicy>;
  /** Hosts that may be clickable in replies. */
  links?: string[];
  /** Replies are shown while they are written. */
  drafts?: boolean;
  /** Silent unless given. */
  log?: Log;
}

/** What a turn has done: the calls of the model with what it was told. */
export interface TurnDone {
  turn: string;
  outcome: string;
  calls: { id: string; name: string; arguments: string; failed: boolean; result: unknown }[];
}

export interface MeasuredDesk {
  room: Room;
  /** What replies looked like while they were written, in order. */
  glimpses: { place: string; text: string }[];
  /** Says it in the customer's thread, and waits until everything has come of it. */
  says(account: string, text: string, customer?: string): Promise<void>;
  /** Presses a button below the store's question, as often as the platform delivers it. */
  presses(customer: string, button: "confirm" | "cancel", intent: string, deliveries?: number): Promise<void>;
  /** The store's question, when it is the last thing the customer was told. */
  question(customer: string): NonNullable<Post["confirmation"]> | undefined;
  /** Everything that can be seen outside of a customer's own thread. */
  elsewhere(customer: string): Shown[];
  turns(customer: string): Promise<TurnDone[]>;
  audit(customer: string): Promise<Deed[]>;
  intents(customer: string): Promise<Pick<Intent, "id" | "turn" | "tool" | "state">[]>;
  /** Every byte that is kept of it, as Latin letters. */
  stored(): string;
  close(): Promise<void>;
}

/** No limit of a desk's daily life is measured here. */
const unlimited = 1_000_000;

/** Customers of a room are verified: unless said otherwise, their name is their customer id. */
export async function openDesk(options: DeskOptions): Promise<MeasuredDesk> {
  const folder = mkdtempSync(join(tmpdir(), "bench-"));
  const clock = createClock();
  const log = options.log ?? createLog("silent");
  const room = createRoom({ drafts: options.drafts ?? false });
  const glimpses: MeasuredDesk["glimpses"] = [];
  const ledger = await createSqliteLedger({ path: join(folder, "ledger.sqlite"), clock, log });
  await migrate(ledger, migrations, { clock, log });
  const specialists = options.specialists ?? [alone(options.tools)];
  const core = createCore({
    config: configOf(folder, room, options),
    workspace: {
      specialists,
      entry: specialists[0]?.name ?? "",
      tools: options.tools,
      snippets: [],
      identity: undefined,
    },
    ledger,
    memory: createShortMemory(),
    knowledge: everyPassage(options.passages ?? []),
    model: options.model,
    offlineModel: options.model,
    platforms: new Map([[room.name, watched(room, glimpses)]]),
    clock,
    log,
  });
  await core.start();
  let presses = 0;

  return {
    room,
    glimpses,
    async says(account, text, customer = account) {
      await room.says(account, text, { customer });
      await core.idle();
    },
    async presses(customer, button, intent, deliveries = 1) {
      const thread = threadOf(customer);
      const key = `press ${++presses}`;
      for (let delivery = 0; delivery < deliveries; delivery++) {
        await room.receives({
          kind: "action",
          keys: [key],
          name: `intent.${button}`,
          value: intent,
          interaction: key,
          by: { id: thread, tenant: "t", name: customer, customer },
          channel: thread,
          thread,
        });
      }
      await core.idle();
    },
    question: (customer) => room.shown.findLast((one) => one.place === threadOf(customer))?.post.confirmation,
    elsewhere: (customer) => room.shown.filter((one) => one.place !== threadOf(customer)),
    async turns(customer) {
      const rows = await ledger.read((tx) =>
        tx.all<{ turn: string; outcome: string; entries: string }>(
          "SELECT turn, outcome, entries FROM journal WHERE thread = ? ORDER BY seq",
          threadOf(customer),
        ),
      );
      return rows.map(({ turn, outcome, entries }) => ({
        turn,
        outcome,
        calls: callsIn(JSON.parse(entries) as TranscriptItem[]),
      }));
    },
    audit: (customer) => ledger.read((tx) => auditOf(tx, threadOf(customer))),
    async intents(customer) {
      const rows = await ledger.read((tx) =>
        tx.all<{ id: string; turn: string; tool: string; state: IntentState }>(
          "SELECT id, turn, tool, state FROM intents WHERE thread = ? ORDER BY id",
          threadOf(customer),
        ),
      );
      return rows;
    },
    stored: () =>
      readdirSync(folder, { recursive: true, withFileTypes: true })
        .filter((file) => file.isFile())
        .map((file) => readFileSync(join(file.parentPath, file.name), "latin1"))
        .join("\n"),
    async close() {
      await core.stop(0);
      await ledger.close();
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

/** Remembers every state of a reply that grows. */
function watched(room: Room, glimpses: MeasuredDesk["glimpses"]): Platform {
  const { draft } = room;
  if (!draft) return room;
  return {
    ...room,
    draft(target, key, replyTo) {
      const growing = draft(target, key, replyTo);
      const place = "thread" in target ? target.thread : target.channel;
      let text = "";
      return (
        growing && {
          ...growing,
          append(delta) {
            text += delta;
            glimpses.push({ place, text });
            growing.append(delta);
          },
          get shown() {
            return growing.shown;
          },
        }
      );
    },
  };
}

function callsIn(entries: readonly TranscriptItem[]): TurnDone["calls"] {
  const written = new Map(
    entries.flatMap((item) =>
      item.role === "calls" ? item.calls.map((call) => [call.id, call.arguments] as const) : [],
    ),
  );
  return entries.flatMap((item) =>
    item.role === "result"
      ? [
          {
            id: item.id,
            name: item.name,
            arguments: written.get(item.id) ?? "",
            failed: item.failed,
            result: item.result,
          },
        ]
      : [],
  );
}

function configOf(folder: string, room: Room, options: DeskOptions): Config {
  const { config } = readConfig({ env: { SETTLE_MS: "0" }, workspace: folder, data: folder });
  return {
    ...config,
    limits: {
      ...config.limits,
      stepsMax: unlimited,
      turnsPerSessionMax: unlimited,
      toolCallsPerMinuteMax: unlimited,
      messagesPerMinuteMax: unlimited,
    },
    tools: options.policies ?? {},
    links: { allow: options.links ?? [] },
    desk: { ...config.desk, channel: room.deskChannel ?? "" },
  };
}

function alone(tools: readonly Tool[]): Specialist {
  return {
    name: "support",
    description: "Helps with everything.",
    tools: tools.map((tool) => tool.name),
    passesTo: [],
    instructions: "Help the customer.",
  };
}
