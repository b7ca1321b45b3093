/** What people write, as every adapter hands it to the core: no platform's word appears here. */
import type { ChannelId, MessageId, ThreadId, UserId } from "./thread.ts";

/** Who wrote, clicked or reacted. Names are claims: shown, escaped, never trusted. */
export interface Person {
  id: UserId;
  /** Workspace, guild or other boundary; nothing of one tenant reaches another. */
  tenant: string;
  name: string;
  /** True for people from outside the company's own workspace (guests, shared channels). */
  external?: boolean;
  /** The address the platform's own directory has for this account; used only where desk.yaml says so. */
  directoryEmail?: string;
  /** The customer this account is, where the adapter itself has proof of it: a signed token, the console's --as. */
  customer?: string;
  /** BCP 47, e.g. `de-DE`. */
  locale?: string;
}

export interface FileRef {
  /** Unique on its platform; `Platform.download` takes it. */
  id: string;
  name: string;
  mediaType: string;
  bytes: number;
  /** Opaque to the core: what the adapter needs to fetch it. */
  source?: string;
  /** True for a recorded voice message. */
  voice?: boolean;
  /** Set by the core: the SHA-256 of the content, under which its copy lies in the data folder. */
  copy?: string;
  /** Set by the core: why there is no copy. */
  fault?: string;
  /** Set by the core: what is said in a recording. */
  words?: string;
}

export interface Message {
  id: MessageId;
  thread: ThreadId;
  channel: ChannelId;
  author: Person;
  /** CommonMark; the platform's own markup is translated, mentions are plain text. May be empty when there are files. */
  text: string;
  /** Milliseconds since 1970 by the platform's clock. */
  sentAt: number;
  /** The platform's own ordering of messages in a thread; compares as a string. */
  order: string;
  /** `shared`: others can read the thread. */
  visibility: "private" | "shared";
  /** True when the bot itself was spoken to: a DM, a mention, a support channel. */
  addressed: boolean;
  files: FileRef[];
  replyTo?: MessageId;
}

interface Event {
  /** Every key under which this same event may come again; the first is the main one. */
  keys: [string, ...string[]];
}

/** Everything that comes in. `receive` resolves when it is safe to acknowledge it to the platform. */
export type Incoming =
  | (Event & { kind: "message"; message: Message })
  | (Event & { kind: "edit"; message: Message })
  | (Event & { kind: "deletion"; message: MessageId; thread: ThreadId; channel: ChannelId; by?: Person })
  | (Event &
      Interaction & { kind: "action"; name: string; value: string; message?: MessageId; reason?: string })
  | (Event & Interaction & { kind: "command"; name: string; text: string; about?: Message })
  | (Event & Interaction & { kind: "home" })
  | (Event & {
      kind: "reaction";
      message: MessageId;
      thread: ThreadId;
      channel: ChannelId;
      by: Person;
      emoji: string;
      added: boolean;
    })
  | (Event & { kind: "trouble"; code: string; text: string; channel?: ChannelId; thread?: ThreadId });

/** Something a person pressed or called: a button, a slash command, a page. */
export interface Interaction {
  /** What `Platform.answer` takes to reply to just this person. */
  interaction: string;
  by: Person;
  channel: ChannelId;
  thread?: ThreadId;
}
