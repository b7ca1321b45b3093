/** What the adapter is given. Secrets are plain strings here. */
import type { Clock } from "../../src/clock.ts";
import type { Log } from "../../src/log.ts";
import type { Waits } from "../../src/waits.ts";
import type { Prompt } from "./greeting.ts";
import type { OAuthConfig } from "./installing.ts";
import type { InstallationStore, StreamStore, SurfaceStore } from "./stores.ts";

export interface SlackConfig {
  /** Of the workspace where the app is installed by hand; with `oauth` there can be others, or only others. */
  botToken?: string;
  /** Socket Mode, when it is given. */
  appToken?: string;
  /** HTTP, when there is no app token. */
  signingSecret?: string;
  host: string;
  /** 0 takes a free one. */
  port: number;
  /** Ends in `/api/`; Slack's own when it is not given. */
  apiUrl?: string;
  /** Ids as Slack has them (`C…`), or with their workspace (`slack:T…:C…`). */
  supportChannels: readonly string[];
  deskChannel?: string;
  suggestedPrompts: readonly (string | Prompt)[];
  /** What a new thread in the assistant pane begins with. */
  greeting?: string;
  /** Shown in turn while the bot works. */
  loadingMessages?: readonly string[];
  oauth?: OAuthConfig;
}

export interface SlackParts {
  config: SlackConfig;
  log: Log;
  clock: Clock;
  installations?: InstallationStore;
  streams?: StreamStore;
  surfaces?: SurfaceStore;
  /** Where Slack has asked to wait; of this process alone unless given. */
  waits?: Waits;
  /** Told of the HTTP port. */
  onListening?: (port: number) => void;
}
