/** What this adapter needs to have kept for it; the core backs these with its ledger and its memory. */

/** The app in one workspace. */
export interface Installation {
  team: string;
  name: string;
  /** Secret: kept encrypted, never logged. */
  botToken: string;
  /** The bot's own user id. */
  botUser: string;
  /** Its id as an author, where no user is named. */
  botId?: string;
  scopes: string[];
  enterprise?: string;
}

/** Must not be lost: without it a workspace has to install the app again. */
export interface InstallationStore {
  save(installation: Installation): Promise<void>;
  find(team: string): Promise<Installation | undefined>;
  remove(team: string): Promise<void>;
}

/** A reply that is being streamed, and is not finished. */
export interface OpenStream {
  /** The draft's key. */
  key: string;
  team: string;
  channel: string;
  ts: string;
}

/**
 * Where the people of flat direct conversations wrote last: the message below which it was, undefined for none. May be
 * lost; then what the bot says next stands at the top.
 */
export interface SurfaceStore {
  save(team: string, channel: string, root: string | undefined): Promise<void>;
  find(team: string, channel: string): Promise<string | undefined>;
}

/**
 * Streams under way. What is still here at start was broken off by the end of the program, and is taken back; may be
 * lost, then a half answer stays visible.
 */
export interface StreamStore {
  add(stream: OpenStream): Promise<void>;
  remove(stream: OpenStream): Promise<void>;
  all(): Promise<OpenStream[]>;
}
