/** What the adapter is given. The token is a plain string here. */
import type { Clock } from "../../src/clock.ts";
import type { Log } from "../../src/log.ts";
import type { Waits } from "../../src/waits.ts";
import type { Watermarks } from "./watermarks.ts";

export interface DiscordConfig {
  token: string;
  /** Ends in `/api`, or in `/api/v10`; Discord's own unless told. */
  apiUrl?: string;
  /** Over all routes; Discord's 50 unless it has raised them for this bot. */
  callsPerSecond?: number;
  /** Ids; none: every server the bot is in. */
  guilds: readonly string[];
  /** Ids of text channels and forums. */
  supportChannels: readonly string[];
  /** `discord:ID` or the bare id; another platform's channel is none here. */
  deskChannel?: string;
}

export interface DiscordParts {
  config: DiscordConfig;
  log: Log;
  clock: Clock;
  /** What must outlive the process. */
  marks: Watermarks;
  /** Where Discord has asked to wait; of this process alone unless given. */
  waits?: Waits;
}
