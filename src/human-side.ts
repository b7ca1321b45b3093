/** The human side, put together: who is staff, their desk, commands, and the private ways to customers. */
import { promisesIn } from "./agent/promises.ts";
import type { Clock } from "./clock.ts";
import { absenceAt } from "./config/office-hours.ts";
import type { Config } from "./config.ts";
import { createDesk } from "./desk/desk.ts";
import { createDetour, type DetourParts } from "./desk/detour.ts";
import { awayNotice } from "./desk/notices.ts";
import { createPrivately } from "./desk/privately.ts";
import { createService, type ServiceParts } from "./desk/service.ts";
import { createStaff } from "./desk/staff.ts";
import type { OutboxRow } from "./ledger/outbox.ts";
import type { Ledger } from "./ledger.ts";
import type { Log } from "./log.ts";
import type { Platform } from "./platform.ts";
import { route } from "./routing/route.ts";
import type { ChannelId, ThreadId } from "./thread.ts";

export interface HumanSideParts extends Pick<DetourParts, "moveQuestion">, Pick<ServiceParts, "pause"> {
  config: Pick<Config, "desk" | "queues" | "officeHours">;
  snippets: readonly { name: string; text: string }[];
  ledger: Ledger;
  platforms: ReadonlyMap<string, Platform>;
  /** The human channel; undefined: there is none. */
  channel(): ChannelId | undefined;
  /** Where copies of files lie. */
  filesFolder: string;
  /** Stops what the bot is doing in a thread that a person has. */
  interrupt(thread: ThreadId): void;
  /** Something waits in a thread. */
  wake(thread: ThreadId): void;
  /** Takes committed rows to their platforms. */
  push(rows: readonly OutboxRow[]): void;
  clock: Clock;
  log: Log;
}

export type HumanSide = ReturnType<typeof createHumanSide>;

export function createHumanSide(parts: HumanSideParts) {
  const { config, ledger, platforms, channel, filesFolder, push, clock, log } = parts;
  const { queues } = config;
  const staff = createStaff({ platforms, channel, staff: config.desk.staff, log });

  /** What customers are told when nobody is at the desk now; empty when somebody is. */
  function away(): string {
    const { officeHours } = config;
    const absence = officeHours && absenceAt(officeHours, clock.now());
    return absence ? awayNotice(officeHours.outside, absence.opening) : "";
  }

  const desk = createDesk({
    ledger,
    platforms,
    channel,
    staff,
    queues,
    notePrefix: config.desk.notePrefix,
    relay: config.desk.relay,
    filesFolder,
    away,
    route,
    promisesIn,
    interrupt: parts.interrupt,
    push,
    clock,
    log,
  });
  const privately = createPrivately({ platforms, channel, clock, log });
  const detour = createDetour({
    ledger,
    channel,
    privately,
    filesFolder,
    moveQuestion: parts.moveQuestion,
    clock,
    log,
  });
  const service = createService({
    ledger,
    platforms,
    channel,
    queues,
    snippets: parts.snippets,
    desk,
    staff,
    privately,
    away,
    wake: parts.wake,
    pause: parts.pause,
    push,
    clock,
    log,
  });
  return { staff, away, desk, privately, detour, service };
}
